"""The statements, as text of one dialect. Their parameters are named like columns, with an underscore behind.

Each is a look-up by an index or a change of a few rows; which ones hold locks until the end of the transaction, and in which order
they are taken, is said in store.py.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Dialect,
    Integer,
    ScalarSelect,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.sql.base import Executable

from mockserver.store import Order
from mockserver.store.sql.tables import (
    CONTENT,
    EVERYBODY,
    conversations,
    deliveries,
    messages,
    namespaces,
    organisations,
    tallies,
    users,
    webhooks,
)

Sql = str

# Literal SQL, since values would become parameters.
_ZERO, _ONE, _BEFORE_FIRST = literal_column("0", Integer), literal_column("1", Integer), literal_column("-1", Integer)
_NOTHING = literal_column("NULL", BigInteger)
_EMPTY = literal_column("''", Text)
_EVERYBODY = literal_column(f"'{EVERYBODY}'", tallies.c.requester.type)

_USER = (users.c.id, users.c.organisation, users.c.email, users.c.first_name, users.c.last_name, users.c.anonymous)
_CONVERSATION = (
    *(conversations.c.id, conversations.c.organisation, conversations.c.number, conversations.c.subject, conversations.c.status),
    *(conversations.c.priority, conversations.c.channel, conversations.c.metadata),
    *(conversations.c.created_at, conversations.c.updated_at),
    *(users.c.id, users.c.organisation, users.c.email, users.c.first_name, users.c.last_name, users.c.anonymous),
)
_MESSAGE = (
    *(messages.c.id, messages.c.sender_email, messages.c.body, messages.c.message_type, messages.c.created_at),
    messages.c.added,
)
_CHANGING = ("number", "subject", "status", "priority", "channel", "metadata", "created_at", "updated_at")


def _given(column: Column[Any]) -> BindParameter[Any]:
    return bindparam(f"{column.name}_", type_=column.type)


def _is(*columns: Column[Any]) -> ColumnElement[bool]:
    return and_(*(column == _given(column) for column in columns))


def _number(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


class Statements:
    """Every statement of the stores, in a dialect. `insert` is the dialect's, which knows ON CONFLICT."""

    def __init__(self, dialect: Dialect, insert: Any) -> None:
        self._dialect = dialect
        self._insert = insert
        self._of_namespaces()
        self._of_users()
        self._of_conversations()
        self._of_lists()
        self._of_messages()
        self._of_states()
        self._of_webhooks()

    def _sql(self, statement: Executable) -> Sql:
        compiled = statement.compile(dialect=self._dialect)  # type: ignore[attr-defined]
        assert all(name.endswith("_") for name in compiled.params), compiled.params
        return str(compiled)

    def _adding(self, table: Table, **other: Any) -> Any:
        """Return an INSERT of a row, with a parameter for every column except those in `other`."""
        values: Mapping[str, Any] = {column.name: _given(column) for column in table.c} | other
        return self._insert(table).values(values).inline()

    def _of_namespaces(self) -> None:
        columns = (namespaces.c.name, namespaces.c.settings)
        adding = self._insert(namespaces).values(
            {name: _given(namespaces.c[name]) for name in ("name", "snapshot_of", "snapshot", "settings", "created_at")}
        )
        self.add_namespace = self._sql(adding.on_conflict_do_nothing().returning(namespaces.c.id))
        self.namespace = self._sql(select(*columns).where(_is(namespaces.c.name)))
        self.namespaces = self._sql(select(*columns).where(namespaces.c.name.is_not(None)))
        self.namespace_id = self._sql(select(namespaces.c.id).where(_is(namespaces.c.name)))
        self.namespace_is_there = self._sql(select(_ONE).where(_is(namespaces.c.id)))
        steering = (namespaces.c.steering, namespaces.c.steered)
        self.steered = self._sql(select(*steering).where(_is(namespaces.c.name)))
        named = select(namespaces.c.name, namespaces.c.steered).where(namespaces.c.name.is_not(None))
        self.steered_versions = self._sql(named.where(namespaces.c.steered > _ZERO))
        steered = {"steering": _given(namespaces.c.steering), "steered": namespaces.c.steered + _ONE}
        self.steer = self._sql(update(namespaces).where(_is(namespaces.c.id)).values(steered))
        self.drop_namespace = self._sql(delete(namespaces).where(_is(namespaces.c.id)))
        self.snapshots = self._sql(select(namespaces.c.snapshot).where(_is(namespaces.c.snapshot_of)))
        self.snapshot_id = self._sql(select(namespaces.c.id).where(_is(namespaces.c.snapshot_of, namespaces.c.snapshot)))
        self.snapshot_ids = self._sql(select(namespaces.c.id).where(_is(namespaces.c.snapshot_of)))

    def _of_users(self) -> None:
        key = (users.c.namespace, users.c.organisation, users.c.key)
        self.user_by_key = self._sql(select(*_USER).where(_is(*key)))
        filed = _is(users.c.namespace, users.c.organisation) & users.c.key.is_not(None)
        self.users = self._sql(select(users.c.key, *_USER).where(filed))
        self.add_user = self._sql(self._adding(users).on_conflict_do_nothing(index_elements=[*key]))

    def _of_conversations(self) -> None:
        table = conversations.c
        joined = _whole().where(_is(table.namespace, table.id))
        self.conversation = self._sql(joined)
        self.held_conversation = self._sql(joined.with_for_update(of=conversations))
        self.hold_conversation = self._sql(select(table.status).where(_is(table.namespace, table.id)).with_for_update())
        self.add_conversation = self._sql(self._adding(conversations, position=_next(table.namespace, table.organisation)))
        changes = {name: _given(conversations.c[name]) for name in _CHANGING}
        self.replace_conversation = self._sql(update(conversations).where(_is(table.namespace, table.id)).values(changes))
        self._of_numbers()
        self.tally_of_new = self._tally(1)
        self.tally_of_moved = self._tally(2)

    def _of_numbers(self) -> None:
        first: BindParameter[int] = _number("first_")
        adding = self._insert(organisations).values(
            namespace=_given(organisations.c.namespace), organisation=_given(organisations.c.organisation)
        )
        taking = adding.values(next_number=first + _ONE).on_conflict_do_update(
            index_elements=["namespace", "organisation"],
            set_={"next_number": func.coalesce(organisations.c.next_number, first) + _ONE},
        )
        self.next_number = self._sql(taking.returning(organisations.c.next_number - _ONE))
        holding = adding.values(next_number=_NOTHING).on_conflict_do_update(
            index_elements=["namespace", "organisation"], set_={"organisation": organisations.c.organisation}
        )
        self.hold_organisation = self._sql(holding)

    def _tally(self, statuses: int) -> Sql:
        """Return a statement that adds to the tallies of some statuses, for everybody and for one requester."""
        rows = [
            {
                "namespace": _given(tallies.c.namespace),
                "organisation": _given(tallies.c.organisation),
                "requester": _EVERYBODY if everybody else _given(tallies.c.requester),
                "status": bindparam(f"status_{index}_", type_=tallies.c.status.type),
                "conversations": _number(f"change_{index}_"),
            }
            for everybody, index in product((True, False), range(statuses))
        ]
        adding = self._insert(tallies).values(rows)
        return self._sql(
            adding.on_conflict_do_update(
                index_elements=["namespace", "organisation", "requester", "status"],
                set_={"conversations": tallies.c.conversations + adding.excluded.conversations},
            )
        )

    def _of_lists(self) -> None:
        filters = [*product((False, True), (False, True))]
        self.counts = {(by_requester, by_status): self._sql(_count(by_requester, by_status)) for by_requester, by_status in filters}
        self.pages = {
            (order, by_requester, by_status): self._sql(_page(order, by_requester, by_status))
            for order in Order
            for by_requester, by_status in filters
        }
        self.far_pages = {
            (order, by_requester, by_status): self._sql(_far_page(order, by_requester, by_status))
            for order in Order
            for by_requester, by_status in filters
        }

    def _of_messages(self) -> None:
        table = messages.c
        position = _next(table.namespace, table.conversation)
        self.add_message = self._sql(self._adding(messages, position=position))
        its = _is(table.namespace, table.conversation)
        self.message_count = self._sql(select(func.coalesce(func.max(table.position), _BEFORE_FIRST) + _ONE).where(its))
        page = select(*_MESSAGE).where(its, table.position >= _number("offset_")).order_by(table.position)
        self.message_page = self._sql(page.limit(_number("limit_")).offset(_ZERO))

    def _of_states(self) -> None:
        source, target = (bindparam(name, type_=Integer) for name in ("source_", "target_"))
        self.copies = [
            self._sql(
                self._insert(table).from_select(
                    [column.name for column in table.c],
                    select(*(target if column.name == "namespace" else column for column in table.c)).where(
                        table.c.namespace == source
                    ),
                )
            )
            for table in CONTENT
        ]
        # Read to be the initial state of other namespaces. Limited, as a large one is not kept.
        self.contents = [
            self._sql(select(table).where(_is(table.c.namespace)).limit(_number("limit_")).offset(_ZERO)) for table in CONTENT
        ]
        self.adding = [self._sql(self._adding(table)) for table in CONTENT]
        self.clearing = [self._sql(delete(table).where(_is(table.c.namespace))) for table in reversed(CONTENT)]

    def _of_webhooks(self) -> None:
        table, its = webhooks.c, _is(webhooks.c.namespace)
        columns = (table.id, table.settings, table.created_at)
        keeping = self._adding(webhooks)
        self.keep_webhook = self._sql(
            keeping.on_conflict_do_update(index_elements=["namespace", "id"], set_={"settings": keeping.excluded.settings})
        )
        self.webhooks = self._sql(select(*columns).where(its))
        self.webhook = self._sql(select(*columns).where(_is(table.namespace, table.id)))
        self.drop_webhook = self._sql(delete(webhooks).where(_is(table.namespace, table.id)))
        self.clear_webhooks = self._sql(delete(webhooks).where(its))
        self._of_deliveries()

    def _of_deliveries(self) -> None:
        table, its = deliveries.c, _is(deliveries.c.namespace)
        columns, one = (table.id, table.subscription, table.next_at, table.content), _is(table.namespace, table.id)
        added = {name: _given(table[name]) for name in ("namespace", "subscription", "next_at", "content")}
        self.add_delivery = self._sql(self._insert(deliveries).values(added).returning(table.id))
        self.delivery = self._sql(select(*columns).where(one))
        changes = {name: _given(table[name]) for name in ("next_at", "content")}
        self.record_delivery = self._sql(update(deliveries).where(one).values(changes))
        due = select(*columns).where(its, table.next_at <= _number("now_")).order_by(table.next_at, table.id)
        self.due_deliveries = self._sql(due.limit(_number("limit_")).offset(_ZERO))
        self.next_delivery_at = self._sql(select(func.min(table.next_at)).where(its))
        latest = select(*columns).where(its).order_by(table.id.desc())
        self.latest_deliveries = self._sql(latest.limit(_number("limit_")).offset(_ZERO))
        over = and_(its, table.next_at.is_(None))
        # In the order of the index, so that it is used: `next_at` is NULL in all these rows.
        oldest = (
            select(table.id)
            .where(over)
            .order_by(table.next_at.desc(), table.id.desc())
            .limit(_ONE)
            .offset(_number("kept_"))
            .scalar_subquery()
        )
        self.prune_deliveries = self._sql(delete(deliveries).where(over, table.id <= oldest))
        self.drop_waiting = self._sql(
            delete(deliveries).where(_is(table.namespace, table.subscription), table.next_at.is_not(None))
        )
        self.clear_deliveries = self._sql(delete(deliveries).where(its))
        waits = select(_ONE).where(table.namespace == namespaces.c.id, table.next_at.is_not(None)).exists()
        self.waiting_namespaces = self._sql(select(namespaces.c.name).where(namespaces.c.name.is_not(None), waits))


