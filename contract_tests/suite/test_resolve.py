"""Resolving: the conversation is closed, wherever it is shown, and nothing else happens."""

import pytest

from contract_tests.contract import Contract
from contract_tests.expectations import answers, lists
from contract_tests.expectations.values import same_json
from contract_tests.helpdesk import Helpdesk
from contract_tests.suite.test_get import MALFORMED, is_uuid, unknown_ids


@pytest.mark.requirements("resolve.answer", "resolve.closes", "resolve.get-agrees", "resolve.rest-kept", "resolve.lists-agree")
def test_resolving_closes_wherever_the_conversation_is_shown(desk: Helpdesk, contract: Contract) -> None:
    for number, credential in enumerate(desk.credentials("resolveConversation")):
        for place, channel in enumerate(contract.channels):
            if not desk.effort.combined(number, place):
                continue
            record = desk.create(full(desk, channel=channel))
            for text in ("It still does not work.", "Now it does.", "Thanks, solved."):
                desk.send(record, desk.body(text))
            desk.messages(record)
            for reader in desk.credentials("getConversation"):
                desk.get(record, credential=reader)
            desk.resolve(record, credential=credential)
            for reader in desk.credentials("getConversation"):
                desk.get(record, credential=reader)
            for status in contract.statuses:
                page = desk.page(user_email=record.email, status=status)
                expected = {record.id} if status == "closed" else set()
                desk.judge.check("resolve.lists-agree", lists.same_ids(expected, page.ids), page.exchange)
            desk.messages(record)


@pytest.mark.requirements("resolve.closes", "resolve.get-agrees", "resolve.rest-kept")
def test_conversations_of_every_priority_can_be_resolved(desk: Helpdesk, contract: Contract) -> None:
    for priority in contract.priorities:
        record = desk.create(desk.payload(priority=priority))
        desk.resolve(record)
        desk.get(record)


@pytest.mark.requirements("resolve.closes", "resolve.get-agrees")
def test_an_anonymous_conversation_can_be_resolved(desk: Helpdesk, contract: Contract) -> None:
    if "user_email" in contract["createConversation"].required:
        pytest.skip("the contract requires user_email")
    record = desk.create(desk.payload(user_email=None))
    desk.resolve(record)
    desk.get(record)


@pytest.mark.requirements("resolve.answer")
def test_a_body_is_not_needed_and_does_no_harm(desk: Helpdesk) -> None:
    """Resolve documents no body: sending an empty object is either accepted or refused, and closes only in the first case."""
    record = desk.create()
    exchange = desk.call("resolveConversation", id=record.id, body={})
    if exchange.succeeded:
        record.was_resolved()
    desk.judge.check("resolve.answer", None if exchange.refused else answers.status_is(exchange, 200), exchange)
    desk.get(record)


@pytest.mark.requirements("resolve.only-that")
def test_no_other_conversation_is_resolved(desk: Helpdesk) -> None:
    email = desk.email("several")
    before, record, after = (desk.create(desk.payload(user_email=email, subject="The same subject")) for _ in range(3))
    stranger = desk.create()
    for one in (before, record, after):
        desk.send(one, desk.body())
    bystanders = [desk.snapshot(one) for one in (before, after, stranger)]
    desk.resolve(record)
    desk.messages(record)
    for bystander in bystanders:
        desk.unchanged(bystander, "resolve.only-that")
    page = desk.page(user_email=email, status="closed")
    desk.judge.check("resolve.only-that", lists.same_ids({record.id}, page.ids), page.exchange)


