"""The end of a load run: everything that was acknowledged is read again, while nobody writes any more."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from contract_tests.expectations import Mismatch, answers, conversations, lists, shown
from contract_tests.expectations.timestamps import is_timestamp
from contract_tests.judge import Blocked
from contract_tests.ledger import Record
from contract_tests.load import sequence
from contract_tests.load.book import SharedAddress, SharedConversation
from contract_tests.load.desk import LoadDesk
from contract_tests.load.sequence import token_of

AUDITED = 4_000
"""Conversations of the users of one process that are read one by one; all are looked for in lists."""


Step = Callable[[], None]
"""One look at the server; what it finds missing keeps none of the others from being taken."""


def audit_own(desk: LoadDesk, most: int) -> Iterator[Step]:
    """Read again what one user was told: its lists, and so many of its conversations with their messages."""
    for email in desk.addresses:
        yield partial(_audit_list, desk, email)
        if any(record.resolved for record in desk.ledger.of(email)):
            yield partial(desk.judge_closed, email)
    records = list(desk.ledger.records.values())
    for record in desk.random.sample(records, most) if len(records) > most else records:
        yield partial(_audit_record, desk, record)


def _audit_list(desk: LoadDesk, email: str) -> None:
    desk.judge_list(email, desk.all_pages(user_email=email))


def _audit_record(desk: LoadDesk, record: Record) -> None:
    exchange = desk.call("getConversation", id=record.id)
    lost = answers.status_is(exchange, 200)
    found = [] if lost else [mismatch for _, mismatch in conversations.changed(desk.contract, record, exchange.members)]
    desk.judge.check("any.durable", lost or (found[0] if found else None), exchange)
    if record.resolved and not lost and record.id not in desk.unsettled:
        status = exchange.members.get("status")
        reopened = Mismatch("a conversation that was resolved is not closed any more", "closed", shown(status))
        desk.judge.check("any.concurrent-resolves", None if status == "closed" else reopened, exchange)
    if record.messages and not lost:
        desk.messages(record)


def audit_shared(desk: LoadDesk, clashes: Iterable[tuple[int, str, str]]) -> Iterator[Step]:
    """Read what all users of all processes wrote to. `clashes` are numbers that two conversations have."""
    shared = list(desk.organisation.conversations.values())
    owners = {ack.token: one.id for one in shared for acks in one.acks.values() for ack in acks}
    for one in shared:
        yield partial(_audit_conversation, desk, one, owners)
    for address in desk.organisation.addresses.values():
        yield partial(_audit_address, desk, address)
    for clash in clashes:
        yield partial(_tell_clash, desk, *clash)


def _tell_clash(desk: LoadDesk, number: int, first: str, second: str) -> None:
    exchange = desk.call("getConversation", id=second)
    twice = Mismatch(f"{first} and {second} have the number {number}", "each a number of its own", str(number))
    desk.judge.check("create.number-unique", twice, exchange)
    desk.judge.check("any.concurrent-creates", twice, exchange)


def _audit_conversation(desk: LoadDesk, shared: SharedConversation, owners: dict[str, str]) -> None:
    _audit_status(desk, shared)
    items, exchange = desk.read_messages(shared.id, counted=not shared.pending)
    for acks in shared.acks.values():
        # The clocks of two processes cannot be compared: each is judged by its own.
        desk.judge_shared(acks, items, exchange)
    for item in items:
        desk.judge.check("messages.timestamps", is_timestamp(item.get("created_at"), "created_at"), exchange)
    stray = [item for item in items if owners.get(token_of(item.get("body")), shared.id) != shared.id]
    wrong = Mismatch("a message of another conversation is listed", "only its own messages", shown(stray[0])) if stray else None
    desk.judge.check("messages.own-conversation", wrong, exchange)
    rival = desk.organisation.rival
    if rival is not None:
        mark = f".{desk.common_id}{rival.mark}"
        foreign = [item for item in items if mark in token_of(item.get("body"))]
        added = Mismatch("a message that another organisation sent was added", "none", shown(foreign[0])) if foreign else None
        desk.judge.check("isolation.create-message", added, exchange)


def _audit_status(desk: LoadDesk, shared: SharedConversation) -> None:
    exchange = desk.call("getConversation", id=shared.id)
    lost = answers.status_is(exchange, 200)
    desk.judge.check("any.durable", lost, exchange)
    if lost:
        raise Blocked("A conversation that many wrote to is gone.")
    closed = exchange.members.get("status") == "closed"
    if desk.organisation.rival is not None and not shared.closed:
        by_rival = Mismatch("a conversation that only the other organisation tried to resolve is closed", "not closed", "closed")
        desk.judge.check("isolation.resolve", by_rival if closed else None, exchange)
    record = shared.record()
    record.unsure |= {"status"} if closed and not shared.closed else set()
    desk.compare(record, exchange.members, exchange, otherwise="messages.conversation-kept")


def _audit_address(desk: LoadDesk, address: SharedAddress) -> None:
    page = desk.all_pages(user_email=address.email)
    whole = sequence.held(address.ids, page.ids, exactly=not address.pending)
    desk.judge.check("any.concurrent-creates", whole, page.exchange)
    if not address.pending:
        desk.judge.check("list.count", lists.count_is(page.count, len(page.ids)), page.exchange)
    other = desk.organisation.rival
    for foreign in list(other.addresses.values())[:5] if other is not None else ():
        empty = desk.page(user_email=foreign.email)
        leaked = Mismatch("the count is that of another organisation's requester", "0", str(empty.count)) if empty.count else None
        desk.judge.check("isolation.list", leaked, empty.exchange)
