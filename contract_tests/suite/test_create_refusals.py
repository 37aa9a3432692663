"""Creating conversations: what has to be refused, and that nothing comes of it."""

import json
from typing import Any

import pytest

from contract_tests.contract import Contract
from contract_tests.exchange import Exchange
from contract_tests.expectations import Mismatch, answers, shown
from contract_tests.expectations.conversations import has_email, names
from contract_tests.helpdesk import Helpdesk
from contract_tests.ledger import Person
from contract_tests.reading import Page

REFUSED = "create.refusal-changes-nothing"


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
    for credential in desk.credentials("createConversation"):
        kinds = [{**without, "channel": channel} for channel in desk.contract.channels]
        for payload in (without, {"user_email": marker}, {**without, "subject": None}, *kinds):
            exchange = desk.call("createConversation", body=payload, credential=credential)
            desk.judge.check("create.subject-required", answers.is_refused(exchange), exchange)
    desk.nothing_created(marker, REFUSED)


@pytest.mark.requirements("create.required-members", REFUSED)
def test_a_missing_required_member_is_refused(desk: Helpdesk, contract: Contract) -> None:
    for member in contract["createConversation"].required:
        marker = desk.email("refused")
        payload = desk.payload(user_email=marker)
        del payload[member]
        exchange = desk.call("createConversation", body=payload)
        desk.judge.check("create.required-members", answers.is_refused(exchange), exchange)
        desk.nothing_created(marker, REFUSED)
    exchange = desk.call("createConversation", body={})
    desk.judge.check("create.required-members", answers.is_refused(exchange), exchange)


@pytest.mark.requirements("create.subject-longest", "list.email-filter")
def test_the_longest_subject_is_kept_whole(desk: Helpdesk, contract: Contract) -> None:
    longest, email, created = contract.subject_maximum, desk.email("long"), set()
    for credential in desk.credentials("createConversation"):
        for text in (
            "x" * longest,
            "ü" * longest,
            "日" * longest,
            ("Aé漢" * longest)[:longest],
            ("<&>\"'\\%" * longest)[:longest],
            "y" * (longest - 1),
        ):
            payload = desk.payload(subject=text, user_email=email)
            exchange = desk.call("createConversation", body=payload, credential=credential)
            desk.judge.check("create.subject-longest", answers.status_is(exchange, 201) or _whole(text, exchange), exchange)
            if exchange.succeeded:
                record = desk.created(payload, exchange)
                created.add(record.id)
                desk.get(record)
    # Many an index holds less than that.
    desk.whole(desk.all_pages(user_email=email), created)


@pytest.mark.requirements("create.subject-longest-astral")
def test_astral_characters_count_once(desk: Helpdesk, contract: Contract) -> None:
    text = "🎉" * contract.subject_maximum
    payload = desk.payload(subject=text)
    exchange = desk.call("createConversation", body=payload)
    desk.judge.check("create.subject-longest-astral", answers.status_is(exchange, 201) or _whole(text, exchange), exchange)
    if exchange.succeeded:
        desk.created(payload, exchange, unusual="create.subject-longest-astral")


