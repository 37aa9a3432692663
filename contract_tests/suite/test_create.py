"""Creating conversations: what the answer shows of the request, and what it shows where the request says nothing."""

from typing import Any

import pytest

from contract_tests import samples
from contract_tests.contract import Contract
from contract_tests.effort import Effort
from contract_tests.expectations import answers, messages
from contract_tests.expectations.values import same_json
from contract_tests.helpdesk import Helpdesk
from contract_tests.ledger import Record, mark_of

ALWAYS = (
    "create.status",
    "create.answer",
    "create.requester-email",
    "create.opens",
    "create.id-unique",
    "create.number-unique",
    "create.timestamps",
    "create.metadata-default",
    "get.answer",
)
"""What every create and every get exercises."""


@pytest.mark.requirements("create.status", "create.answer", "create.priority-default", "create.metadata-default", "create.opens")
def test_a_subject_is_enough(desk: Helpdesk, contract: Contract) -> None:
    required = contract["createConversation"].required
    for credential in desk.credentials("createConversation"):
        payload = {name: value for name, value in desk.payload().items() if name in (*required, "subject")}
        desk.get(desk.create(payload, credential=credential))


@pytest.mark.requirements("create.answer", "create.requester-email", "create.new-user-names", "create.timestamps")
def test_every_documented_member_is_kept(desk: Helpdesk) -> None:
    for credential in desk.credentials("createConversation"):
        record = desk.create(full_payload(desk), credential=credential)
        for reader in desk.credentials("getConversation"):
            desk.get(record, credential=reader)


@pytest.mark.requirements("create.priority-kept", "create.channel-kept", *ALWAYS)
def test_every_priority_with_every_channel_is_kept(desk: Helpdesk, contract: Contract) -> None:
    for priority in contract.priorities:
        for channel in contract.channels:
            desk.get(desk.create(desk.payload(priority=priority, channel=channel)))


@pytest.mark.requirements("create.priority-kept", "create.channel-kept")
def test_every_key_may_give_every_priority_and_channel(desk: Helpdesk, contract: Contract) -> None:
    for credential in desk.credentials("createConversation"):
        for priority in contract.priorities:
            desk.create(desk.payload(priority=priority), credential=credential)
        for channel in contract.channels:
            desk.create(desk.payload(channel=channel), credential=credential)


@pytest.mark.requirements("create.anonymous", "get.as-created")
def test_an_anonymous_conversation_is_created(desk: Helpdesk, contract: Contract) -> None:
    if "user_email" in contract["createConversation"].required:
        pytest.skip("the contract requires user_email")
    kinds: list[dict[str, Any]] = [{"channel": channel} for channel in contract.channels]
    kinds += [{"priority": priority} for priority in contract.priorities]
    records: list[Record] = []
    for number, credential in enumerate(desk.credentials("createConversation")):
        chosen = [kind for place, kind in enumerate(kinds) if place % 4 == number]
        named: dict[str, Any] = {"user_first_name": f"Ann {number}", "user_last_name": "A", "metadata": {"page": f"/{number}"}}
        for members in ({}, named, *chosen):
            payload = desk.payload(user_email=None, **members)
            exchange = desk.call("createConversation", body=payload, credential=credential)
            desk.judge.check("create.anonymous", answers.status_is(exchange, 201), exchange)
            if exchange.succeeded:
                records.append(desk.created(payload, exchange))
                desk.get(records[-1])
    # What came later has changed nothing of those before: they are different people, or one whom nobody renames.
    for record in records[:2]:
        desk.get(record)


@pytest.mark.requirements("create.requester-email", "create.anonymous")
def test_anonymous_conversations_are_nobody_elses(desk: Helpdesk, contract: Contract) -> None:
    if "user_email" in contract["createConversation"].required:
        pytest.skip("the contract requires user_email")
    named = desk.create()
    exchange = desk.call("createConversation", body=desk.payload(user_email=None))
    desk.judge.check("create.anonymous", answers.status_is(exchange, 201), exchange)
    page = desk.page(user_email=named.email)
    desk.whole(page, {named.id})


@pytest.mark.requirements("create.new-user-names", "create.existing-user-names")
def test_names_of_an_existing_user_are_not_overwritten(desk: Helpdesk) -> None:
    again: tuple[dict[str, str], ...] = (
        {"user_first_name": "Max", "user_last_name": "Mustermann"},
        {"user_first_name": "Eve"},
        {"user_last_name": "Smith"},
        {},
    )
    for number, credential in enumerate(desk.credentials("createConversation")):
        email = desk.email("named")
        first = desk.create(desk.payload(user_email=email, user_first_name="Zoë", user_last_name="Ferreira"), credential=credential)
        later = [names for place, names in enumerate(again) if desk.effort.combined(number, place)]
        others = [desk.create(desk.payload(user_email=email, **names)) for names in later]
        # Whatever comes with the names, and whatever the user has done since.
        desk.send(first, desk.body())
        named = {"user_first_name": "Rudolf", "user_last_name": "von und zu Hohenlohe"}
        channels = desk.contract.channels
        payload = desk.payload(user_email=email, **named, channel=channels[(number + 2) % len(channels)], description="Who am I?")
        others.append(desk.create(payload))
        # Empty names may be refused, as many a framework does unless it is told otherwise; accepted, they overwrite nothing.
        blank = desk.payload(user_email=email, user_first_name="", user_last_name="")
        exchange = desk.call("createConversation", body=blank)
        if exchange.succeeded:
            others.append(desk.created(blank, exchange))
        for record in (first, *others):
            desk.get(record)
        desk.page(user_email=email)


