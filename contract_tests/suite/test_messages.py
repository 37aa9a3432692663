"""Messages: what is sent is listed once, in its conversation, oldest first, and as it was sent."""

import json

import pytest

from contract_tests import samples
from contract_tests.contract import Contract
from contract_tests.exchange import Exchange
from contract_tests.expectations import answers, messages
from contract_tests.expectations.values import same_text
from contract_tests.helpdesk import Helpdesk
from contract_tests.ledger import Record, mark_of
from contract_tests.suite.test_get import is_uuid, unknown_ids

ALWAYS = ("messages.accepted", "messages.accepted-status", "messages.answer", "messages.body-exact", "messages.sender")
"""What every message that is sent and listed exercises."""

REFUSED = "messages.refusal-changes-nothing"


@pytest.mark.requirements("messages.accepted", "messages.accepted-status", "messages.sender", "messages.listed-once")
def test_every_key_sends_and_reads(desk: Helpdesk) -> None:
    for sender in desk.credentials("createMessage"):
        record = desk.create()
        desk.send(record, desk.body("first"), credential=sender)
        for reader in desk.credentials("listMessages"):
            desk.messages(record, credential=reader)
        desk.get(record)


@pytest.mark.requirements("messages.answer", "messages.count")
def test_a_new_conversation_has_few_messages(desk: Helpdesk) -> None:
    for credential in desk.credentials("listMessages"):
        desk.messages(desk.create(desk.payload()), credential=credential)
        desk.messages(desk.create(desk.payload(description="Some context.")), credential=credential)


@pytest.mark.requirements("messages.oldest-first", "messages.count", "messages.id-unique", "messages.timestamps", *ALWAYS)
def test_many_messages_are_listed_in_order(desk: Helpdesk, contract: Contract) -> None:
    description = desk.body("Where it began.")
    record = desk.create(desk.payload(description=description))
    for number in range(contract.page_maximum + 5):
        desk.send(record, desk.body(f"message {number}"))
        if number in (1, 9, contract.page_default, 50):
            desk.messages(record)
    for credential in desk.credentials("listMessages"):
        desk.messages(record, credential=credential)
    items, listing = desk.read_messages(record.id)
    first = messages.before(items, mark_of(description), mark_of(record.messages[0].body))
    desk.judge.check("messages.oldest-first", first, listing)
    desk.get(record)
    desk.resolve(record)
    desk.get(record)
    desk.messages(record)


@pytest.mark.requirements("messages.listed-once", "messages.own-conversation", "messages.oldest-first")
def test_messages_stay_in_their_conversation(desk: Helpdesk) -> None:
    email = desk.email("busy")
    records = [desk.create(desk.payload(user_email=email)) for _ in range(3)]
    for number in range(4):
        for record in records:
            desk.send(record, desk.body(f"round {number}"))
    for record in records:
        desk.messages(record)


@pytest.mark.requirements("messages.body-exact", "messages.conversation-kept")
def test_bodies_come_back_as_they_were_sent(desk: Helpdesk) -> None:
    record = desk.create()
    *texts, longest = samples.BODIES
    for text in texts:
        desk.send(record, desk.body(text))
    for credential in desk.credentials("createMessage"):
        desk.send(record, desk.body(longest), credential=credential)
    for text in samples.BEGINNINGS:
        desk.send(record, desk.body(first=text))
    for credential in desk.credentials("listMessages"):
        desk.messages(record, credential=credential)
    # Whatever they say, they are no commands.
    desk.get(record)


@pytest.mark.requirements("messages.listed-once")
def test_equal_messages_are_listed_as_often_as_they_were_sent(desk: Helpdesk) -> None:
    body = desk.body("Hello?")
    # The description is equal, too, whether it became a message or not.
    record = desk.create(desk.payload(description=body))
    items, _ = desk.read_messages(record.id)
    before = len([item for item in items if item.get("body") == body])
    for times in (before + 1, before + 2, before + 3):
        exchange = desk.call("createMessage", id=record.id, body={"body": body, "user_email": record.email})
        desk.judge.check("messages.accepted", answers.is_accepted(exchange), exchange)
        items, listing = desk.read_messages(record.id)
        found = [item for item in items if item.get("body") == body]
        desk.judge.check("messages.listed-once", messages.listed_times(times, len(found), "an equal message"), listing)
    record.was_messaged()


