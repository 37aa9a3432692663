"""Messages: what is sent is listed once, in its conversation, oldest first, and as it was sent."""

import json
from contextlib import suppress
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE, GET_CONVERSATION, LIST_MESSAGES
from contract_tests.data import samples
from contract_tests.judging.mismatches import Mismatch, lists, messages, of_item, responses, shown
from contract_tests.judging.mismatches.values import text_mismatch
from contract_tests.model.ledger import Record
from contract_tests.model.marks import is_marked, mark_of
from contract_tests.suite.test_get import ids_of_nobody
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.guard import Withheld, is_uuid

pytestmark = pytest.mark.long(6)

ALWAYS = ("messages.accepted", "messages.accepted-status", "messages.answer", "messages.body-exact", "messages.sender")
"""What every message that is sent and listed exercises."""

REFUSED = "messages.refusal-changes-nothing"


@pytest.mark.requirements("messages.accepted", "messages.accepted-status", "messages.sender", "messages.listed-once")
def test_every_key_sends_and_reads(desk: Helpdesk) -> None:
    readers = desk.credentials(LIST_MESSAGES)
    record = desk.create()
    for number, sender in enumerate(desk.credentials(CREATE_MESSAGE)):
        desk.send(record, desk.body("first"), credential=sender)
        # By another key in the first place; at last each reads what any has sent.
        desk.check_messages(record, credential=readers[(number + 1) % len(readers)])
    for reader in readers:
        desk.check_messages(record, credential=reader)
    desk.get(record)


