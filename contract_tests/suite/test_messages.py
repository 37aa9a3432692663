"""Messages: what is sent is listed once, in its conversation, oldest first, and as it was sent."""

from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE, GET_CONVERSATION, LIST_MESSAGES
from contract_tests.data import samples
from contract_tests.judging.mismatches import Mismatch, lists, messages, responses, shown
from contract_tests.judging.mismatches.values import text_mismatch
from contract_tests.model.ledger import Record
from contract_tests.model.marks import is_marked, mark_of

pytestmark = pytest.mark.long(6)

ALWAYS = ("messages.accepted", "messages.accepted-status", "messages.answer", "messages.body-exact", "messages.sender")
"""What every message that is sent and listed exercises."""


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
    # Code may take the whole of these bodies for a number, a timestamp or JSON. They have no mark, so their text is looked for.
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
        # The same text in another conversation must not be taken for a repetition, either.
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
        # An unknown sender has not created it: only what the sender creates is listed for that address.
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
    record = desk.create(desk.payload(user_email=None))
    for since in (1, 2):
        known = desk.create()
        with desk.since(since):
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
        # Listed before and after, twice: what is kept for the next reader, by each of two servers, has to follow whoever writes.
        for _ in range(2):
            desk.check_messages(record)
        body = desk.body("From somebody else")
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": stranger.email})
        if exchange.succeeded:
            desk.record_message(record, body, stranger.email or "")
            for _ in range(2):
                desk.check_messages(record)
    desk.get(record)
    for before in bystanders:
        desk.check_unchanged(before, "messages.touches-no-other")
    page = desk.list_all(user_email=email)
    desk.check_page_is(page, {record.id, sibling.id, closed.id})


EMPTY: dict[str, Any] = {"a": 1, "null": None, "empty": {"list": [], "object": {}, "text": "", "null": None}, "zero": 0}
"""Metadata with what is left out where somebody takes it for nothing."""


@pytest.mark.since(2)
@pytest.mark.requirements("messages.conversation-kept", "resolve.rest-kept")
def test_what_looks_like_nothing_is_kept_by_a_message_and_by_a_resolve(desk: Helpdesk) -> None:
    record = desk.create(desk.payload(metadata=EMPTY))
    desk.send(record, desk.body())
    desk.get(record)
    desk.resolve(record)
    desk.get(record)


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
