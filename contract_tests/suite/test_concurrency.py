"""Concurrency: clients that write at the same moment do not get into each other's way."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contract_tests.contract import Contract
from contract_tests.credentials import Credential
from contract_tests.effort import Effort
from contract_tests.exchange import Exchange
from contract_tests.expectations import Mismatch, answers, lists, shown
from contract_tests.expectations.conversations import has_email
from contract_tests.expectations.values import same_json, same_text
from contract_tests.helpdesk import Helpdesk
from contract_tests.ledger import Record, SentMessage

AtOnce = Callable[[Sequence[Callable[[], Exchange]]], list[Exchange]]
"""Makes all calls from threads that start together, and returns the answers in the order of the calls."""


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


@pytest.mark.requirements("any.concurrent-creates")
def test_concurrent_creates_are_all_kept_and_distinct(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    for number in range(effort.rounds):
        # One requester who is new in this moment, one for each, and one who exists: look-ups race as well.
        shared = desk.email("race")
        if number % 3 == 2:
            desk.create(desk.payload(user_email=shared))
        known = {record.id for record in desk.ledger.of(shared)}
        emails = [desk.email("race") if number % 3 == 1 else shared for _ in range(effort.threads)]
        payloads = [desk.payload(user_email=email, metadata={"n": n}) for n, email in enumerate(emails)]
        exchanges = at_once([_creating(desk, payload) for payload in payloads])
        ids = [exchange.members.get("id") for exchange in exchanges]
        numbers = [exchange.members.get("number") for exchange in exchanges]
        for exchange in exchanges:
            desk.judge.check("create.status", answers.status_is(exchange, 201), exchange)
        if not all(exchange.succeeded for exchange in exchanges):
            continue
        desk.judge.check("any.concurrent-creates", _distinct(ids, "id") or _distinct(numbers, "number"), exchanges[-1])
        for payload, exchange in zip(payloads, exchanges, strict=True):
            reading = desk.call("getConversation", id=str(exchange.members.get("id")))
            for answer in (exchange, reading):
                sent = same_text(payload["subject"], answer.members.get("subject"), "subject")
                kept = sent or same_json(payload["metadata"], answer.members.get("metadata"), "metadata")
                desk.judge.check("any.concurrent-creates", kept or has_email(answer.members, payload["user_email"]), answer)
        if number % 3 != 1:
            page = desk.all_pages(user_email=shared)
            expected = known | {str(one) for one in ids}
            desk.judge.check("any.concurrent-creates", lists.same_ids(expected, page.ids), page.exchange)


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
            wrong = answers.status_is(listing, 200) or desk.foreign_message(_items(listing), one)
            desk.judge.check("any.concurrent-reads", wrong, listing)
        exchanges = exchanges[: len(sends)]
        for exchange in exchanges:
            desk.judge.check("messages.accepted", answers.is_accepted(exchange), exchange)
        record.was_messaged()
        items, listing = desk.read_messages(record.id)
        sent = [body for body, exchange in zip(bodies, exchanges, strict=True) if exchange.succeeded]
        listed = [str(item.get("body")) for item in items if item.get("body") in bodies]
        desk.judge.check("any.concurrent-messages", lists.same_ids(sent, listed), listing)
        for body in sent:
            desk.sent(record, body, record.email or "", settled=False)
        desk.messages(record)


@pytest.mark.requirements("any.concurrent-resolves")
def test_concurrent_resolves_all_close(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    email = desk.email("closing")
    records = [desk.create(desk.payload(user_email=email)) for _ in range(effort.threads)]
    exchanges = at_once([_resolving(desk, record.id) for record in records])
    for record, exchange in zip(records, exchanges, strict=True):
        if exchange.succeeded:
            record.was_resolved()
        desk.judge.check("any.concurrent-resolves", answers.status_is(exchange, 200), exchange)
        desk.get(record)
    same = desk.create(desk.payload(user_email=email))
    together = at_once([_resolving(desk, same.id) for _ in range(4)])
    for exchange in together:
        desk.judge.check("resolve.twice", answers.no_server_error(exchange), exchange)
    if any(exchange.succeeded for exchange in together):
        same.was_resolved()
    desk.get(same)
    page = desk.all_pages(user_email=email, status="closed")
    closed = {record.id for record in desk.ledger.of(email) if record.resolved}
    desk.judge.check("any.concurrent-resolves", lists.same_ids(closed, page.ids), page.exchange)


@pytest.mark.requirements("any.concurrent-resolves", "tier.refused", "tier.refusal-changes-nothing")
def test_keys_of_both_tiers_that_resolve_at_once_are_told_apart(
    desk: Helpdesk, contract: Contract, effort: Effort, at_once: AtOnce, client_key: Credential
) -> None:
    if "client" in contract["resolveConversation"].tiers:
        pytest.skip("the contract lets client keys resolve")
    half = max(2, effort.threads // 2)
    spared = [desk.create() for _ in range(half)]
    before = [desk.snapshot(record) for record in spared]
    for _ in range(effort.rounds):
        records = [desk.create() for _ in range(half)]
        mixed = [
            call
            for record, other in zip(records, spared, strict=True)
            for call in (_resolving(desk, record.id), _resolving(desk, other.id, client_key))
        ]
        exchanges = at_once(mixed)
        for record, allowed, refused in zip(records, exchanges[::2], exchanges[1::2], strict=True):
            desk.judge.check("any.concurrent-resolves", answers.status_is(allowed, 200), allowed)
            desk.judge.check("tier.refused", answers.is_refused(refused), refused)
            if allowed.succeeded:
                record.was_resolved()
            desk.get(record)
    for snapshot in before:
        desk.unchanged(snapshot, "tier.refusal-changes-nothing")


@pytest.mark.requirements("any.concurrent-reads")
def test_another_client_reads_at_once_what_was_acknowledged(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    """Each thread writes, and the next thread, by a connection of its own, reads and lists it while others write."""
    for _ in range(effort.rounds):
        payloads = [desk.payload(metadata={"n": n}) for n in range(effort.threads)]
        created = zip(payloads, at_once([_creating(desk, one) for one in payloads]), strict=True)
        written = [(str(payload["user_email"]), exchange) for payload, exchange in created if exchange.succeeded]
        more = [_creating(desk, desk.payload()) for _ in range(effort.threads // 2)]
        reads = [_reading(desk, str(exchange.members.get("id"))) for _, exchange in written]
        listed = written[: effort.threads // 2]
        answered = at_once([*more, *reads, *(_listing(desk, email) for email, _ in listed)])[len(more) :]
        for (_, exchange), reading in zip(written, answered, strict=False):
            wrong = answers.status_is(reading, 200) or _another(exchange, reading)
            desk.judge.check("any.concurrent-reads", wrong, reading)
        for (_, exchange), listing in zip(listed, answered[len(reads) :], strict=True):
            ids = [str(item.get("id")) for item in _items(listing)]
            only = lists.same_ids({str(exchange.members.get("id"))}, ids)
            desk.judge.check("any.concurrent-reads", answers.status_is(listing, 200) or only, listing)


@pytest.mark.requirements("isolation.list", "isolation.get")
def test_organisations_that_call_at_once_each_see_their_own(
    desk: Helpdesk, effort: Effort, at_once: AtOnce, other_server_key: Credential
) -> None:
    """Each asks for what is the other's; the key of one call is no key for those that are handled beside it."""
    ours, email = desk.create(), desk.email("foreign")
    foreign = desk.call("createConversation", body=desk.payload(user_email=email), credential=other_server_key)
    desk.judge.check("create.status", answers.status_is(foreign, 201), foreign)
    theirs = str(foreign.members.get("id"))
    for _ in range(max(1, effort.rounds // 4)):
        getting = [_reading(desk, theirs), _reading(desk, ours.id, other_server_key)] * (effort.threads // 2)
        listings = [_listing(desk, email), _listing(desk, ours.email or "", other_server_key)] * (effort.threads // 2)
        answered = at_once([*getting, *listings])
        for reading in answered[: len(getting)]:
            desk.judge.check("isolation.get", answers.is_not_found(reading), reading)
        for listing in answered[len(getting) :]:
            seen = [item for item in _items(listing) if item.get("id") in (ours.id, theirs)]
            mismatch = Mismatch("another organisation's conversation is listed", "not listed", shown(seen[0])) if seen else None
            desk.judge.check("isolation.list", mismatch, listing)


@pytest.mark.requirements("any.concurrent-messages", "any.concurrent-resolves")
def test_a_message_does_not_undo_a_resolve_of_the_same_moment(desk: Helpdesk, effort: Effort, at_once: AtOnce) -> None:
    """A reply may reopen what is closed already (a choice): then nothing is said of which came first."""
    closed = desk.create()
    desk.resolve(closed)
    reply = desk.call("createMessage", id=closed.id, body={"body": desk.body(), "user_email": closed.email})
    closed.was_messaged()
    reopens = reply.succeeded and desk.call("getConversation", id=closed.id).members.get("status") != "closed"
    for _ in range(effort.rounds):
        records = [desk.create() for _ in range(max(2, effort.threads // 2))]
        bodies = [desk.body("at once") for _ in records]
        calls = [_resolving(desk, record.id) for record in records]
        calls += [_sending(desk, record.id, body, record.email or "") for record, body in zip(records, bodies, strict=True)]
        exchanges = at_once(calls)
        for record, body, resolving, sending in zip(records, bodies, exchanges, exchanges[len(records) :], strict=False):
            desk.judge.check("any.concurrent-resolves", answers.status_is(resolving, 200), resolving)
            if resolving.succeeded:
                record.was_resolved()
            if sending.succeeded:
                record.messages.append(SentMessage(body, record.email or "", settled=False))
            if reopens:
                record.was_messaged()
            desk.get(record)
            desk.messages(record)


def _creating(desk: Helpdesk, payload: dict[str, object]) -> Callable[[], Exchange]:
    credential = desk.next_credential("createConversation")
    return lambda: desk.call("createConversation", body=payload, credential=credential)


def _sending(desk: Helpdesk, conversation_id: str, body: str, email: str) -> Callable[[], Exchange]:
    credential = desk.next_credential("createMessage")
    message = {"body": body, "user_email": email}
    return lambda: desk.call("createMessage", id=conversation_id, body=message, credential=credential)


def _resolving(desk: Helpdesk, conversation_id: str, credential: Credential | None = None) -> Callable[[], Exchange]:
    credential = credential or desk.next_credential("resolveConversation")
    return lambda: desk.call("resolveConversation", id=conversation_id, credential=credential)


def _reading(desk: Helpdesk, conversation_id: str, credential: Credential | None = None) -> Callable[[], Exchange]:
    key = credential or desk.next_credential("getConversation")
    return lambda: desk.call("getConversation", id=conversation_id, credential=key)


def _listing(desk: Helpdesk, email: str, credential: Credential | None = None) -> Callable[[], Exchange]:
    key = credential or desk.next_credential("listConversations")
    return lambda: desk.call("listConversations", query={"user_email": email}, credential=key)


def _listing_messages(desk: Helpdesk, conversation_id: str) -> Callable[[], Exchange]:
    key = desk.next_credential("listMessages")
    return lambda: desk.call("listMessages", id=conversation_id, credential=key)


def _items(listing: Exchange) -> list[dict[str, Any]]:
    results = listing.members.get("results")
    return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []


def _another(created: Exchange, read: Exchange) -> Mismatch | None:
    """Whether what was read is another conversation than the one that was asked for."""
    own, other = ({name: answer.members.get(name) for name in ("id", "subject")} for answer in (created, read))
    return same_json(own, other, "the conversation")


def _distinct(values: Sequence[object], what: str) -> Mismatch | None:
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    return (
        Mismatch(f"two conversations have the {what} {twice[0]}", f"each a {what} of its own", ", ".join(twice)) if twice else None
    )