@pytest.mark.requirements("messages.answer", "messages.count")
def test_a_new_conversation_has_few_messages(desk: Helpdesk) -> None:
    kinds = [desk.payload(), desk.payload(description="Some context.")]
    records = [desk.create(payload) for payload in kinds]
    for number, credential in enumerate(desk.credentials(LIST_MESSAGES)):
        for place, record in enumerate(records):
            if desk.effort.combined(number // 2 + number, place):
                desk.check_messages(record, credential=credential)


@pytest.mark.since(2, "messages.body-exact", "messages.conversation-kept")
@pytest.mark.requirements("messages.oldest-first", "messages.count", "messages.id-unique", "messages.timestamps", *ALWAYS)
@pytest.mark.requirements("any.timestamp-separator", "messages.conversation-kept", "auth.cookies", "origin.unrestricted")
def test_many_messages_are_listed_in_order_as_they_were_sent(desk: Helpdesk, contract: Contract) -> None:
    """More than the largest page of a list would hold, and among them every text that somebody may take for something else."""
    description = desk.body("Where it began.")
    record = desk.create(desk.payload(description=description))
    *texts, longest = samples.BODIES
    bodies = [*map(desk.body, texts), *(desk.body(first=text) for text in samples.BEGINNINGS)]
    versions = [*map(samples.since, texts), *(2 for _ in samples.BEGINNINGS)]
    further = contract.page_maximum + 5 - len(bodies) - len(samples.WHOLE_BODIES)
    bodies += [desk.body(f"message {number}") for number in range(further)]
    for number, body in enumerate(bodies):
        with desk.since(versions[number] if number < len(versions) else 1):
            desk.send(record, body)
        if number in (1, 9, contract.page_default, 50):
            desk.check_messages(record)
    for text in samples.WHOLE_BODIES:
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": text, "user_email": record.email}, dressed=True)
        desk.check("messages.accepted", responses.not_accepted(exchange), exchange)
    for credential in desk.credentials(CREATE_MESSAGE):
        desk.send(record, desk.body(longest), credential=credential)
    for credential in desk.credentials(LIST_MESSAGES):
        desk.check_messages(record, credential=credential)
    items, listing = desk.read_messages(record.id)
    mismatch = messages.listed_after(items, mark_of(description), mark_of(record.messages[0].body))
    desk.check("messages.oldest-first", mismatch, listing)
    # All of a body is a number, a moment or JSON to somebody: it has no mark, and is known by being there.
    held = [item.get("body") for item in items]
    for text in samples.WHOLE_BODIES:
        there = any(isinstance(one, str) and text_mismatch(text, one, "body") is None for one in held)
        unmarked = [one for one in held if not is_marked(one)]
        missing = None if there else Mismatch("a message is not listed with the body that was sent", shown(text), shown(unmarked))
        desk.check("messages.body-exact", missing, listing)
    desk.get(record)
    desk.resolve(record)
    desk.get(record)
    desk.check_messages(record)


@pytest.mark.requirements("messages.listed-once", "messages.own-conversation", "messages.oldest-first")
def test_messages_stay_in_their_conversation(desk: Helpdesk) -> None:
    email = desk.email("busy")
    records = [desk.create(desk.payload(user_email=email)) for _ in range(3)]
    for number in range(3):
        for record in records:
            desk.send(record, desk.body(f"round {number}"))
    for record in records:
        desk.check_messages(record)


@pytest.mark.requirements("messages.listed-once")
def test_equal_messages_are_listed_as_often_as_they_were_sent(desk: Helpdesk) -> None:
    body, key = desk.body("Hello?"), desk.credentials(CREATE_MESSAGE)[0]
    # The description is equal, too, whether it became a message or not.
    record = desk.create(desk.payload(description=body))
    items, _ = desk.read_messages(record.id)
    before = len([item for item in items if item.get("body") == body])
    for times in (before + 1, before + 2, before + 3):
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": record.email}, credential=key)
        desk.check("messages.accepted", responses.not_accepted(exchange), exchange)
        _check_times(desk, record, body, times)
    record.note_message()
    with desk.since(2):
        desk.resolve(record)
        _check_times(desk, record, body, before + 3)
        # Nor is the same said elsewhere taken for the same again.
        other = desk.create(desk.payload(user_email=record.email))
        desk.send(other, body, credential=key)
        desk.check_messages(other)


def _check_times(desk: Helpdesk, record: Record, body: str, times: int) -> None:
    """Judge that messages with this body are listed so many times."""
    items, listing = desk.read_messages(record.id)
    found = [item for item in items if item.get("body") == body]
    desk.check("messages.listed-once", messages.times_mismatch(times, len(found), "an equal message"), listing)


@pytest.mark.since(2, "messages.listed-once", "resolve.rest-kept", "list.status-filter", "list.email-filter")
@pytest.mark.requirements("messages.sender", "messages.listed-once", "resolve.rest-kept", "list.status-filter", "list.email-filter")
def test_the_sender_is_who_sent_it(desk: Helpdesk) -> None:
    """The requester must be able to write; whether somebody else may is open, and if so, the message is theirs."""
    record, other = desk.create(desk.payload(user_first_name="Senta", user_last_name="Mine")), desk.create()
    assert other.email is not None
    assert record.email is not None
    desk.send(record, desk.body("mine"))
    before = desk.take_snapshot(other)
    for number, credential in enumerate(desk.credentials(CREATE_MESSAGE)):
        body = desk.body("somebody else's")
        message = {"body": body, "user_email": other.email}
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body=message, credential=credential)
        if exchange.succeeded:
            desk.record_message(record, body, other.email)
            if desk.effort.combined(number, 0):
                desk.get(record)
                desk.send(record, desk.body("mine again"))
    # Nobody knows these yet, and careless look-ups take them for the requester.
    known_later = f"x{record.email}"
    for stranger in (record.email.replace(f"@{desk.email_domain}", "@example.org"), known_later, f"{record.email}.au"):
        body = desk.body("a stranger's")
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": stranger})
        if exchange.succeeded:
            desk.record_message(record, body, stranger)
    desk.check_messages(record)
    desk.get(record)
    # Whatever status it has by now, it is found by that one alone.
    status = desk.call(GET_CONVERSATION, id=record.id).members.get("status")
    for asked in ("open", "pending"):
        page = desk.list_page(user_email=record.email, status=asked)
        expected = {record.id} if status == asked else set()
        desk.check("list.status-filter", lists.ids_mismatch(expected, page.ids), page.exchange)
    desk.resolve(record)
    desk.check_messages(record)
    # Neither the sender's own conversation nor what is listed for the sender knows of it.
    desk.check_unchanged(before, "messages.touches-no-other")
    desk.check_page_is(desk.list_page(user_email=other.email), {other.id})
    # However many have written to it, it is one.
    desk.check_page_is(desk.list_page(user_email=record.email), {record.id})
    with desk.since(2):
        # Nor has a sender whom nobody knew opened it: what they open is what is listed for them.
        desk.check_page_is(desk.list_page(user_email=known_later), set())
        opened = desk.create(desk.payload(user_email=known_later))
        desk.check_page_is(desk.list_page(user_email=known_later), {opened.id})


