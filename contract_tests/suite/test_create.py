"""Creating conversations: what the response shows of the request, and what it shows where the request says nothing."""

import itertools
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import Page
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, GET_CONVERSATION
from contract_tests.data import samples
from contract_tests.effort import Effort
from contract_tests.judging.mismatches import Mismatch, lists, of_item, responses
from contract_tests.judging.mismatches.conversations import email_mismatch, names_mismatch, null_as_text
from contract_tests.model.ledger import Person, Record

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


@pytest.mark.requirements("create.anonymous", "create.anonymous-apart", "create.anonymous-address", "get.as-created")
def test_an_anonymous_conversation_is_created(desk: Helpdesk, contract: Contract) -> None:
    """First in a run, since the first create has names: if all anonymous people are one to a server, all get these names."""
    if "user_email" in contract[CREATE_CONVERSATION].required:
        pytest.skip("the contract requires user_email")
    records: list[Record] = []
    for number, credential in enumerate(desk.credentials(CREATE_CONVERSATION)):
        for place in range(4):
            payload = desk.payload(user_email=None, **{"metadata": None, **_anonymous_members(contract, number, place)})
            with desk.since(2 if "description" in payload else 1):
                exchange = desk.call(CREATE_CONVERSATION, body=payload, credential=credential)
                desk.check("create.anonymous", responses.status_mismatch(exchange, 201), exchange)
                if exchange.succeeded:
                    records.append(desk.record_created(payload, exchange))
                    if desk.effort.combined(number, place):
                        desk.get(records[-1])
    # Later creates have changed nothing of these: they are different people, or one person that nobody renames.
    for record in records[:2]:
        desk.get(record)


@pytest.mark.since(2)
@pytest.mark.requirements("create.anonymous-apart", "create.anonymous-address")
def test_anonymous_people_are_not_one_who_share_something(desk: Helpdesk, contract: Contract) -> None:
    """A first name, both names of somebody with an address, or that their address is null."""
    if "user_email" in contract[CREATE_CONVERSATION].required:
        pytest.skip("the contract requires user_email")
    named = {"user_first_name": "Anneliese", "user_last_name": "Allerdings"}
    anonymous = desk.create(desk.payload(user_email=None, **named))
    desk.create(desk.payload(user_email=None, user_first_name="Anneliese"))
    # Nor does somebody with these names and an address become the one who gave none.
    desk.create(desk.payload(**named))
    desk.get(anonymous)
    names = {"user_first_name": "Rosalinde", "user_last_name": "Namensschwester"}
    known = desk.create(desk.payload(**names))
    desk.get(desk.create(desk.payload(user_email=None, **names)))
    page = desk.list_page(user_email=known.email)
    desk.check("create.anonymous-address", lists.ids_mismatch({known.id}, page.ids), page.exchange)
    for first, last in (("Theodora", "Nachnamen"), ("Leopoldine", "Vornamen")):
        payload = {**desk.payload(user_email=None, user_first_name=first, user_last_name=last), "user_email": None}
        exchange = desk.call(CREATE_CONVERSATION, body=payload)
        if exchange.succeeded:
            desk.record_created(payload, exchange)


def _anonymous_members(contract: Contract, number: int, place: int) -> dict[str, Any]:
    """The `place`-th create without an address by the `number`-th key.

    Each member is sent with and without each other member, by each key, on each channel and at each priority, in only sixteen
    creates, since different sums of the same four bits choose them (an orthogonal array).
    """
    if place == number == 3:
        # The default of both, and nothing beside the subject.
        return {}
    one, two, three, four = number & 1, number >> 1, place & 1, place >> 1
    # Names of nobody else, so that they are known wherever they turn up.
    every = {
        "user_first_name": (f"Anja {number}{place}", one ^ four),
        "user_last_name": (f"Nym {number}{place}", two ^ three),
        "description": ("Who knows?", one ^ two ^ three),
        "metadata": ({"page": "/"}, one ^ three ^ four),
    }
    channel, priority = contract.channels[place % len(contract.channels)], number ^ place
    members: dict[str, Any] = {"channel": channel, "priority": contract.priorities[priority % len(contract.priorities)]}
    return members | {name: value for name, (value, is_left_out) in every.items() if not is_left_out}


