"""Concurrency: clients that write at the same moment do not get into each other's way."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import items_of
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.effort import Effort
from contract_tests.judging.mismatches import Mismatch, lists, of_item, pointer, responses, shown
from contract_tests.judging.mismatches.conversations import email_mismatch
from contract_tests.judging.mismatches.isolation import another_shown, is_the_same
from contract_tests.judging.mismatches.values import json_mismatch, text_mismatch
from contract_tests.model.ledger import Record, SentMessage
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange

CONFLICT = 409
pytestmark = [pytest.mark.last(2), pytest.mark.long(3)]

AtOnce = Callable[[Sequence[Callable[[], Exchange]]], list[Exchange]]
"""Makes all calls from threads that start together, and returns the responses in the order of the calls."""


@pytest.fixture(scope="module")
def at_once(effort: Effort) -> Iterator[AtOnce]:
    # The same threads for all tests of this file: each holds a connection, and servers limit how many they take.
    with ThreadPoolExecutor(2 * effort.threads) as pool:

        def make(calls: Sequence[Callable[[], Exchange]]) -> list[Exchange]:
            barrier = threading.Barrier(len(calls))

            def run(call: Callable[[], Exchange]) -> Exchange:
                barrier.wait(timeout=30)
                return call()

            return list(pool.map(run, calls))

        yield make


@dataclass(frozen=True, slots=True)
class _Created:
    """What was created at the same time. `shared` is the requester of all, if any, `known` the ids of its earlier conversations."""

    payloads: list[dict[str, Any]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    shared: str | None = None
    known: Set[str] = frozenset()

    @property
    def each(self) -> list[tuple[dict[str, Any], Exchange]]:
        return list(zip(self.payloads, self.exchanges, strict=True))


@pytest.mark.requirements("any.concurrent-creates", "any.concurrent-reads")
def test_concurrent_creates_are_all_kept_and_distinct(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    """Meanwhile others, by connections of their own, read and list what was created the moment before."""
    before = _Created()
    for number in range(effort.rounds):
        # One requester who is new in this moment, one for each, and one who exists: look-ups race as well.
        shared = None if number % 3 == 1 else desk.email("race")
        if number % 3 == 2:
            desk.create(desk.payload(user_email=shared))
        known = {record.id for record in desk.ledger.of(shared)} if shared else set()
        payloads = [desk.payload(user_email=shared or desk.email("race"), metadata={"n": n}) for n in range(effort.threads)]
        exchanges = _create_beside_readers(desk, at_once, payloads, before)
        _check_kept(desk, before)
        for exchange in exchanges:
            desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
        before = _Created()
        if all(exchange.succeeded for exchange in exchanges):
            twice = _given_twice(exchanges, "id") or _given_twice(exchanges, "number")
            mismatch, second = twice or (None, exchanges[-1])
            others = [exchange for exchange in exchanges if exchange is not second]
            desk.check("any.concurrent-creates", mismatch, second, because=others)
            before = _Created(payloads, exchanges, shared, known)
    _create_beside_readers(desk, at_once, [], before)
    _check_kept(desk, before)


def _create_beside_readers(desk: Helpdesk, at_once: AtOnce, payloads: Sequence[dict[str, Any]], before: _Created) -> list[Exchange]:
    """Create in one thread each while others read and list what was created just before. Judge the reads, return the creates."""
    creates = [_creating(desk, payload) for payload in payloads]
    listed = len(before.each) // 3
    found, got = before.each[:listed], before.each[listed:]
    calls = [*creates, *(_reading(desk, str(exchange.members.get("id"))) for _, exchange in got)]
    calls += [_listing(desk, payload["user_email"]) for payload, _ in found]
    answered = at_once(calls) if calls else []
    for (_, exchange), reading in zip(got, answered[len(creates) :], strict=False):
        wrong = responses.status_mismatch(reading, 200) or _another_read(exchange, reading)
        desk.check("any.concurrent-reads", wrong, reading)
    for (payload, _), listing in zip(found, answered[len(creates) + len(got) :], strict=True):
        email = payload["user_email"]
        expected = {str(exchange.members.get("id")) for one, exchange in before.each if one["user_email"] == email}
        ids = [str(item.get("id")) for item in items_of(listing)]
        lacking = lists.ids_mismatch(expected, ids, exactly=False) if len(expected) <= desk.contract.page_maximum else None
        others = (of_item(wrong, item) for item in items_of(listing) if (wrong := email_mismatch(item, email)))
        desk.check("any.concurrent-reads", responses.status_mismatch(listing, 200) or lacking or next(others, None), listing)
    return answered[: len(creates)]


def _check_kept(desk: Helpdesk, created: _Created) -> None:
    """Judge that conversations of the same moment are each what its own create said, and all of them listed."""
    shown_by: dict[str, tuple[Mapping[str, Any], Exchange]] = {}
    if created.shared:
        page = desk.list_all(user_email=created.shared)
        expected = created.known | {str(exchange.members.get("id")) for exchange in created.exchanges}
        desk.check("any.concurrent-creates", lists.ids_mismatch(expected, page.ids), page.exchange)
        shown_by = {item["id"]: (item, page.exchange) for item in page.items}
    for payload, exchange in created.each:
        conversation_id = str(exchange.members.get("id"))
        if conversation_id not in shown_by:
            reading = desk.call(GET_CONVERSATION, id=conversation_id)
            shown_by[conversation_id] = reading.members, reading
        for members, showing in ((exchange.members, exchange), shown_by[conversation_id]):
            changed = text_mismatch(payload["subject"], members.get("subject"), "subject")
            changed = changed or json_mismatch(payload["metadata"], members.get("metadata"), "metadata")
            changed = changed or email_mismatch(members, payload["user_email"])
            listed = changed and members is not showing.members
            desk.check("any.concurrent-creates", of_item(changed, members) if listed else changed, showing)


@pytest.mark.since(2, "any.concurrent-reads")
@pytest.mark.requirements("any.concurrent-messages", "any.concurrent-reads")
def test_concurrent_messages_are_all_listed_once(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    """Meanwhile others list the messages of this conversation, and of those before."""
    records: list[Record] = []
    for _ in range(effort.rounds):
        record = desk.create()
        records = [*records, record][-min(4, effort.threads) :]
        bodies = [desk.body("at once") for _ in range(effort.threads)]
        sends = [_sending(desk, record.id, body, record.email or "") for body in bodies]
        exchanges = at_once([*sends, *(_listing_messages(desk, one.id) for one in records)])
        for one, listing in zip(records, exchanges[len(sends) :], strict=True):
            wrong = responses.status_mismatch(listing, 200) or desk.foreign_message(items_of(listing), one)
            desk.check("any.concurrent-reads", wrong, listing)
        exchanges = exchanges[: len(sends)]
        for exchange in exchanges:
            # Those that meet in one conversation may be refused with 409; not all of them.
            met = exchange.status == CONFLICT and any(other.succeeded for other in exchanges)
            desk.check("messages.accepted", None if met else responses.not_accepted(exchange), exchange)
        record.note_message()
        sent = [body for body, exchange in zip(bodies, exchanges, strict=True) if exchange.succeeded]
        for body in sent:
            desk.record_message(record, body, record.email or "", settled=False)
        items, listing = desk.read_messages(record.id)
        desk.compare_messages(record, items, listing)
        listed = [str(item.get("body")) for item in items if item.get("body") in bodies]
        desk.check("any.concurrent-messages", lists.ids_mismatch(sent, listed), listing)


@pytest.mark.requirements("any.concurrent-resolves")
def test_concurrent_resolves_all_close(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    email = desk.email("closing")
    records = [desk.create(desk.payload(user_email=email)) for _ in range(effort.threads)]
    exchanges = at_once([_resolving(desk, record.id) for record in records])
    for record, exchange in zip(records, exchanges, strict=True):
        if exchange.succeeded:
            record.note_resolved()
        desk.check("any.concurrent-resolves", responses.status_mismatch(exchange, 200), exchange)
    page = desk.list_all(user_email=email, status="closed")
    desk.check("any.concurrent-resolves", lists.ids_mismatch({one.id for one in records if one.resolved}, page.ids), page.exchange)
    desk.list_all(user_email=email)
    same = desk.create(desk.payload(user_email=email))
    together = at_once([_resolving(desk, same.id) for _ in range(4)])
    for exchange in together:
        desk.check("resolve.twice", responses.server_error(exchange), exchange)
    if any(exchange.succeeded for exchange in together):
        same.note_resolved()
    desk.get(same)


@pytest.mark.since(2)
@pytest.mark.requirements("any.concurrent-resolves", "tier.refused", "tier.refusal-changes-nothing")
def test_keys_of_both_tiers_that_resolve_at_once_are_told_apart(
    desk: Helpdesk, contract: Contract, effort: Effort, at_once: AtOnce, client_key: Credential
) -> None:
    if "client" in contract[RESOLVE_CONVERSATION].tiers:
        pytest.skip("the contract lets client keys resolve")
    half = max(2, effort.threads // 2)
    email = desk.email("tiers")
    spared = [desk.create() for _ in range(half)]
    before = [desk.take_snapshot(record) for record in spared]
    for _ in range(max(2, effort.rounds // 2)):
        records = [desk.create(desk.payload(user_email=email)) for _ in range(half)]
        mixed = [
            call
            for record, other in zip(records, spared, strict=True)
            for call in (_resolving(desk, record.id), _resolving(desk, other.id, client_key))
        ]
        exchanges = at_once(mixed)
        for record, allowed, refused in zip(records, exchanges[::2], exchanges[1::2], strict=True):
            desk.check("any.concurrent-resolves", responses.status_mismatch(allowed, 200), allowed)
            desk.check("tier.refused", responses.not_refused(refused), refused)
            if allowed.succeeded:
                record.note_resolved()
    desk.list_all(user_email=email)
    for snapshot in before:
        desk.check_unchanged(snapshot, "tier.refusal-changes-nothing")


@pytest.mark.since(2)
@pytest.mark.requirements("isolation.list", "isolation.get")
def test_organisations_that_call_at_once_each_see_their_own(
    desk: Helpdesk, effort: Effort, at_once: AtOnce, other_server_key: Credential
) -> None:
    """Each asks for the other's conversations; a call must not be handled with the key of another call at the same time."""
    ours, email = desk.create(), desk.email("foreign")
    foreign = desk.call(CREATE_CONVERSATION, body=desk.payload(user_email=email), credential=other_server_key)
    desk.check("create.status", responses.status_mismatch(foreign, 201), foreign)
    theirs = str(foreign.members.get("id"))
    for _ in range(max(1, effort.rounds // 4)):
        getting = [_reading(desk, theirs), _reading(desk, ours.id, other_server_key)] * (effort.threads // 2)
        listings = [_listing(desk, email), _listing(desk, ours.email or "", other_server_key)] * (effort.threads // 2)
        answered = at_once([*getting, *listings])
        for number, reading in enumerate(answered[: len(getting)]):
            other = ours.shown if number % 2 else foreign.members
            desk.check("isolation.get", another_shown(reading, other), reading)
        for listing in answered[len(getting) :]:
            hidden = (foreign.members, ours.shown)
            seen = [item for item in items_of(listing) if any(is_the_same(item, one) for one in hidden)]
            wrong = (Mismatch("another organisation's conversation is listed", "not listed", shown(one)) for one in seen[:1])
            desk.check("isolation.list", next((of_item(one, seen[0]) for one in wrong), None), listing)


@pytest.mark.since(2)
@pytest.mark.requirements("any.concurrent-creates", "isolation.list")
def test_what_organisations_create_at_once_is_each_ones_own(
    desk: Helpdesk, effort: Effort, at_once: AtOnce, other_server_key: Credential
) -> None:
    keys = [desk.target.keys.server, other_server_key]
    emails = [desk.email("own"), desk.email("foreign")]
    for _ in range(max(1, effort.rounds // 4)):
        payloads = [desk.payload(user_email=emails[number % 2]) for number in range(effort.threads)]
        calls = [partial(desk.call, CREATE_CONVERSATION, body=one, credential=keys[at % 2]) for at, one in enumerate(payloads)]
        for number, (payload, exchange) in enumerate(zip(payloads, at_once(calls), strict=True)):
            desk.check("any.concurrent-creates", responses.status_mismatch(exchange, 201), exchange)
            if exchange.succeeded and number % 2 == 0:
                desk.record_created(payload, exchange)
    own = {record.id for record in desk.ledger.records.values() if record.email == emails[0]}
    page = desk.list_page(user_email=emails[0], limit=desk.contract.page_maximum)
    desk.check("any.concurrent-creates", lists.ids_mismatch(own, page.ids), page.exchange)
    for email, key in zip(emails[::-1], keys, strict=True):
        listing = desk.call(LIST_CONVERSATIONS, query={"user_email": email}, credential=key)
        desk.check("isolation.list", lists.ids_mismatch((), [str(item.get("id")) for item in items_of(listing)]), listing)


@pytest.mark.requirements("any.concurrent-messages", "any.concurrent-resolves")
def test_a_message_does_not_undo_a_resolve_of_the_same_moment(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    """A reply may reopen what is closed already (a choice): then nothing is said of which came first."""
    closed = desk.create()
    desk.resolve(closed)
    reopens = False
    for credential in desk.credentials(CREATE_MESSAGE):
        # For one tier of keys it may be otherwise than for another.
        message = {"body": desk.body(), "user_email": closed.email}
        reply = desk.call(CREATE_MESSAGE, id=closed.id, body=message, credential=credential)
        closed.note_message()
        reopens = reopens or (reply.succeeded and desk.call(GET_CONVERSATION, id=closed.id).members.get("status") != "closed")
    for _ in range(effort.rounds):
        # Each has its own requester, so that no sender can be taken for another.
        records = [desk.create() for _ in range(max(2, effort.threads // 2))]
        bodies = [desk.body("at once") for _ in records]
        calls = [_resolving(desk, record.id) for record in records]
        calls += [_sending(desk, record.id, body, record.email or "") for record, body in zip(records, bodies, strict=True)]
        exchanges = at_once(calls)
        for record, body, resolving, sending in zip(records, bodies, exchanges, exchanges[len(records) :], strict=False):
            desk.check("any.concurrent-resolves", responses.status_mismatch(resolving, 200), resolving)
            if resolving.succeeded:
                record.note_resolved()
            if sending.succeeded:
                record.messages.append(SentMessage(body, record.email or "", settled=False))
            if reopens:
                record.note_message()
            desk.get(record)
            desk.check_messages(record)


def _creating(desk: Helpdesk, payload: dict[str, object]) -> Callable[[], Exchange]:
    credential = desk.next_credential(CREATE_CONVERSATION)
    return lambda: desk.call(CREATE_CONVERSATION, body=payload, credential=credential)


def _sending(desk: Helpdesk, conversation_id: str, body: str, email: str) -> Callable[[], Exchange]:
    credential = desk.next_credential(CREATE_MESSAGE)
    message = {"body": body, "user_email": email}
    return lambda: desk.call(CREATE_MESSAGE, id=conversation_id, body=message, credential=credential)


def _resolving(desk: Helpdesk, conversation_id: str, credential: Credential | None = None) -> Callable[[], Exchange]:
    credential = credential or desk.next_credential(RESOLVE_CONVERSATION)
    return lambda: desk.call(RESOLVE_CONVERSATION, id=conversation_id, credential=credential)


def _reading(desk: Helpdesk, conversation_id: str, credential: Credential | None = None) -> Callable[[], Exchange]:
    key = credential or desk.next_credential(GET_CONVERSATION)
    return lambda: desk.call(GET_CONVERSATION, id=conversation_id, credential=key)


def _listing(desk: Helpdesk, email: str, credential: Credential | None = None) -> Callable[[], Exchange]:
    key = credential or desk.next_credential(LIST_CONVERSATIONS)
    query = {"user_email": email, "limit": desk.contract.page_maximum}
    return lambda: desk.call(LIST_CONVERSATIONS, query=query, credential=key)


def _listing_messages(desk: Helpdesk, conversation_id: str) -> Callable[[], Exchange]:
    key = desk.next_credential(LIST_MESSAGES)
    return lambda: desk.call(LIST_MESSAGES, id=conversation_id, credential=key)


def _another_read(created: Exchange, read: Exchange) -> Mismatch | None:
    """Return why what was read is another conversation than the one that was asked for."""
    own, other = ({name: response.members.get(name) for name in ("id", "subject")} for response in (created, read))
    return json_mismatch(own, other, "the conversation")


def _given_twice(exchanges: Sequence[Exchange], what: str) -> tuple[Mismatch, Exchange] | None:
    """Return what is wrong where two creates were answered with the same value, and the second of them."""
    seen: list[object] = []
    for exchange in exchanges:
        value = exchange.members.get(what)
        if value in seen:
            wrong = Mismatch(f"two conversations have the {what} {value}", f"each a {what} of its own", str(value), pointer(what))
            return wrong, exchange
        seen.append(value)
    return None