@pytest.mark.requirements("messages.sender", "messages.listed-once", "resolve.rest-kept")
def test_the_sender_is_who_sent_it(desk: Helpdesk) -> None:
    """The requester must be able to write; whether somebody else may is open, and if so, the message is theirs."""
    record, other = desk.create(), desk.create()
    assert other.email is not None
    assert record.email is not None
    desk.send(record, desk.body("mine"))
    before = desk.snapshot(other)
    for credential in desk.credentials("createMessage"):
        body = desk.body("somebody else's")
        message = {"body": body, "user_email": other.email}
        exchange = desk.call("createMessage", id=record.id, body=message, credential=credential)
        if exchange.succeeded:
            desk.sent(record, body, other.email)
            desk.get(record)
            desk.send(record, desk.body("mine again"))
    # Nobody knows these yet, and careless look-ups take them for the requester.
    for stranger in (record.email.replace("@example.com", "@example.org"), f"x{record.email}", f"{record.email}.au"):
        body = desk.body("a stranger's")
        exchange = desk.call("createMessage", id=record.id, body={"body": body, "user_email": stranger})
        if exchange.succeeded:
            desk.sent(record, body, stranger)
    desk.messages(record)
    desk.get(record)
    desk.resolve(record)
    desk.messages(record)
    # Neither the sender's own conversation nor what is listed for the sender knows of it.
    desk.unchanged(before, "messages.touches-no-other")
    desk.whole(desk.page(user_email=other.email), {other.id})
    # However many have written to it, it is one.
    desk.whole(desk.page(user_email=record.email), {record.id})


@pytest.mark.requirements("messages.sender", "messages.listed-once", "messages.oldest-first")
def test_what_the_server_decides_is_not_taken_from_a_message(desk: Helpdesk) -> None:
    """Members that only answers have are unknown ones in a request: it is refused, or they are as if they were not there."""
    record, other = desk.create(), desk.create()
    desk.send(record, desk.body("before"))
    items, _ = desk.read_messages(record.id)
    for members in (
        {"sender_email": other.email, "created_at": "2001-01-01T00:00:00Z"},
        {"id": items[0].get("id") if items else 1},
        {"conversation": other.id, "conversation_id": other.id},
    ):
        body = desk.body()
        exchange = desk.call("createMessage", id=record.id, body={"body": body, "user_email": record.email, **members})
        if exchange.succeeded:
            desk.sent(record, body, record.email or "")
    desk.messages(record)
    desk.messages(other)


@pytest.mark.requirements("messages.listed-once")
def test_messages_to_an_anonymous_conversation_are_listed_if_accepted(desk: Helpdesk, contract: Contract) -> None:
    if "user_email" in contract["createConversation"].required:
        pytest.skip("the contract requires user_email")
    known, record = desk.create(), desk.create(desk.payload(user_email=None))
    body = desk.body("Is anybody there?")
    exchange = desk.call("createMessage", id=record.id, body={"body": body, "user_email": known.email})
    record.was_messaged()
    if exchange.succeeded:
        desk.sent(record, body, known.email or "")
    desk.messages(record)


@pytest.mark.requirements("messages.conversation-kept", "messages.touches-no-other")
def test_a_message_changes_nothing_else(desk: Helpdesk) -> None:
    email = desk.email("quiet")
    record, sibling = (desk.create(desk.payload(user_email=email, priority="high", metadata={"a": 1})) for _ in range(2))
    stranger, closed = desk.create(), desk.create(desk.payload(user_email=email))
    desk.resolve(closed)
    bystanders = [desk.snapshot(one) for one in (sibling, stranger, closed)]
    for credential in desk.credentials("createMessage"):
        desk.send(record, desk.body(), credential=credential)
        desk.get(record)
    for before in bystanders:
        desk.unchanged(before, "messages.touches-no-other")
    page = desk.all_pages(user_email=email)
    desk.whole(page, {record.id, sibling.id, closed.id})


@pytest.mark.requirements("messages.body-required", "messages.user-email-required", REFUSED)
def test_a_message_without_what_is_required_is_refused(desk: Helpdesk) -> None:
    record, closed = desk.create(), desk.create()
    desk.send(record, desk.body())
    desk.resolve(closed)
    before, before_closed = desk.snapshot(record), desk.snapshot(closed)
    for credential in desk.credentials("createMessage"):
        for payload, requirement in (
            ({"user_email": record.email}, "messages.body-required"),
            ({"body": desk.body("From whom?")}, "messages.user-email-required"),
            ({}, "messages.body-required"),
        ):
            exchange = desk.call("createMessage", id=record.id, body=payload, credential=credential)
            desk.judge.check(requirement, answers.is_refused(exchange), exchange)
    for payload, requirement in (
        ({"user_email": closed.email}, "messages.body-required"),
        ({"body": desk.body("From whom?")}, "messages.user-email-required"),
    ):
        exchange = desk.call("createMessage", id=closed.id, body=payload)
        desk.judge.check(requirement, answers.is_refused(exchange), exchange)
    desk.unchanged(before, REFUSED)
    desk.unchanged(before_closed, REFUSED)


@pytest.mark.requirements("messages.malformed-json", REFUSED)
def test_a_message_that_is_no_json_object_is_refused(desk: Helpdesk) -> None:
    record = desk.create()
    before = desk.snapshot(record)
    whole = f'{{"body": "{desk.body()}", "user_email": "{record.email}"}}'
    for raw in (whole[:-1], whole[:-1] + ",}", "", "[]", f"[{whole}]", '"text"', "null", "1", "true"):
        exchange = desk.call("createMessage", id=record.id, raw=raw.encode())
        desk.judge.check("messages.malformed-json", answers.is_refused(exchange), exchange)
    desk.unchanged(before, REFUSED)