@pytest.mark.since(2)
@pytest.mark.requirements("messages.sender", "messages.listed-once", "messages.oldest-first")
def test_what_the_server_decides_is_not_taken_from_a_message(desk: Helpdesk) -> None:
    """Members that only responses have are unknown ones in a request: it is refused, or they are as if they were not there."""
    record, other = desk.create(), desk.create()
    desk.send(record, desk.body("before"))
    items, _ = desk.read_messages(record.id)
    for members in (
        {"sender_email": other.email, "created_at": "2001-01-01T00:00:00Z"},
        {"id": items[0].get("id") if items else 1},
        {"conversation": other.id, "conversation_id": other.id},
    ):
        body = desk.body()
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": record.email, **members})
        if exchange.succeeded:
            desk.record_message(record, body, record.email or "")
    desk.check_messages(record)
    desk.check_messages(other)


@pytest.mark.requirements("messages.listed-once")
def test_messages_to_an_anonymous_conversation_are_listed_if_accepted(desk: Helpdesk, contract: Contract) -> None:
    if "user_email" in contract[CREATE_CONVERSATION].required:
        pytest.skip("the contract requires user_email")
    known, record = desk.create(), desk.create(desk.payload(user_email=None))
    body = desk.body("Is anybody there?")
    exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": known.email})
    record.note_message()
    if exchange.succeeded:
        desk.record_message(record, body, known.email or "")
    desk.check_messages(record)
    # Whoever writes, nobody becomes its requester.
    desk.get(record)
    desk.resolve(record)
    desk.check_messages(record)


@pytest.mark.requirements("messages.conversation-kept", "messages.touches-no-other")
def test_a_message_changes_nothing_else(desk: Helpdesk) -> None:
    email = desk.email("quiet")
    record, sibling = (desk.create(desk.payload(user_email=email, priority="high", metadata={"a": 1})) for _ in range(2))
    stranger, closed = desk.create(), desk.create(desk.payload(user_email=email))
    desk.resolve(closed)
    bystanders = [desk.take_snapshot(one) for one in (sibling, stranger, closed)]
    for credential in desk.credentials(CREATE_MESSAGE):
        desk.send(record, desk.body(), credential=credential)
    with desk.since(2):
        body = desk.body("From somebody else")
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": stranger.email})
        if exchange.succeeded:
            desk.record_message(record, body, stranger.email or "")
    desk.get(record)
    for before in bystanders:
        desk.check_unchanged(before, "messages.touches-no-other")
    page = desk.list_all(user_email=email)
    desk.check_page_is(page, {record.id, sibling.id, closed.id})


@pytest.mark.requirements("messages.body-required", "messages.user-email-required", REFUSED)
def test_a_message_without_what_is_required_is_refused(desk: Helpdesk) -> None:
    record, closed = desk.create(), desk.create()
    desk.send(record, desk.body())
    desk.resolve(closed)
    # Whether that is an address enough is open.
    body = desk.body("From nobody")
    odd = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": "no address"})
    record.note_message()
    before, before_closed = desk.take_snapshot(record), desk.take_snapshot(closed)
    _check_none_added(desk, [body] if odd.refused else [], before.messages, before.listing)
    for number, credential in enumerate(desk.credentials(CREATE_MESSAGE)):
        for place, (payload, requirement) in enumerate(
            (
                ({"user_email": record.email}, "messages.body-required"),
                ({"body": desk.body("From whom?")}, "messages.user-email-required"),
                ({}, "messages.body-required"),
            )
        ):
            if place == 2 and not desk.effort.combined(number, 0):
                continue
            exchange = desk.call(CREATE_MESSAGE, id=record.id, body=payload, credential=credential)
            desk.check(requirement, responses.not_refused(exchange), exchange)
    for payload, requirement in (
        ({"user_email": closed.email}, "messages.body-required"),
        ({"body": desk.body("From whom?")}, "messages.user-email-required"),
    ):
        exchange = desk.call(CREATE_MESSAGE, id=closed.id, body=payload)
        desk.check(requirement, responses.not_refused(exchange), exchange)
    desk.check_unchanged(before, REFUSED)
    desk.check_unchanged(before_closed, REFUSED)
    with desk.since(2):
        # What was refused stands in nobody's way.
        desk.send(record, desk.body("After all"))