def _next(*owner: Column[Any]) -> ScalarSelect[int]:
    """The position after the last one of the owner."""
    position = owner[0].table.c.position
    return select(func.coalesce(func.max(position), _BEFORE_FIRST) + _ONE).where(_is(*owner)).scalar_subquery()


def _count(by_requester: bool, by_status: bool) -> Select[Any]:
    table = tallies.c
    query = select(cast(func.coalesce(func.sum(table.conversations), _ZERO), BigInteger)).where(
        _is(table.namespace, table.organisation)
    )
    query = query.where(table.requester == (_given(table.requester) if by_requester else _EVERYBODY))
    return query.where(_is(table.status)) if by_status else query


def _whole() -> Select[Any]:
    """Select conversations with their requesters, which always exist. An outer join keeps a database from starting with these."""
    return select(*_CONVERSATION).join_from(conversations, users, isouter=True)


def _selected(query: Select[Any], by_requester: bool, by_status: bool) -> Select[Any]:
    table = conversations.c
    query = query.where(_is(table.namespace, table.organisation)).limit(_number("limit_"))
    if by_requester:
        query = query.where(_is(table.requester))
    return query.where(_is(table.status)) if by_status else query


def _rank(order: Order) -> ColumnElement[Any]:
    if order is Order.BY_ID:
        return conversations.c.id
    return conversations.c.position.desc() if order is Order.NEWEST else conversations.c.position