@pytest.mark.requirements("messages.wrong-types", "messages.wrong-types-refused", REFUSED)
@pytest.mark.parametrize("member", ["body", "user_email"])
def test_message_values_of_the_wrong_type_never_come_back(desk: Helpdesk, contract: Contract, member: str) -> None:
    record = desk.create()
    before = desk.snapshot(record)
    for value in (1, 0, True, False, 1.5, [], ["x"], {}, {"x": 1}, None):
        payload = {"body": desk.body(), "user_email": record.email, member: value}
        exchange = desk.call("createMessage", id=record.id, body=payload)
        if not (exchange.succeeded and isinstance(value, bool | int | float)):
            desk.judge.check("messages.wrong-types-refused", answers.is_refused(exchange), exchange)
        if exchange.succeeded:
            record.was_messaged()
            before = desk.snapshot(record)
        items, listing = desk.read_messages(record.id)
        wrong = (found for item in items if (found := contract.mismatch("Message", item)))
        desk.judge.check("messages.wrong-types", next(wrong, None), listing)
    desk.unchanged(before, REFUSED)


@pytest.mark.requirements("messages.whole-or-refused")
@pytest.mark.parametrize("size", [20_000, 100_000])
@pytest.mark.parametrize("text", ["a long body ", "längere Nachricht 🎉 "])
def test_a_very_long_body_is_whole_or_refused(desk: Helpdesk, size: int, text: str) -> None:
    _whole_or_refused(desk, (text * size)[:size] + "end")


@pytest.mark.requirements("messages.whole-or-refused")
@pytest.mark.parametrize(
    "text",
    [
        "be\x00fore",
        "lone \ud83d surrogate",
        "bell \x07 escape \x1b[0m delete \x7f",
        "a\ttab",
        "noncharacter \uffff end",
        "left \u200eto\u200f right \u202ain\u202c \u2066it\u2069",
        "alone\rvertical\x0bform\x0cnext\x85separator\u2029end",
        "flag \U0001f3f4\U000e0067\U000e0062\U000e007f end",
        "zero\u200bwidth soft\u00adhyphen byte\ufefforder line\u2028separator",
    ],
)
def test_a_body_of_unusual_characters_is_whole_or_refused(desk: Helpdesk, text: str) -> None:
    _whole_or_refused(desk, text)


@pytest.mark.requirements("messages.whole-or-refused")
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_long_body_is_whole_wherever_it_is_cut_into_chunks(desk: Helpdesk, shift: int) -> None:
    """Three-byte characters, at each place modulo three: wherever a server cuts what it reads, some of them are split."""
    record = desk.create()
    body = desk.body("x" * shift + "日" * 60_000 + "end")
    raw = json.dumps({"body": body, "user_email": record.email}, ensure_ascii=False).encode()
    _judge_whole(desk, record, body, desk.call("createMessage", id=record.id, raw=raw))


@pytest.mark.requirements("messages.unknown-conversation")
def test_messages_of_an_unknown_conversation_are_out_of_reach(desk: Helpdesk) -> None:
    record = desk.create()
    for place, unknown in enumerate((*unknown_ids(record.id, desk), "not-an-id")):
        for number, credential in enumerate(desk.credentials("listMessages")):
            if not desk.effort.combined(number, place):
                continue
            documented = is_uuid(record.id) and is_uuid(unknown)
            listing = desk.call("listMessages", id=unknown, credential=credential, documented=documented)
            desk.judge.check("messages.unknown-conversation", answers.is_not_found(listing), listing)
            body = {"body": desk.body(), "user_email": record.email}
            sending = desk.call("createMessage", id=unknown, body=body, credential=credential, documented=documented)
            desk.judge.check("messages.unknown-conversation", answers.is_not_found(sending), sending)


def _whole_or_refused(desk: Helpdesk, text: str) -> None:
    record = desk.create()
    before = desk.snapshot(record)
    body = desk.body(text)
    exchange = desk.call("createMessage", id=record.id, body={"body": body, "user_email": record.email})
    _judge_whole(desk, record, body, exchange)
    if exchange.refused:
        desk.unchanged(before, REFUSED)


def _judge_whole(desk: Helpdesk, record: Record, body: str, exchange: Exchange) -> None:
    if not exchange.succeeded:
        desk.judge.check("messages.whole-or-refused", answers.is_refused(exchange), exchange)
        return
    record.was_messaged()
    items, listing = desk.read_messages(record.id)
    token = body.split("]")[0]
    bodies = [item.get("body") for item in items if token in str(item.get("body"))]
    mismatch = same_text(body, bodies[0], "body") if bodies else messages.listed_times(1, 0, "the message")
    desk.judge.check("messages.whole-or-refused", mismatch, listing)