@pytest.mark.requirements("create.subject-too-long", REFUSED)
def test_a_longer_subject_is_refused(desk: Helpdesk, contract: Contract) -> None:
    marker, longest = desk.email("refused"), contract.subject_maximum
    for credential in desk.credentials("createConversation"):
        for text in (
            "x" * (longest + 1),
            "ü" * (longest + 1),
            "🎉" * (longest + 1),
            "a " * (longest // 2 + 10) + "b",
            "x " + "y" * (longest - 1),
            "x" * 100_000,
        ):
            exchange = desk.call("createConversation", body=desk.payload(subject=text, user_email=marker), credential=credential)
            desk.judge.check("create.subject-too-long", answers.is_refused(exchange), exchange)
    desk.nothing_created(marker, REFUSED)
    # Whoever asks, and whatever it is.
    for channel in contract.channels:
        for email in (marker, None):
            payload = desk.payload(subject="x" * (longest + 1), user_email=email, channel=channel)
            exchange = desk.call("createConversation", body=payload)
            desk.judge.check("create.subject-too-long", answers.is_refused(exchange), exchange)


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
    before = [one for page in desk.recent() for one in page.ids]
    for number, body in enumerate(bodies):
        credentials = desk.credentials("createConversation")
        exchange = desk.call("createConversation", raw=body.encode(), credential=credentials[number % len(credentials)])
        desk.judge.check("create.malformed-json", answers.is_refused(exchange), exchange)
    desk.nothing_created(marker, REFUSED, subject=subject)
    # Nobody else creates conversations without a subject.
    for page in desk.recent():
        blank = [item for item in page.items if item["id"] not in before and not str(item.get("subject") or "").strip()]
        appeared = Mismatch("a conversation without a subject appeared", "none", shown(blank[0])) if blank else None
        desk.judge.check(REFUSED, appeared, page.exchange)


@pytest.mark.requirements(REFUSED, "create.new-user-names")
def test_a_create_that_is_refused_makes_no_user(desk: Helpdesk, contract: Contract) -> None:
    first = {"user_first_name": "Ada", "user_last_name": "Lovelace"}
    second = {"user_first_name": "Grace", "user_last_name": "Hopper"}
    for subject in (None, "x" * (contract.subject_maximum + 1)):
        email = desk.email("refused")
        refused = desk.call("createConversation", body=desk.payload(user_email=email, subject=subject, **first))
        if not refused.refused:
            continue
        exchange = desk.call("createConversation", body=(payload := desk.payload(user_email=email, **second)))
        if exchange.succeeded:
            kept = names(Person("Grace", "Hopper"), exchange.members)
            desk.judge.check(REFUSED, kept, exchange)
            if kept is None:
                desk.created(payload, exchange)


@pytest.mark.requirements(REFUSED, "create.existing-user-names", "list.count")
def test_a_create_that_is_refused_leaves_its_requester_alone(desk: Helpdesk, contract: Contract) -> None:
    record = desk.create(desk.payload(user_first_name="Ada", user_last_name="Lovelace"))
    before = desk.snapshot(record)
    payload = desk.payload(user_email=record.email, user_first_name="Grace", user_last_name="Hopper", description="Refused.")
    too_long = json.dumps({**payload, "subject": "x" * (contract.subject_maximum + 1)}).encode()
    without = json.dumps({**payload, "subject": None}).encode()
    malformed = json.dumps(payload).encode()[:-1]
    answered = [desk.call("createConversation", raw=raw) for raw in (too_long, without, malformed)]
    if all(exchange.refused for exchange in answered):
        desk.unchanged(before, REFUSED)
        desk.whole(desk.page(user_email=record.email), {record.id}, REFUSED)


@pytest.mark.requirements("create.not-an-object", REFUSED)
def test_a_body_that_is_no_object_is_refused(desk: Helpdesk) -> None:
    marker, subject = desk.email("refused"), desk.subject("No object")
    payload = desk.payload(user_email=marker, subject=subject)
    for body in ([payload], [], subject, 1, 0, True, False, 1.5, [[payload]], ["subject", subject], [*payload.items()], ""):
        exchange = desk.call("createConversation", raw=json.dumps(body).encode())
        desk.judge.check("create.not-an-object", answers.is_refused(exchange), exchange)
    exchange = desk.call("createConversation", raw=b"null")
    desk.judge.check("create.not-an-object", answers.is_refused(exchange), exchange)
    desk.nothing_created(marker, REFUSED, subject=subject)


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
    for value in [*strange, other[0], contract.statuses[0], ""]:
        if value in documented:
            continue
        email = desk.email("value")
        exchange = desk.call("createConversation", body=desk.payload(user_email=email, **{member: value}))
        answered = _documented(member, documented, exchange.members) if exchange.succeeded else None
        desk.judge.check("create.undocumented-values", answered, exchange)
        desk.judge.check("create.undocumented-values-refused", answers.is_refused(exchange), exchange)
        page = desk.page(user_email=email)
        for item in page.items:
            desk.judge.check("create.undocumented-values", _documented(member, documented, item), page.exchange)
        if exchange.refused:
            desk.judge.check(REFUSED, _created(page, email), page.exchange)


@pytest.mark.requirements("create.wrong-types", "create.wrong-types-refused")
@pytest.mark.parametrize(
    "member", ["subject", "user_email", "description", "user_first_name", "user_last_name", "priority", "channel", "metadata"]
)
def test_values_of_the_wrong_type_never_come_back(desk: Helpdesk, member: str) -> None:
    wrong: list[Any] = (
        ["text", "", 1, 0, 1.5, True, False, [], ["x"]]
        if member == "metadata"
        else [1, 0, -1.5, True, False, [], ["x"], {}, {"x": "y"}]
    )
    if member in ("priority", "channel"):
        # One in a list is written as the value itself in some languages.
        wrong.append([(desk.contract.priorities if member == "priority" else desk.contract.channels)[-1]])
    email, accepted = desk.email("type"), False
    for value in wrong:
        payload = {**desk.payload(user_email=email), member: value}
        exchange = desk.call("createConversation", body=payload)
        if not (member != "metadata" and exchange.succeeded and _may_become_text(value)):
            desk.judge.check("create.wrong-types-refused", answers.is_refused(exchange), exchange)
        mismatch = None
        if exchange.succeeded:
            mismatch = desk.contract.mismatch("Conversation", exchange.members)
        desk.judge.check("create.wrong-types", mismatch, exchange)
        accepted = accepted or not exchange.refused
    page = desk.page(user_email=email)
    if not accepted and member != "user_email":
        desk.judge.check(REFUSED, _created(page, email), page.exchange)


def _may_become_text(value: Any) -> bool:
    """Many frameworks turn a number into a text, which is theirs to choose."""
    return isinstance(value, bool | int | float)


def _whole(text: str, exchange: Exchange) -> Mismatch | None:
    subject = exchange.members.get("subject")
    return None if subject == text else Mismatch("the subject is not whole", shown(text), shown(subject))


def _documented(member: str, documented: tuple[str, ...], answer: Any) -> Mismatch | None:
    value = answer.get(member)
    if value is None or value in documented:
        return None
    return Mismatch(f"{member} is an undocumented value", f"one of {', '.join(documented)}", shown(value))


def _created(page: Page, email: str) -> Mismatch | None:
    own = [item for item in page.items if has_email(item, email) is None]
    return Mismatch("a request that was refused created a conversation", "none", shown(own[0])) if own else None