@pytest.mark.requirements("create.status", "create.answer", "create.priority-default", "create.metadata-default", "create.opens")
def test_a_subject_is_enough(desk: Helpdesk, contract: Contract) -> None:
    required = contract[CREATE_CONVERSATION].required
    for credential in desk.credentials(CREATE_CONVERSATION):
        payload = {name: value for name, value in desk.payload().items() if name in (*required, "subject")}
        desk.get(desk.create(payload, credential=credential))


@pytest.mark.requirements("create.answer", "create.requester-email", "create.new-user-names", "create.timestamps")
@pytest.mark.requirements("any.timestamp-separator")
def test_every_documented_member_is_kept(desk: Helpdesk) -> None:
    readers = desk.credentials(GET_CONVERSATION)
    for number, credential in enumerate(desk.credentials(CREATE_CONVERSATION)):
        record = desk.create(full_payload(desk), credential=credential)
        for place, reader in enumerate(readers):
            if desk.effort.combined(number + 1, place, len(readers)):
                desk.get(record, credential=reader)


@pytest.mark.requirements("create.priority-kept", "create.channel-kept", "auth.cookies", "origin.unrestricted", *ALWAYS)
def test_every_priority_with_every_channel_is_kept(desk: Helpdesk, contract: Contract) -> None:
    """Each key gives each priority and each channel, and the texts are such as somebody may take for something else."""
    credentials, subjects = desk.credentials(CREATE_CONVERSATION), itertools.cycle(samples.SUBJECTS)
    others = itertools.cycle([*samples.SUBJECTS[-5:], *samples.SUBJECTS[:-5]])
    for number, priority in enumerate(contract.priorities):
        for place, channel in enumerate(contract.channels):
            credential = credentials[(number + place) % len(credentials)]
            text, name = next(subjects), next(others)
            names = {"user_first_name": name} if place % 2 else {"user_last_name": name}
            payload = desk.payload(priority=priority, channel=channel, subject=text[: contract.subject_maximum], **names)
            desk.get(desk.create(payload, credential=credential))


@pytest.mark.since(2)
@pytest.mark.requirements("create.anonymous", "create.new-user-names", "create.priority-default", "create.metadata-default")
@pytest.mark.requirements("create.description-whole")
def test_members_that_are_null_are_refused_or_as_if_left_out(desk: Helpdesk, contract: Contract) -> None:
    operation = contract[CREATE_CONVERSATION]
    optional = [name for name in operation.request["properties"] if name not in operation.required]
    for left_out in ("metadata", "user_email"):
        if left_out not in optional:
            continue
        nulls = [name for name in optional if name == left_out or name != "user_email"]
        # Where one is refused, the others go by themselves.
        if not _create_with_nulls(desk, nulls):
            for name in nulls:
                _create_with_nulls(desk, [name])


def _create_with_nulls(desk: Helpdesk, names: list[str]) -> bool:
    """Create with null for these members, and judge what came of it. Whether it was accepted."""
    payload = desk.payload(**dict.fromkeys(["metadata", *names]))
    exchange = desk.call(CREATE_CONVERSATION, body={**payload, **dict.fromkeys(names)})
    if not exchange.succeeded:
        return False
    record = desk.record_created(payload, exchange)
    by = "create.anonymous" if "user_email" in names else "create.new-user-names"
    desk.check(by, null_as_text(exchange.members.get("requester"), "requester"), exchange)
    items, listing = desk.read_messages(record.id)
    spelled = (of_item(null_as_text({"body": item.get("body")}, ""), item) for item in items)
    desk.check("create.description-whole", next(filter(None, spelled), None), listing, because=[exchange])
    return True


