"""The end of a load run: everything that was acknowledged is read again, while nobody writes any more."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from contract_tests.contract.operations import GET_CONVERSATION
from contract_tests.contract.timestamps import not_a_timestamp
from contract_tests.judging.check_log import Blocked
from contract_tests.judging.mismatches import Mismatch, conversations, lists, of_item, responses, shown
from contract_tests.load.shared_state import SharedAddress, SharedConversation
from contract_tests.load.user import LoadUser
from contract_tests.model.ledger import Record
from contract_tests.model.marks import leading_mark

AUDITED = 4_000
"""Conversations of the users of one process that are read one by one; all are looked for in lists."""


Step = Callable[[], None]
"""One check of the server; if it fails, the other steps are taken all the same."""


def audit_own(user: LoadUser, most: int) -> Iterator[Step]:
    """Read again what one user was told: its lists, and so many of its conversations with their messages."""
    for email in user.addresses:
        yield partial(_audit_list, user, email)
        if any(record.resolved for record in user.desk.ledger.of(email)):
            yield partial(user.check_closed, email)
    records = list(user.desk.ledger.records.values())
    for record in user.desk.random.sample(records, most) if len(records) > most else records:
        yield partial(_audit_record, user, record)


def _audit_list(user: LoadUser, email: str) -> None:
    user.check_list(email, user.desk.list_all(user_email=email))


def _audit_record(user: LoadUser, record: Record) -> None:
    desk = user.desk
    exchange = desk.call(GET_CONVERSATION, id=record.id)
    lost = responses.status_mismatch(exchange, 200)
    found = [] if lost else [mismatch for _, mismatch in conversations.changed_members(desk.contract, record, exchange.members)]
    desk.check("any.durable", lost or (found[0] if found else None), exchange)
    if record.resolved and not lost and record.id not in user.unsettled:
        status = exchange.members.get("status")
        reopened = Mismatch("a conversation that was resolved is not closed any more", "closed", shown(status), "/status")
        desk.check("any.concurrent-resolves", None if status == "closed" else reopened, exchange)
    if record.messages and not lost:
        desk.check_messages(record)


def audit_shared(user: LoadUser, clashes: Iterable[tuple[int, str, str]]) -> Iterator[Step]:
    """Read what all users of all processes wrote to. `clashes` are numbers that two conversations have."""
    shared = list(user.organisation.conversations.values())
    owners = {ack.mark: one.id for one in shared for acks in one.acks.values() for ack in acks}
    for one in shared:
        yield partial(_audit_conversation, user, one, owners)
    for address in user.organisation.addresses.values():
        yield partial(_audit_address, user, address)
    for clash in clashes:
        yield partial(_tell_clash, user, *clash)


def _tell_clash(user: LoadUser, number: int, first: str, second: str) -> None:
    exchange = user.desk.call(GET_CONVERSATION, id=second)
    twice = Mismatch(f"{first} and {second} have the number {number}", "each a number of its own", str(number), "/number")
    user.desk.check("create.number-unique", twice, exchange)
    user.desk.check("any.concurrent-creates", twice, exchange)


def _audit_conversation(user: LoadUser, shared: SharedConversation, owners: dict[str, str]) -> None:
    _audit_status(user, shared)
    items, exchange = user.desk.read_messages(shared.id, counted=not shared.pending)
    for acks in shared.acks.values():
        # The clocks of two processes cannot be compared: each is judged by its own.
        user.check_shared(acks, items, exchange)
    for item in items:
        user.desk.check("messages.timestamps", of_item(not_a_timestamp(item.get("created_at"), "created_at"), item), exchange)
    stray = [item for item in items if owners.get(leading_mark(item.get("body")), shared.id) != shared.id]
    wrong = Mismatch("a message of another conversation is listed", "only its own messages", shown(stray[0])) if stray else None
    user.desk.check("messages.own-conversation", of_item(wrong, stray[0]) if stray else None, exchange)
    rival = user.organisation.rival
    if rival is not None:
        mark = f".{user.common_id}{rival.mark}"
        foreign = [item for item in items if mark in leading_mark(item.get("body"))]
        added = Mismatch("a message that another organisation sent was added", "none", shown(foreign[0])) if foreign else None
        user.desk.check("isolation.create-message", of_item(added, foreign[0]) if foreign else None, exchange)


def _audit_status(user: LoadUser, shared: SharedConversation) -> None:
    exchange = user.desk.call(GET_CONVERSATION, id=shared.id)
    lost = responses.status_mismatch(exchange, 200)
    user.desk.check("any.durable", lost, exchange)
    if lost:
        raise Blocked("A conversation that many wrote to is gone.")
    closed = exchange.members.get("status") == "closed"
    if user.organisation.rival is not None and not shared.closed:
        by_rival = Mismatch(
            "a conversation that only the other organisation tried to resolve is closed", "not closed", "closed", "/status"
        )
        user.desk.check("isolation.resolve", by_rival if closed else None, exchange)
    record = shared.record()
    record.unsure |= {"status"} if closed and not shared.closed else set()
    user.desk.compare(record, exchange.members, exchange, otherwise="messages.conversation-kept")


def _audit_address(user: LoadUser, address: SharedAddress) -> None:
    page = user.desk.list_all(user_email=address.email)
    mismatch = lists.ids_mismatch(address.ids, page.ids, exactly=not address.pending)
    user.desk.check("any.concurrent-creates", mismatch, page.exchange)
    if not address.pending:
        user.desk.check("list.count", lists.count_mismatch(page.count, len(page.ids)), page.exchange)
    other = user.organisation.rival
    for foreign in list(other.addresses.values())[:5] if other is not None else ():
        empty = user.desk.list_page(user_email=foreign.email)
        leaked = Mismatch("the count is that of another organisation's requester", "0", str(empty.count), "/count")
        user.desk.check("isolation.list", leaked if empty.count else None, empty.exchange)