@pytest.mark.requirements("resolve.twice", "resolve.get-agrees")
def test_resolving_twice_leaves_it_closed(desk: Helpdesk) -> None:
    for number, credential in enumerate(desk.credentials("resolveConversation")):
        record = desk.create(full(desk, desk.contract.channels[number % len(desk.contract.channels)]))
        desk.resolve(record, credential=credential)
        for _ in range(2):
            exchange = desk.call("resolveConversation", id=record.id)
            desk.judge.check("resolve.twice", answers.no_server_error(exchange), exchange)
            if exchange.status == 200:
                # How the second call is answered is open; a 200 is the one that is documented.
                desk.judge.check("resolve.answer", desk.contract.mismatch("Conversation", exchange.members), exchange)
                desk.judge.check("resolve.closes", same_json("closed", exchange.members.get("status"), "status"), exchange)
            reading = desk.call("getConversation", id=record.id)
            if not desk.judge.check("resolve.twice", same_json("closed", reading.members.get("status"), "status"), reading):
                record.unsure.add("status")
            desk.get(record)
        page = desk.page(user_email=record.email, status="closed")
        desk.judge.check("resolve.twice", lists.same_ids({record.id}, page.ids), page.exchange)


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
    page = desk.page(user_email=email, status="open")
    desk.judge.check("resolve.lists-agree", lists.same_ids({fresh.id}, page.ids), page.exchange)


@pytest.mark.requirements(
    "messages.conversation-kept", "messages.touches-no-other", "messages.refusal-changes-nothing", "list.status-filter"
)
def test_a_reply_to_a_closed_conversation_touches_no_other(desk: Helpdesk) -> None:
    email = desk.email("late")
    closed, other, open_one = (desk.create(desk.payload(user_email=email)) for _ in range(3))
    desk.resolve(closed)
    desk.resolve(other)
    bystanders = [desk.snapshot(one) for one in (other, open_one)]
    before = desk.snapshot(closed)
    body = desk.body("One more thing")
    exchange = desk.call("createMessage", id=closed.id, body={"body": body, "user_email": email})
    if exchange.succeeded:
        desk.sent(closed, body, email)
        desk.messages(closed)
    if exchange.refused:
        desk.unchanged(before, "messages.refusal-changes-nothing")
    desk.get(closed)
    for bystander in bystanders:
        desk.unchanged(bystander, "messages.touches-no-other")
    # Whether it is open again or closed still, by now it was read, and lists say the same.
    for status in desk.contract.statuses:
        ids = {record.id for record in (closed, other, open_one) if record.status == status}
        desk.selects("list.status-filter", ids, desk.page(user_email=email, status=status))
    if closed.status == "open":
        desk.resolve(closed)
        desk.get(closed)


@pytest.mark.requirements("list.items-as-get")
def test_a_conversation_is_listed_as_it_is_read(desk: Helpdesk) -> None:
    """Also when it last changed. One that was created a while ago is taken: by whole seconds, too, that is another moment."""
    idle = [one for one in desk.ledger.records.values() if one.last == "created" and not one.unsure and one.email is not None]
    # Other tests count on those whose address has another name.
    record = next((one for one in idle if str(one.email).startswith("user")), None) or desk.create()
    desk.send(record, desk.body())
    desk.listed_as_read(record, desk.all_pages(user_email=record.email))
    desk.resolve(record)
    desk.listed_as_read(record, desk.all_pages(user_email=record.email))


@pytest.mark.requirements("resolve.unknown-id")
def test_an_unknown_conversation_cannot_be_resolved(desk: Helpdesk) -> None:
    record = desk.create()
    for place, unknown in enumerate((*unknown_ids(record.id, desk), *MALFORMED[:6])):
        for number, credential in enumerate(desk.credentials("resolveConversation")):
            if not desk.effort.combined(number, place):
                continue
            exchange = desk.call(
                "resolveConversation", id=unknown, credential=credential, documented=is_uuid(record.id) and is_uuid(unknown)
            )
            desk.judge.check("resolve.unknown-id", answers.is_not_found(exchange), exchange)
    desk.get(record)


def full(desk: Helpdesk, channel: str) -> dict[str, object]:
    longest = desk.contract.subject_maximum
    return desk.payload(
        subject=("Größe 🎉 " + "it arrived broken, and nobody answers, " * (longest // 30))[: longest - 20] + "!",
        description="It arrived broken.",
        user_first_name="Omar",
        user_last_name="N'Diaye",
        priority=desk.contract.priorities[-1],
        channel=channel,
        metadata={"order": {"id": 99, "lines": [1, 2, None]}, "gift": False},
    )
