"""Creating conversations: what has to be refused, and that nothing comes of it."""

import json
from collections.abc import Collection
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import Page
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION
from contract_tests.judging.mismatches import Mismatch, of_item, pointer, responses, shown
from contract_tests.judging.mismatches.conversations import email_mismatch, names_mismatch
from contract_tests.model.ledger import Person
from contract_tests.transport.exchange import Exchange

REFUSED = "create.refusal-changes-nothing"

_REPETITIONS = 10
"""How often something has to follow from a request before it is taken for its consequence."""


@pytest.mark.requirements("create.subject-required", REFUSED)
def test_a_missing_or_null_subject_is_refused(desk: Helpdesk) -> None:
    marker = desk.email("refused")
    others = {
        "description": "A description is no subject.",
        "user_first_name": "Ann",
        "user_last_name": "Lee",
        "metadata": {"a": 1},
    }
    without = desk.payload(user_email=marker, subject=None, **others)
    kinds = [{**without, "channel": channel} for channel in desk.contract.channels]
    for number, credential in enumerate(desk.credentials(CREATE_CONVERSATION)):
        for place, payload in enumerate((without, {"user_email": marker}, {**without, "subject": None}, *kinds)):
            if place and not desk.effort.combined(number, place, one_in=2 if place < 3 else 4):
                continue
            exchange = desk.call(CREATE_CONVERSATION, body=payload, credential=credential)
            desk.check("create.subject-required", responses.not_refused(exchange), exchange)
    desk.check_nothing_created(marker, REFUSED)


@pytest.mark.requirements("create.required-members", REFUSED)
def test_a_missing_required_member_is_refused(desk: Helpdesk, contract: Contract) -> None:
    for member in contract[CREATE_CONVERSATION].required:
        marker = desk.email("refused")
        payload = desk.payload(user_email=marker)
        del payload[member]
        exchange = desk.call(CREATE_CONVERSATION, body=payload)
        desk.check("create.required-members", responses.not_refused(exchange), exchange)
        desk.check_nothing_created(marker, REFUSED)
    exchange = desk.call(CREATE_CONVERSATION, body={})
    desk.check("create.required-members", responses.not_refused(exchange), exchange)