@pytest.mark.requirements("create.existing-user-names", "get.as-created")
def test_an_address_in_other_case_overwrites_nothing(desk: Helpdesk) -> None:
    """Whether it is the same user is a choice: whose names were given first keeps them, and the address as it was."""
    first = desk.create(desk.payload(user_first_name="Zoë", user_last_name="Ferreira"))
    assert first.email is not None
    desk.call(
        "createConversation", body=desk.payload(user_email=first.email.capitalize(), user_first_name="Eve", user_last_name="S.")
    )
    reading = desk.call("getConversation", id=first.id)
    kept = same_json(first.shown.get("requester"), reading.members.get("requester"), "requester")
    desk.judge.check("create.existing-user-names", kept, reading)
    if kept is not None:
        first.unsure.add("requester")


@pytest.mark.requirements("create.new-user-names")
def test_one_name_is_enough(desk: Helpdesk) -> None:
    for names in ({"user_first_name": "Mary Ann"}, {"user_first_name": "Björk"}, {"user_last_name": "Sigurðardóttir"}):
        desk.get(desk.create(desk.payload(**names)))


@pytest.mark.requirements("create.text-exact", "get.as-created")
def test_text_comes_back_as_it_was_sent(desk: Helpdesk, contract: Contract) -> None:
    for text in samples.TEXTS:
        subject = text[: contract.subject_maximum]
        payload = desk.payload(subject=subject, user_first_name=text[:100], user_last_name=text[:100])
        desk.get(desk.create(payload))


@pytest.mark.requirements("create.metadata-kept", "get.as-created")
def test_metadata_comes_back_equal(desk: Helpdesk) -> None:
    for metadata in samples.METADATA:
        record = desk.create(desk.payload(metadata=metadata))
        desk.get(record)


@pytest.mark.requirements("create.description-whole")
def test_a_description_that_becomes_a_message_is_whole(desk: Helpdesk) -> None:
    everything = "\n".join(samples.TEXTS)
    for text in (
        "My parcel is late.",
        everything,
        "Line one\nline two\r\nline three\n\n  and four",
        "word " * 600 + "日" * 6_000 + "end",
    ):
        marker = desk.body(text)
        record = desk.create(desk.payload(description=marker))
        items, exchange = desk.read_messages(record.id)
        token = mark_of(marker)
        found = [item.get("body") for item in items if token in str(item.get("body"))]
        mismatches = [mismatch for body in found if (mismatch := messages.holds_whole(marker, body))]
        desk.judge.check("create.description-whole", mismatches[0] if mismatches else None, exchange)


@pytest.mark.requirements("create.id-unique", "create.number-unique")
def test_equal_requests_create_different_conversations(desk: Helpdesk, effort: Effort) -> None:
    payload = full_payload(desk)
    payload.pop("user_first_name")
    payload.pop("user_last_name")
    # Equal in every member, and then in all but one.
    created: list[Record] = [desk.create(payload) for _ in range(4)]
    created += [desk.create({**payload, "metadata": {"attempt": attempt}}) for attempt in range(4)]
    for record in created:
        desk.get(record)
    if "user_email" not in desk.contract["createConversation"].required:
        anonymous = {name: value for name, value in payload.items() if name != "user_email"}
        for _ in range(2):
            desk.create(anonymous)
    page = desk.all_pages(user_email=payload["user_email"])
    desk.whole(page, {record.id for record in created})


@pytest.mark.requirements("create.opens", "create.id-unique", "create.number-unique", "create.timestamps", "create.requester-email")
def test_what_the_server_decides_is_not_taken_from_the_body(desk: Helpdesk) -> None:
    """Members that only answers have are unknown ones in a request: it is refused, or they are as if they were not there."""
    known = desk.create()
    for members in (
        {"status": "closed"},
        {"number": known.shown.get("number")},
        {"id": known.id},
        {"requester": known.shown.get("requester")},
        {"created_at": "2999-12-31T23:59:59Z", "updated_at": "2001-01-01T00:00:00Z"},
    ):
        payload = desk.payload(**members)
        exchange = desk.call("createConversation", body=payload)
        if exchange.succeeded:
            desk.get(desk.created(payload, exchange))
    desk.get(known)


@pytest.mark.requirements("create.status", "create.answer")
def test_the_order_and_spacing_of_the_body_do_not_matter(desk: Helpdesk, contract: Contract) -> None:
    payload = desk.payload(priority=contract.priorities[-1], channel=contract.channels[-1], metadata=None)
    members = ", ".join(f' "{name}" :\n\t"{value}" ' for name, value in reversed(payload.items()))
    exchange = desk.call("createConversation", raw=f"  {{ {members} }}\r\n".encode())
    desk.judge.check("create.status", answers.status_is(exchange, 201), exchange)
    if exchange.succeeded:
        desk.get(desk.created(payload, exchange))


@pytest.mark.requirements("create.status")
def test_a_media_type_with_charset_is_accepted(desk: Helpdesk) -> None:
    payload = desk.payload(subject=desk.subject("Größe"))
    exchange = desk.call("createConversation", body=payload, headers={"Content-Type": "application/json; charset=utf-8"})
    desk.judge.check("create.status", answers.status_is(exchange, 201), exchange)
    if exchange.succeeded:
        desk.created(payload, exchange)


def full_payload(desk: Helpdesk) -> dict[str, object]:
    """A create with every documented member."""
    return desk.payload(
        description="The tracking page has not moved since Monday.",
        user_first_name="Jane",
        user_last_name="Doe",
        priority=desk.contract.priorities[-1],
        channel=desk.contract.channels[0],
        metadata={"order": "1234", "phone": "+49 30 1234567", "items": [{"sku": "A-1", "quantity": 2}]},
    )