@pytest.mark.requirements("messages.malformed-json", REFUSED)
def test_a_message_that_is_no_json_object_is_refused(desk: Helpdesk) -> None:
    record = desk.create()
    before = desk.take_snapshot(record)
    whole = f'{{"body": "{desk.body()}", "user_email": "{record.email}"}}'
    for raw in (whole[:-1], whole[:-1] + ",}", "", "[]", f"[{whole}]", '"text"', "null", "1", "true"):
        exchange = desk.call(CREATE_MESSAGE, id=record.id, raw=raw.encode())
        desk.check("messages.malformed-json", responses.not_refused(exchange), exchange)
    with desk.since(2):
        # Written as JSON twice, it is a text.
        exchange = desk.call(CREATE_MESSAGE, id=record.id, raw=json.dumps(whole).encode())
        desk.check("messages.malformed-json", responses.not_refused(exchange), exchange)
    desk.check_unchanged(before, REFUSED)


@pytest.mark.since(2)
@pytest.mark.requirements("messages.accepted", "messages.body-exact")
def test_a_body_in_escapes_is_the_same_body(desk: Helpdesk) -> None:
    record, body = desk.create(), desk.body(samples.TO_ESCAPE)
    raw = samples.in_escapes({"body": body, "user_email": record.email or ""})
    exchange = desk.call(CREATE_MESSAGE, id=record.id, raw=raw.encode())
    desk.check("messages.accepted", responses.not_accepted(exchange), exchange)
    if exchange.succeeded:
        desk.record_message(record, body, record.email or "")
    desk.check_messages(record)


@pytest.mark.since(2, "messages.body-required")
@pytest.mark.requirements("messages.wrong-types", "messages.wrong-types-refused", "messages.body-required", REFUSED)
@pytest.mark.parametrize("member", ["body", "user_email"])
def test_message_values_of_the_wrong_type_never_come_back(desk: Helpdesk, contract: Contract, member: str) -> None:
    record = desk.create()
    before = desk.take_snapshot(record)
    answered: list[tuple[str, Exchange]] = []
    kinds: tuple[Any, ...] = (1, ["x"], {"x": 1}, None, True, [], 0, False, 1.5, {})
    for value in kinds[:6] if desk.effort.sparse and member == "user_email" else kinds:
        body = desk.body()
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": record.email, member: value})
        answered.append((body, exchange))
        if not (exchange.succeeded and isinstance(value, bool | int | float)):
            desk.check("messages.wrong-types-refused", responses.not_refused(exchange), exchange)
        if member == "body" and value is None:
            # What is null was not sent.
            with desk.since(2):
                desk.check("messages.body-required", responses.not_refused(exchange), exchange)
        if exchange.succeeded:
            record.note_message()
    items, listing = desk.read_messages(record.id)
    wrong = next((found for item in items if (found := of_item(contract.mismatch("Message", item), item))), None)
    for _, exchange in answered:
        desk.check("messages.wrong-types", wrong, listing, because=[exchange])
    if any(exchange.succeeded for _, exchange in answered):
        _check_none_added(desk, [body for body, exchange in answered if exchange.refused], items, listing)
    else:
        desk.check_unchanged(before, REFUSED)