@pytest.mark.requirements("create.requester-email", "create.anonymous", "create.anonymous-address")
def test_anonymous_conversations_are_nobody_elses(desk: Helpdesk, contract: Contract) -> None:
    if "user_email" in contract[CREATE_CONVERSATION].required:
        pytest.skip("the contract requires user_email")
    named = desk.create()
    payload = desk.payload(user_email=None)
    exchange = desk.call(CREATE_CONVERSATION, body=payload)
    desk.check("create.anonymous", responses.status_mismatch(exchange, 201), exchange)
    with desk.since(2):
        # Nor is who is spoken of in the metadata the requester.
        spoken = {"email": named.email, "user_email": named.email, "requester": {"email": named.email}}
        desk.create(desk.payload(user_email=None, metadata=spoken))
    page = desk.list_page(user_email=named.email)
    desk.check_page_is(page, {named.id})
    requester = exchange.members.get("requester")
    email = requester.get("email") if isinstance(requester, dict) else None
    if exchange.succeeded and isinstance(email, str) and email:
        record = desk.record_created(payload, exchange)
        page = desk.list_page(user_email=email, limit=contract.page_maximum)
        desk.check("create.anonymous-address", _selects_others(page, record.id), page.exchange, because=[exchange])


@pytest.mark.requirements("create.new-user-names", "create.existing-user-names")
def test_names_of_an_existing_user_are_not_overwritten(desk: Helpdesk, contract: Contract) -> None:
    """Nor does a later conversation take anything else from an earlier one: each has another channel and another priority."""
    again: tuple[dict[str, str], ...] = (
        {"user_first_name": "Max", "user_last_name": "Mustermann"},
        {"user_first_name": "Eve"},
        {"user_last_name": "Smith"},
        {},
    )
    for number, credential in enumerate(desk.credentials(CREATE_CONVERSATION)):
        if not desk.effort.combined(number // 2, number):
            # By a key of each tier, in either header.
            continue
        email = desk.email("named")
        names = {"user_first_name": "Zoë", "user_last_name": "D'Ávila & <Söhne>"}
        first = desk.create(desk.payload(user_email=email, **names, **_turn(contract, number)), credential=credential)
        later = [names for place, names in enumerate(again) if desk.effort.combined(number // 2, place)]
        turns = [_turn(contract, number + 1 + place) for place in range(len(later))]
        others = [desk.create(desk.payload(user_email=email, **one, **turn)) for one, turn in zip(later, turns, strict=True)]
        # This holds whatever else a create has, whatever the user has done since, and even if nothing is open any more.
        desk.send(first, desk.body())
        if number >= 2:
            for record in (first, *others):
                desk.resolve(record)
        named = {"user_first_name": "Rudolf", "user_last_name": "von und zu Hohenlohe"}
        payload = desk.payload(user_email=email, **named, **_turn(contract, number + 2), description="Who am I?")
        others.append(desk.create(payload))
        # Empty names may be refused, as many a framework does unless it is told otherwise; accepted, they overwrite nothing.
        blank = desk.payload(user_email=email, user_first_name="", user_last_name="")
        exchange = desk.call(CREATE_CONVERSATION, body=blank)
        if exchange.succeeded:
            others.append(desk.record_created(blank, exchange))
        # All of them are looked at in the list; what is read by itself is the first and the last.
        desk.list_page(user_email=email)
        for record in (first, others[-1]):
            desk.get(record)


def _turn(contract: Contract, number: int) -> dict[str, str]:
    """A channel and a priority, others for the next number."""
    channels, priorities = contract.channels, contract.priorities
    return {"channel": channels[number % len(channels)], "priority": priorities[number % len(priorities)]}


@pytest.mark.since(2)
@pytest.mark.requirements("create.existing-user-names", "get.as-created")
def test_an_address_in_other_case_overwrites_nothing(desk: Helpdesk) -> None:
    """Whether it is the same user is a choice: either way, the first user keeps its names, and its address as it was."""
    first = desk.create(desk.payload(user_first_name="Zoë", user_last_name="Ferreira"))
    assert first.email is not None
    desk.call(
        CREATE_CONVERSATION, body=desk.payload(user_email=first.email.capitalize(), user_first_name="Eve", user_last_name="S.")
    )
    reading = desk.call(GET_CONVERSATION, id=first.id)
    mismatch = email_mismatch(reading.members, first.email) or names_mismatch(Person("Zoë", "Ferreira"), reading.members)
    desk.check("create.existing-user-names", mismatch, reading)
    if mismatch is not None:
        first.unsure.add("requester")


@pytest.mark.since(2)
@pytest.mark.requirements("create.new-user-names", "get.as-created", "list.email-filter")
def test_names_are_those_of_an_address_with_capitals(desk: Helpdesk) -> None:
    """No record, since which spellings of the address a list finds is a choice; one of the sent and the shown one must be found."""
    email = desk.email("Mixed.Case")
    creating = desk.call(CREATE_CONVERSATION, body=desk.payload(user_email=email, user_first_name="Zoë", user_last_name="Ferreira"))
    if not creating.succeeded:
        return
    reading = desk.call(GET_CONVERSATION, id=str(creating.members.get("id")))
    for exchange, requirement in ((creating, "create.new-user-names"), (reading, "get.as-created")):
        mismatch = email_mismatch(exchange.members, email) or names_mismatch(Person("Zoë", "Ferreira"), exchange.members)
        desk.check(requirement, mismatch, exchange, because=[creating] if exchange is reading else ())
    requester = reading.members.get("requester")
    shown_as = requester.get("email") if isinstance(requester, dict) else None
    if isinstance(shown_as, str) and shown_as:
        pages = [desk.list_page(user_email=spelled) for spelled in dict.fromkeys((email, shown_as))]
        found = next((page for page in pages if page.items), pages[-1])
        desk.check_page_is(found, {str(creating.members.get("id"))})


@pytest.mark.requirements("create.new-user-names")
def test_one_name_is_enough(desk: Helpdesk) -> None:
    for names in ({"user_first_name": "Mary Ann"}, {"user_first_name": "Björk"}, {"user_last_name": "Sigurðardóttir"}):
        desk.get(desk.create(desk.payload(**names)))


@pytest.mark.since(2)
@pytest.mark.requirements("create.id-unique", "create.text-exact", "get.as-created", "messages.touches-no-other")
def test_a_subject_that_names_another_conversation_opens_one_of_its_own(desk: Helpdesk, contract: Contract) -> None:
    """Mail is sorted into threads by such subjects; a create is not, whatever its channel."""
    email, subject = desk.email("thread"), desk.subject("Where is my parcel?")
    first = desk.create(desk.payload(user_email=email, subject=subject))
    before = desk.take_snapshot(first)
    for channel in contract.channels:
        for answering in (f"Re: {subject}", f"Re: [#{first.shown.get('number')}] {subject}"):
            named = answering[: contract.subject_maximum]
            desk.create(desk.payload(user_email=email, subject=named, channel=channel, description=desk.body("And mine?")))
    desk.check_unchanged(before, "messages.touches-no-other")


@pytest.mark.requirements("create.id-unique", "create.number-unique")
def test_equal_requests_create_different_conversations(desk: Helpdesk, effort: Effort) -> None:
    payload = full_payload(desk)
    payload.pop("user_first_name")
    payload.pop("user_last_name")
    # Equal in every member, and then in all but one.
    created: list[Record] = [desk.create(payload) for _ in range(4)]
    created += [desk.create({**payload, "metadata": {"attempt": attempt}}) for attempt in range(4)]
    if "user_email" not in desk.contract[CREATE_CONVERSATION].required:
        anonymous = {name: value for name, value in payload.items() if name != "user_email"}
        for _ in range(2):
            desk.create(anonymous)
    page = desk.list_all(user_email=payload["user_email"])
    desk.check_page_is(page, {record.id for record in created})


def _selects_others(page: Page, conversation_id: str) -> Mismatch | None:
    """Return why an address is another's: the complete list of its conversations lacks the one that shows it.

    An address that selects nothing may have been made up for display.
    """
    if not page.items or len(page.items) < page.count or conversation_id in page.ids:
        return None
    told = "an anonymous conversation shows an address by which others are listed, and not it"
    return Mismatch(told, f"{conversation_id} among them, or none", ", ".join(page.ids[:3]))


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