def _page(order: Order, by_requester: bool, by_status: bool) -> Select[Any]:
    table = conversations.c
    joined = _whole()
    if order is Order.BY_ID and not by_requester and not by_status:
        # An expression, so that PostgreSQL, without statistics of a new table, does not use an index by organisation and then sort.
        its = and_(_is(table.namespace), table.organisation + _EMPTY == _given(table.organisation))
        return joined.where(its).order_by(table.id).limit(_number("limit_")).offset(_number("offset_"))
    query = _selected(joined, by_requester, by_status).order_by(_rank(order))
    if by_requester or by_status:
        return query.offset(_number("offset_"))
    # Positions have no gaps: the page is found without counting rows up to it.
    query = query.offset(_ZERO)
    if order is Order.OLDEST:
        return query.where(table.position >= _number("offset_"))
    last = select(func.max(table.position)).where(_is(table.namespace, table.organisation)).correlate(None).scalar_subquery()
    return query.where(table.position <= last - _number("offset_"))


def _far_page(order: Order, by_requester: bool, by_status: bool) -> Select[Any]:
    """Return the same, but count up to the page in the index alone. For pages near the beginning this takes longer."""
    if not by_requester and not by_status:
        return _page(order, by_requester, by_status)
    table = conversations.c
    key = table.id if order is Order.BY_ID else table.position
    keys = _selected(select(key), by_requester, by_status).order_by(_rank(order)).offset(_number("offset_")).subquery()
    itself = and_(_is(table.namespace, table.organisation), key == keys.c[0])
    joined = select(*_CONVERSATION).join_from(keys, conversations, itself, isouter=True).join(users, isouter=True)
    return joined.order_by(_rank(order))