UNUSUAL = (
    "be\x00fore",
    "bell \x07 escape \x1b[0m delete \x7f",
    "a\ttab",
    "noncharacter \uffff end",
    "left \u200eto\u200f right \u202ain\u202c \u2066it\u2069",
    "alone\rvertical\x0bform\x0cnext\x85separator\u2029end",
    "flag \U0001f3f4\U000e0067\U000e0062\U000e007f end",
    "zero\u200bwidth soft\u00adhyphen byte\ufefforder line\u2028separator",
    *((text * size)[:size] + "end" for size in (20_000, 100_000) for text in ("a long body ", "längere Nachricht 🎉 ")),
)
"""Texts that a server may refuse, each by itself, and keeps whole where it does not: unusual characters, and very long ones."""


@pytest.mark.since(2, REFUSED)
@pytest.mark.requirements("messages.whole-or-refused", REFUSED)
def test_an_unusual_body_is_whole_or_refused(desk: Helpdesk) -> None:
    record = desk.create()
    bodies = [desk.body(text) for text in UNUSUAL]
    raw = [json.dumps({"body": body, "user_email": record.email}).encode() for body in bodies]
    for shift in range(3):
        # Three-byte characters, at each place modulo three: wherever a server cuts what it reads, some of them are split.
        bodies.append(desk.body("x" * shift + "日" * 60_000 + "end"))
        raw.append(json.dumps({"body": bodies[-1], "user_email": record.email}, ensure_ascii=False).encode())
    answered = [(body, desk.call(CREATE_MESSAGE, id=record.id, raw=one)) for body, one in zip(bodies, raw, strict=True)]
    record.note_message()
    items, listing = desk.read_messages(record.id)
    for body, exchange in answered:
        _check_whole(desk, body, exchange, items, listing)
    _check_none_added(desk, [body for body, exchange in answered if exchange.refused], items, listing)


@pytest.mark.since(2)
@pytest.mark.requirements("messages.surrogates")
def test_half_of_a_surrogate_pair_in_a_body_is_kept_or_refused(desk: Helpdesk) -> None:
    record = desk.create()
    body = desk.body("lone \ud83d surrogate")
    exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": record.email})
    record.note_message()
    items, listing = desk.read_messages(record.id)
    _check_whole(desk, body, exchange, items, listing, "messages.surrogates")


@pytest.mark.requirements("messages.unknown-conversation")
def test_messages_of_an_unknown_conversation_are_out_of_reach(desk: Helpdesk) -> None:
    record = desk.create()
    for place, unknown in enumerate(ids_of_nobody(desk)):
        for number, credential in enumerate(desk.credentials(LIST_MESSAGES)):
            if not desk.effort.combined(number, place, one_in=4):
                continue
            documented = is_uuid(record.id) and is_uuid(unknown)
            listing = desk.call(LIST_MESSAGES, id=unknown, credential=credential, documented=documented)
            desk.check("messages.unknown-conversation", responses.found_or_failed(listing), listing)
            body = {"body": desk.body(), "user_email": record.email}
            with suppress(Withheld):
                sending = desk.call(CREATE_MESSAGE, id=unknown, body=body, credential=credential, documented=documented)
                desk.check("messages.unknown-conversation", responses.found_or_failed(sending), sending)


def _check_whole(
    desk: Helpdesk,
    body: str,
    exchange: Exchange,
    items: list[dict[str, Any]],
    listing: Exchange,
    requirement: str = "messages.whole-or-refused",
) -> None:
    """Judge that a message is listed whole, if it was accepted."""
    if not exchange.succeeded:
        desk.check(requirement, responses.not_refused(exchange), exchange)
        return
    found = [items[at] for at in desk.listed_at(body, items)]
    changed = of_item(text_mismatch(body, found[0].get("body"), "body"), found[0]) if found else None
    desk.check(requirement, changed if found else messages.times_mismatch(1, 0, "the message"), listing)


def _check_none_added(desk: Helpdesk, refused: list[str], items: list[dict[str, Any]], listing: Exchange) -> None:
    """Judge that nothing of what was refused is listed."""
    added = [items[at] for body in refused for at in desk.listed_at(body, items)]
    told = of_item(Mismatch("a message that was refused is listed", "none of them", shown(added[0])), added[0]) if added else None
    desk.check(REFUSED, told, listing)
