"""Resolving: the conversation is closed, wherever it is shown, and nothing else happens."""

from contextlib import suppress
from dataclasses import replace
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
    RESOLVE_CONVERSATION,
)
from contract_tests.contract.timestamps import comparable
from contract_tests.judging.mismatches import Mismatch, conversations, lists, responses, shown
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Record
from contract_tests.suite.test_get import ids_of_nobody
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.guard import Withheld, is_uuid

pytestmark = pytest.mark.long(5)


@pytest.mark.since(2, "list.count")
@pytest.mark.requirements("resolve.answer", "resolve.closes", "resolve.get-agrees", "resolve.rest-kept", "resolve.lists-agree")
@pytest.mark.requirements("any.conditional-requests", "any.timestamp-separator", "auth.cookies", "list.count")
def test_resolving_closes_wherever_the_conversation_is_shown(desk: Helpdesk, contract: Contract) -> None:
    for number, credential in enumerate(desk.credentials(RESOLVE_CONVERSATION)):
        for place, channel in enumerate(contract.channels):
            if not desk.effort.combined(number, place):
                continue
            record = desk.create(full(desk, channel=channel))
            for text in ("It still does not work.", "Thanks, solved."):
                desk.send(record, desk.body(text))
            desk.check_messages(record)
            for _ in range(2):
                # Twice: of servers behind a load balancer, each may keep what it has read.
                desk.get(record)
            # The same list is requested before and after, so that a cached response or count would be out of date.
            kept = ("open", "closed")[(number + place) // 2 % 2]
            desk.list_page(user_email=record.email, status=kept)
            desk.resolve(record, credential=credential)
            for turn, reader in enumerate(desk.credentials(GET_CONVERSATION)):
                if desk.effort.combined(number + place // 2, turn):
                    desk.get(record, credential=reader)
            others = [status for status in contract.statuses if status not in ("open", "closed")]
            for status in ("open", "closed", *others[place % 2 :: 2 if desk.effort.sparse else 1]):
                page = desk.list_page(user_email=record.email, status=status)
                expected = {record.id} if status == "closed" else set()
                desk.check("resolve.lists-agree", lists.ids_mismatch(expected, page.ids), page.exchange)
                desk.check("list.count", lists.count_mismatch(page.count, len(expected)), page.exchange)
            desk.check_messages(record)
            with desk.since(2):
                # The requester's next conversation takes nothing from the one that is closed.
                desk.create({"subject": desk.subject(), "user_email": record.email})


@pytest.mark.since(2, "list.items-as-get")
@pytest.mark.requirements("resolve.closes", "resolve.get-agrees", "resolve.rest-kept", "list.items-as-get")
def test_conversations_of_every_priority_can_be_resolved(desk: Helpdesk, contract: Contract) -> None:
    email, records = desk.email("priority"), []
    for number, priority in enumerate(contract.priorities):
        # Nobody has written to them.
        channel = contract.channels[number % len(contract.channels)]
        records.append(desk.create(desk.payload(user_email=email, priority=priority, channel=channel)))
    readers = desk.credentials(LIST_CONVERSATIONS)[:: 2 if desk.effort.sparse else 1]
    with desk.since(2):
        # As all see it who open the list without asking for anything: a response that was kept would be out of date later.
        for reader in readers:
            desk.list_page(credential=reader)
    for record in records:
        desk.resolve(record)
    desk.list_page(user_email=email)
    with desk.since(2):
        for reader in readers:
            desk.list_page(credential=reader)


@pytest.mark.requirements("resolve.closes", "resolve.get-agrees")
def test_an_anonymous_conversation_can_be_resolved(desk: Helpdesk, contract: Contract) -> None:
    if "user_email" in contract[CREATE_CONVERSATION].required:
        pytest.skip("the contract requires user_email")
    record = desk.create(desk.payload(user_email=None, user_first_name="Friederike", user_last_name="Unbekannt"))
    desk.resolve(record)
    desk.get(record)
    with desk.since(2):
        # Who comes next is somebody else.
        desk.create(desk.payload(user_email=None))


UNDOCUMENTED: tuple[dict[str, Any], ...] = (
    {"body": {}},
    {"body": {"status": "open"}},
    {"body": {"status": "pending", "priority": "low", "subject": "Changed", "metadata": {"changed": True}}},
    {"body": {"status": "resolved", "user_email": "somebody.else@example.com", "requester": None, "channel": "web"}},
    {"body": [{"status": "open"}]},
    {"raw": b"status=open&subject=Changed", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {"query": {"status": "open", "subject": "Changed"}},
)
"""What a resolve may be sent with, none of which is documented."""


@pytest.mark.since(2, "resolve.closes")
@pytest.mark.requirements("resolve.answer", "resolve.closes", "resolve.refusal-changes-nothing")
def test_a_body_is_not_needed_and_does_no_harm(desk: Helpdesk) -> None:
    """Resolve documents no body: whatever is sent, it is either accepted, and closes, or refused, and changes nothing."""
    email = desk.email("bodied")
    sent = [(desk.create(desk.payload(user_email=email, metadata={"kind": kind})), how) for kind, how in enumerate(UNDOCUMENTED)]
    answered: dict[str, Exchange] = {}
    for record, how in sent:
        exchange = desk.call(RESOLVE_CONVERSATION, id=record.id, **how)
        answered[record.id] = exchange
        desk.check("resolve.answer", None if exchange.refused else responses.status_mismatch(exchange, 200), exchange)
        if exchange.succeeded:
            record.note_resolved()
            not_closed = json_mismatch("closed", exchange.members.get("status"), "status")
            desk.check("resolve.closes", not_closed, exchange)
    # All of them at once; only one that is listed otherwise is read by itself.
    listing = desk.call(LIST_CONVERSATIONS, query={"user_email": email, "limit": desk.contract.page_maximum})
    listed = {item.get("id"): item for item in items_of(listing)}
    for record, _ in sent:
        found = conversations.changed_members(desk.contract, record, listed.get(record.id, {}))
        if next(found, None) is not None:
            found = conversations.changed_members(desk.contract, record, desk.call(GET_CONVERSATION, id=record.id).members)
        changed, exchange = dict(found), answered[record.id]
        told = "is refused" if exchange.refused else f"is answered {exchange.status}"
        summaries = [f"a resolve with what is not documented {told}, and then {one.summary}" for one in changed.values()]
        mismatches = [replace(one, summary=summary) for one, summary in zip(changed.values(), summaries, strict=True)]
        desk.check("resolve.refusal-changes-nothing", mismatches[0] if mismatches else None, exchange)
        record.unsure.update(changed)


@pytest.mark.requirements("resolve.only-that")
def test_no_other_conversation_is_resolved(desk: Helpdesk) -> None:
    email = desk.email("several")
    before, record, after = (desk.create(desk.payload(user_email=email, subject="The same subject")) for _ in range(3))
    stranger = desk.create()
    for one in (before, record, after):
        desk.send(one, desk.body())
    bystanders = [desk.take_snapshot(one) for one in (before, after, stranger)]
    desk.resolve(record)
    desk.check_messages(record)
    for bystander in bystanders:
        desk.check_unchanged(bystander, "resolve.only-that")
    page = desk.list_page(user_email=email, status="closed")
    desk.check("resolve.only-that", lists.ids_mismatch({record.id}, page.ids), page.exchange)


@pytest.mark.since(2, "resolve.only-that", "messages.listed-once")
@pytest.mark.requirements("resolve.twice", "resolve.get-agrees", "resolve.only-that", "messages.listed-once")
def test_resolving_twice_leaves_it_closed(desk: Helpdesk) -> None:
    # All are of the same requester: what is closed by a second resolve is none of the others.
    email = desk.email("twice")
    bystanders = [desk.take_snapshot(desk.create(desk.payload(user_email=email)))]
    records = []
    for number, credential in enumerate(desk.credentials(RESOLVE_CONVERSATION)):
        channel, priority = (kinds[number % len(kinds)] for kinds in (desk.contract.channels, desk.contract.priorities[::-1]))
        record = desk.create({**full(desk, channel), "user_email": email, "priority": priority})
        records.append(record)
        bystanders += [desk.take_snapshot(desk.create(desk.payload(user_email=email)))] if number == 0 else []
        desk.send(record, desk.body("It works again."))
        desk.resolve(record, credential=credential)
        held = desk.check_messages(record)
        for _ in range(2):
            exchange = desk.call(RESOLVE_CONVERSATION, id=record.id)
            desk.check("resolve.twice", responses.server_error(exchange), exchange)
            if exchange.status == 200:
                # How the second call is answered is open; a 200 is the one that is documented.
                desk.check("resolve.answer", desk.contract.mismatch("Conversation", exchange.members), exchange)
                desk.check("resolve.closes", json_mismatch("closed", exchange.members.get("status"), "status"), exchange)
            reading = desk.call(GET_CONVERSATION, id=record.id)
            if not desk.check("resolve.twice", json_mismatch("closed", reading.members.get("status"), "status"), reading):
                record.unsure.add("status")
        desk.get(record)
        _check_none_lost(desk, record, held)
        page = desk.list_page(user_email=email, status="closed")
        desk.check("resolve.twice", lists.ids_mismatch({one.id for one in records}, page.ids), page.exchange)
    for before in bystanders:
        desk.check_unchanged(before, "resolve.only-that")
    with desk.since(2):
        # Whether it can be replied to is open; what is accepted is listed in it.
        for number, credential in enumerate(desk.credentials(CREATE_MESSAGE)):
            if not desk.effort.combined(number // 2, number):
                # By a key of each tier, in either header.
                continue
            body = desk.body("And again it does not.")
            sending = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": email}, credential=credential)
            if sending.succeeded:
                desk.record_message(record, body, email)
        desk.check_messages(record)


@pytest.mark.requirements("resolve.get-agrees", "resolve.lists-agree", "create.opens")
def test_a_new_conversation_of_the_same_requester_does_not_reopen(desk: Helpdesk) -> None:
    email = desk.email("back")
    # About the very same thing, for all that the server can tell.
    payload = desk.payload(user_email=email, metadata={"order": 7})
    closed = desk.create(payload)
    desk.resolve(closed)
    fresh = desk.create(payload)
    desk.get(closed)
    desk.get(fresh)
    page = desk.list_page(user_email=email, status="open")
    desk.check("resolve.lists-agree", lists.ids_mismatch({fresh.id}, page.ids), page.exchange)


@pytest.mark.since(2, "messages.refusal-changes-nothing", "list.status-filter")
@pytest.mark.requirements(
    "messages.conversation-kept", "messages.touches-no-other", "messages.refusal-changes-nothing", "list.status-filter"
)
def test_a_reply_to_a_closed_conversation_touches_no_other(desk: Helpdesk) -> None:
    email = desk.email("late")
    closed, other, open_one = (desk.create(desk.payload(user_email=email)) for _ in range(3))
    desk.resolve(closed)
    desk.resolve(other)
    bystanders = [desk.take_snapshot(one) for one in (other, open_one)]
    before = desk.take_snapshot(closed)
    body = desk.body("One more thing")
    exchange = desk.call(CREATE_MESSAGE, id=closed.id, body={"body": body, "user_email": email})
    if exchange.succeeded:
        desk.record_message(closed, body, email)
        desk.check_messages(closed)
    if exchange.refused:
        desk.check_unchanged(before, "messages.refusal-changes-nothing")
    desk.get(closed)
    for bystander in bystanders:
        desk.check_unchanged(bystander, "messages.touches-no-other")
    # It may have been reopened or not, but its status has been read, and the lists must agree with it.
    for status in desk.contract.statuses:
        ids = {record.id for record in (closed, other, open_one) if record.status == status}
        desk.check_selection("list.status-filter", ids, desk.list_page(user_email=email, status=status))
    if closed.status != "closed":
        desk.resolve(closed)
        desk.get(closed)
    elif exchange.succeeded:
        desk.call(RESOLVE_CONVERSATION, id=closed.id)
    with desk.since(2):
        # What was said in between is kept.
        desk.check_messages(closed)


@pytest.mark.since(2)
@pytest.mark.requirements("list.items-as-get")
def test_a_conversation_is_listed_as_it_is_read(desk: Helpdesk) -> None:
    """This includes `updated_at`. An older conversation is used, so that a change shows even in whole seconds."""
    idle = [one for one in desk.ledger.records.values() if one.last == "created" and not one.unsure and one.email is not None]
    # Other tests count on those whose address has another name.
    record = next((one for one in idle if str(one.email).startswith("user")), None) or desk.create()
    desk.send(record, desk.body())
    desk.check_listed_as_read(record, desk.list_all(user_email=record.email))
    desk.resolve(record)
    desk.check_listed_as_read(record, desk.list_all(user_email=record.email))


@pytest.mark.requirements("resolve.unknown-id")
def test_an_unknown_conversation_cannot_be_resolved(desk: Helpdesk) -> None:
    record = desk.create()
    for place, unknown in enumerate(ids_of_nobody(desk)):
        for number, credential in enumerate(desk.credentials(RESOLVE_CONVERSATION)):
            if not desk.effort.combined(number, place):
                continue
            documented = is_uuid(record.id) and is_uuid(unknown)
            with suppress(Withheld):
                exchange = desk.call(RESOLVE_CONVERSATION, id=unknown, credential=credential, documented=documented)
                desk.check("resolve.unknown-id", responses.found_or_failed(exchange), exchange)
    desk.get(record)


def _check_none_lost(desk: Helpdesk, record: Record, before: list[dict[str, Any]]) -> None:
    """Judge that every message of the run that was listed before is listed still, as it was; others are the server's own."""
    after, listing = desk.read_messages(record.id)
    held = {str(item.get("id")): item for item in after}
    for item in filter(desk.is_sent, before):
        now = held.get(str(item.get("id")))
        documented = desk.contract.message_members
        lost = Mismatch("a message is lost by the second resolve", shown(item), "not listed")
        changed = None if now is None else json_mismatch(_only(item, documented), _only(now, documented), "the message")
        desk.check("resolve.rest-kept", lost if now is None else changed, listing)


def _only(item: dict[str, Any], names: tuple[str, ...]) -> Any:
    return comparable({name: item.get(name) for name in names})


def full(desk: Helpdesk, channel: str) -> dict[str, object]:
    longest = desk.contract.subject_maximum
    return desk.payload(
        subject=("Größe 🎉 <L> & 'XL' \"so\" " + "it arrived broken, and nobody answers, " * (longest // 30))[: longest - 20] + "!",
        description=desk.body("It arrived broken."),
        user_first_name="Omar",
        user_last_name="N'Diaye & <Söhne>",
        priority=desk.contract.priorities[-1],
        channel=channel,
        metadata={"order": {"id": 99, "lines": [1, 2, None]}, "gift": False, "note": "<b>'so' & \"so\"</b>", "_own": 1, "": ""},
    )