@pytest.mark.requirements("create.subject-longest", "list.email-filter")
def test_the_longest_subject_is_kept_whole(desk: Helpdesk, contract: Contract) -> None:
    longest, email, created = contract.subject_maximum, desk.email("long"), set()
    texts = (
        "x" * longest,
        "ü" * longest,
        "日" * longest,
        ("Aé漢" * longest)[:longest],
        ("<&>\"'\\%" * longest)[:longest],
        "y" * (longest - 1),
    )
    for number, credential in enumerate(desk.credentials(CREATE_CONVERSATION)):
        for place, text in enumerate(texts):
            if not desk.effort.combined(number, place):
                continue
            payload = desk.payload(subject=text, user_email=email)
            exchange = desk.call(CREATE_CONVERSATION, body=payload, credential=credential)
            desk.check(
                "create.subject-longest", responses.status_mismatch(exchange, 201) or _subject_mismatch(text, exchange), exchange
            )
            if exchange.succeeded:
                record = desk.record_created(payload, exchange)
                created.add(record.id)
                if desk.effort.combined(number // 2, place, one_in=4):
                    desk.get(record)
    # Many an index holds less than that.
    desk.check_page_is(desk.list_all(user_email=email), created)


@pytest.mark.requirements("create.subject-longest-astral")
def test_astral_characters_count_once(desk: Helpdesk, contract: Contract) -> None:
    text = "🎉" * contract.subject_maximum
    payload = desk.payload(subject=text)
    exchange = desk.call(CREATE_CONVERSATION, body=payload)
    desk.check(
        "create.subject-longest-astral", responses.status_mismatch(exchange, 201) or _subject_mismatch(text, exchange), exchange
    )
    if exchange.succeeded:
        desk.record_created(payload, exchange, unusual="create.subject-longest-astral")


@pytest.mark.requirements("create.subject-too-long", REFUSED)
def test_a_longer_subject_is_refused(desk: Helpdesk, contract: Contract) -> None:
    marker, longest, subject = desk.email("refused"), contract.subject_maximum, desk.subject("Too long")
    texts = (
        # The part of it that would fit must not be kept, either, for any requester.
        f"{subject} {'x' * longest}",
        "x" * (longest + 1),
        "ü" * (longest + 1),
        "🎉" * (longest + 1),
        "a " * (longest // 2 + 10) + "b",
        "x " + "y" * (longest - 1),
        "x" * 100_000,
    )
    for number, credential in enumerate(desk.credentials(CREATE_CONVERSATION)):
        for place, text in enumerate(texts):
            if not desk.effort.combined(number, place):
                continue
            exchange = desk.call(CREATE_CONVERSATION, body=desk.payload(subject=text, user_email=marker), credential=credential)
            desk.check("create.subject-too-long", responses.not_refused(exchange), exchange)
    desk.check_nothing_created(marker, REFUSED, subject=subject)
    # Whoever asks, and whatever it is.
    for number, channel in enumerate(contract.channels):
        for place, email in enumerate((marker, None)):
            if not desk.effort.combined(number, place):
                continue
            payload = desk.payload(subject="x" * (longest + 1), user_email=email, channel=channel)
            exchange = desk.call(CREATE_CONVERSATION, body=payload)
            desk.check("create.subject-too-long", responses.not_refused(exchange), exchange)


@pytest.mark.requirements("create.malformed-json", REFUSED)
def test_a_body_that_is_not_json_is_refused(desk: Helpdesk) -> None:
    marker, subject = desk.email("refused"), desk.subject("Malformed")
    whole = json.dumps(desk.payload(user_email=marker, subject=subject))
    bodies = [
        "",
        " ",
        whole[:-1],
        whole.replace('"', "'"),
        whole[:-1] + ",}",
        whole[1:],
        "subject=" + subject,
        whole.replace(", ", ", /* a comment */ ", 1),
        "// a comment\n" + whole,
        whole.replace('"subject"', "subject"),
    ]
    for number, body in enumerate(bodies):
        credentials = desk.credentials(CREATE_CONVERSATION)
        exchange = desk.call(CREATE_CONVERSATION, raw=body.encode(), credential=credentials[number % len(credentials)])
        desk.check("create.malformed-json", responses.not_refused(exchange), exchange)
    desk.check_nothing_created(marker, REFUSED, subject=subject)
    for tier in ("server", "client"):
        _check_none_appears(desk, whole[:-1], tier)


def _check_none_appears(desk: Helpdesk, body: str, tier: str) -> None:
    """Judge that a malformed body creates no conversation, whatever that may hold, with a key of a tier.

    Others may create some at any time. So if one appears, the body is sent several times, with a random number of reads between:
    what appears each time that it is sent, and never otherwise, comes from it.
    """
    credential = next((one for one in desk.credentials(CREATE_CONVERSATION) if one.tier == tier), None)
    if credential is None:
        return
    seen, page = _not_of_the_run(desk)
    for attempt in range(_REPETITIONS):
        for _ in range(desk.random.randint(1, 4) if attempt else 0):
            fresh, page = _not_of_the_run(desk)
            if set(fresh) - set(seen):
                # Others do so: nothing can be told.
                return
            seen |= fresh
        desk.call(CREATE_CONVERSATION, raw=body.encode(), credential=credential)
        fresh, page = _not_of_the_run(desk)
        appeared = [one for name, one in fresh.items() if name not in seen]
        if not appeared:
            desk.check(REFUSED, None, page.exchange)
            return
        seen |= fresh
    mismatch = Mismatch("a conversation appeared as a malformed body was refused", "none", shown(appeared[0]))
    desk.check(REFUSED, of_item(mismatch, appeared[0]), page.exchange)


def _not_of_the_run(desk: Helpdesk) -> tuple[dict[str, dict[str, Any]], Page]:
    """The conversations at either end of the list that no request of this run names, by id, and the last page."""
    pages = desk.list_recent()
    items = [item for page in pages for item in page.items if item["id"] not in desk.ledger.records]
    # Other workers of the run create some meanwhile.
    return {item["id"]: item for item in items if desk.run_id not in f"{item.get('subject')} {item.get('requester')}"}, pages[-1]


@pytest.mark.requirements(REFUSED, "create.new-user-names")
def test_a_create_that_is_refused_makes_no_user(desk: Helpdesk, contract: Contract) -> None:
    first = {"user_first_name": "Ada", "user_last_name": "Lovelace"}
    second = {"user_first_name": "Grace", "user_last_name": "Hopper"}
    documented: tuple[dict[str, Any], ...] = ({"subject": None}, {"subject": "x" * (contract.subject_maximum + 1)})
    # What is refused for something else, later on the way through the server.
    others: tuple[dict[str, Any], ...] = ({"metadata": ["x"]}, {"priority": {"x": "y"}}, {"channel": ["x"]}, {"description": ["x"]})
    for kinds in (documented, others):
        email = desk.email("refused")
        for members in kinds:
            if not desk.call(CREATE_CONVERSATION, body=desk.payload(user_email=email, **members, **first)).refused:
                # Who was made by that is not new any more.
                email = desk.email("refused")
        exchange = desk.call(CREATE_CONVERSATION, body=(payload := desk.payload(user_email=email, **second)))
        if exchange.succeeded:
            mismatch = names_mismatch(Person("Grace", "Hopper"), exchange.members)
            desk.check(REFUSED, mismatch, exchange)
            if mismatch is None:
                desk.record_created(payload, exchange)


@pytest.mark.since(2)
@pytest.mark.requirements(REFUSED, "create.priority-default", "create.metadata-default")
def test_nothing_of_a_refused_create_is_in_the_next_one(desk: Helpdesk, contract: Contract) -> None:
    names, description = {"user_first_name": "Refuse", "user_last_name": "Leftover"}, desk.body("Refused.")
    whole = {**names, "description": description, "metadata": {"left": "over"}}
    whole |= {"priority": contract.priorities[-1], "channel": contract.channels[-1]}
    for subject in (None, "x" * (contract.subject_maximum + 1)):
        if not desk.call(CREATE_CONVERSATION, body=desk.payload(subject=subject, **whole)).refused:
            continue
        payload = desk.payload(metadata=None)
        exchange = desk.call(CREATE_CONVERSATION, body=payload)
        if not exchange.succeeded:
            continue
        record, requester = desk.record_created(payload, exchange), exchange.members.get("requester")
        left = [name for name in names.values() if isinstance(requester, dict) and name in requester.values()]
        told = "a name that was refused with another create is shown"
        desk.check(REFUSED, Mismatch(told, "no name", left[0], "/requester") if left else None, exchange)
        items, listing = desk.read_messages(record.id)
        again = [item for item in items if description in str(item.get("body"))]
        told = "a description that was refused with another create is a message"
        desk.check(REFUSED, of_item(Mismatch(told, "no such message", description), again[0]) if again else None, listing)


@pytest.mark.requirements(REFUSED, "create.existing-user-names", "list.count")
def test_a_create_that_is_refused_leaves_its_requester_alone(desk: Helpdesk, contract: Contract) -> None:
    record = desk.create(desk.payload(user_first_name="Ada", user_last_name="Lovelace"))
    before = desk.take_snapshot(record)
    payload = desk.payload(user_email=record.email, user_first_name="Grace", user_last_name="Hopper", description="Refused.")
    too_long = json.dumps({**payload, "subject": "x" * (contract.subject_maximum + 1)}).encode()
    without = json.dumps({**payload, "subject": None}).encode()
    malformed = json.dumps(payload).encode()[:-1]
    answered = [desk.call(CREATE_CONVERSATION, raw=raw) for raw in (too_long, without, malformed)]
    if all(exchange.refused for exchange in answered):
        desk.check_unchanged(before, REFUSED)
        desk.check_page_is(desk.list_page(user_email=record.email), {record.id}, REFUSED)


@pytest.mark.requirements("create.not-an-object", REFUSED)
def test_a_body_that_is_no_object_is_refused(desk: Helpdesk) -> None:
    marker, subject = desk.email("refused"), desk.subject("No object")
    payload = desk.payload(user_email=marker, subject=subject)
    for body in ([payload], [], subject, 1, 0, True, False, 1.5, [[payload]], ["subject", subject], [*payload.items()], ""):
        exchange = desk.call(CREATE_CONVERSATION, raw=json.dumps(body).encode())
        desk.check("create.not-an-object", responses.not_refused(exchange), exchange)
    exchange = desk.call(CREATE_CONVERSATION, raw=b"null")
    desk.check("create.not-an-object", responses.not_refused(exchange), exchange)
    with desk.since(2):
        # Written as JSON twice, it is a text.
        exchange = desk.call(CREATE_CONVERSATION, raw=json.dumps(json.dumps(payload)).encode())
        desk.check("create.not-an-object", responses.not_refused(exchange), exchange)
    desk.check_nothing_created(marker, REFUSED, subject=subject)


@pytest.mark.requirements("create.undocumented-values", "create.undocumented-values-refused")
@pytest.mark.parametrize("member", ["priority", "channel"])
def test_undocumented_values_are_never_stored(desk: Helpdesk, contract: Contract, member: str) -> None:
    documented = contract.priorities if member == "priority" else contract.channels
    strange = [
        "critical",
        "phone",
        "sms",
        "none",
        "default",
        documented[0].upper(),
        documented[-1].title(),
        f"{documented[0]} ",
        f"{documented[-1]}\n",
        f"{documented[0]}x",
    ]
    other = contract.channels if member == "priority" else contract.priorities
    email, accepted = desk.email("value"), set()
    beside = {"description": "Beside all the rest.", "metadata": {"a": 1}, "channel": contract.channels[-1]}
    for number, value in enumerate([*strange, other[0], contract.statuses[0], ""]):
        if value in documented:
            continue
        # A right priority is no reason to take a wrong channel.
        right = {"priority": contract.priorities[-1]} if number % 4 == 3 else {}
        members = {**(beside if number % 2 else {}), **right, member: value}
        with desk.since(2 if right else 1):
            exchange = desk.call(CREATE_CONVERSATION, body=desk.payload(user_email=email, **members))
            mismatch = _undocumented(member, documented, exchange.members) if exchange.succeeded else None
            desk.check("create.undocumented-values", mismatch, exchange)
            desk.check("create.undocumented-values-refused", responses.not_refused(exchange), exchange)
        if not exchange.refused:
            accepted.add(exchange.members.get("id"))
    page = desk.list_all(user_email=email)
    for item in page.items:
        desk.check("create.undocumented-values", of_item(_undocumented(member, documented, item), item), page.exchange)
    # One that was neither refused nor acknowledged may have created something.
    if None not in accepted:
        desk.check(REFUSED, _created_anyway(page, email, accepted), page.exchange)


MEMBERS = ("subject", "user_email", "description", "user_first_name", "user_last_name", "priority", "channel", "metadata")
"""The documented members of a create."""


@pytest.mark.requirements("create.wrong-types", "create.wrong-types-refused")
@pytest.mark.parametrize("member", MEMBERS)
def test_values_of_the_wrong_type_never_come_back(desk: Helpdesk, member: str) -> None:
    wrong: list[Any] = (
        ["text", "", 1, 0, 1.5, True, False, [], ["x"]]
        if member == "metadata"
        else [1, 0, -1.5, True, False, [], ["x"], {}, {"x": "y"}]
    )
    if desk.effort.sparse and member not in ("subject", "metadata"):
        # One value of each kind; the empty values are divided among the members.
        wrong = [1, True, ["x"], {"x": "y"}, *([[]] if MEMBERS.index(member) % 2 else [0, False, {}])]
    if member in ("priority", "channel"):
        # One in a list is written as the value itself in some languages.
        wrong.append([(desk.contract.priorities if member == "priority" else desk.contract.channels)[-1]])
    email, accepted = desk.email("type"), False
    for value in wrong:
        # A name is looked at where the user is new, and once one was accepted it is not.
        email = desk.email("type") if "name" in member else email
        payload = {**desk.payload(user_email=email), member: value}
        exchange = desk.call(CREATE_CONVERSATION, body=payload)
        if not (member != "metadata" and exchange.succeeded and _may_become_text(value)):
            desk.check("create.wrong-types-refused", responses.not_refused(exchange), exchange)
        mismatch = None
        if exchange.succeeded:
            mismatch = desk.contract.mismatch("Conversation", exchange.members)
        desk.check("create.wrong-types", mismatch, exchange)
        accepted = accepted or not exchange.refused
    page = desk.list_page(user_email=email)
    if not accepted and member != "user_email":
        desk.check(REFUSED, _created_anyway(page, email), page.exchange)


@pytest.mark.since(2)
@pytest.mark.requirements("create.wrong-types", "create.wrong-types-refused", "any.no-server-error")
def test_values_of_the_wrong_type_beside_each_other_never_come_back(desk: Helpdesk) -> None:
    """Send several at once, for a new user with an address: code that handles one of them may fail at another."""
    kinds: list[Any] = [["x"], {"x": "y"}, [], {}]
    names = [
        {"user_first_name": one, "user_last_name": kinds[(place + shift) % 4]}
        for place, one in enumerate(kinds)
        for shift in (0, 1)
    ]
    others = ("description", "priority", "channel", "user_first_name", "metadata")
    mixed = [{member: (*kinds, 7)[(place + turn) % 5] for place, member in enumerate(others)} for turn in range(2)]
    for members in (*names, *mixed):
        exchange = desk.call(CREATE_CONVERSATION, body={**desk.payload(metadata=None), **members})
        desk.check("create.wrong-types-refused", responses.not_refused(exchange), exchange)
        mismatch = desk.contract.mismatch("Conversation", exchange.members) if exchange.succeeded else None
        desk.check("create.wrong-types", mismatch, exchange)


def _may_become_text(value: Any) -> bool:
    """Many frameworks turn a number into a text, which is theirs to choose."""
    return isinstance(value, bool | int | float)


def _subject_mismatch(text: str, exchange: Exchange) -> Mismatch | None:
    subject = exchange.members.get("subject")
    return None if subject == text else Mismatch("the subject is not whole", shown(text), shown(subject), "/subject")


def _undocumented(member: str, documented: tuple[str, ...], response: Any) -> Mismatch | None:
    value = response.get(member)
    if value is None or value in documented:
        return None
    return Mismatch(f"{member} is an undocumented value", f"one of {', '.join(documented)}", shown(value), pointer(member))


def _created_anyway(page: Page, email: str, accepted: Collection[object] = ()) -> Mismatch | None:
    own = [item for item in page.items if email_mismatch(item, email) is None and item.get("id") not in accepted]
    created = [of_item(Mismatch("a request that was refused created a conversation", "none", shown(one)), one) for one in own]
    return created[0] if created else None
