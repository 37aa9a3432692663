"""Every option of every open point does what spec/choices.yaml says of it."""

import re
from datetime import datetime

import pytest
import yaml

from accord.assets import CHOICES
from accord.errors import AccordError
from mockserver.choices import choose, load_catalogue, read_profile

CATALOGUE = yaml.safe_load(CHOICES.read_text())
PAIRS = [(name, option) for name, choice in CATALOGUE.items() for option in choice["options"]]
BASE = "/api/v1/conversations/"

OBSERVED = {}
"""For each choice, a function that tells from a mock's answers which option it takes."""


def observe(function):
    OBSERVED[function.__name__] = function
    return function


@pytest.mark.parametrize(("name", "option"), PAIRS)
def test_the_mock_takes_the_option(make_api, name, option):
    assert name in OBSERVED, f"nothing here observes {name}"
    assert OBSERVED[name](make_api(choices={name: option})) == option


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_mock_takes_the_default(make_api, name):
    assert OBSERVED[name](make_api()) == str(CATALOGUE[name]["default"])


@pytest.mark.parametrize(("name", "option"), PAIRS)
def test_whatever_the_option_the_answers_keep_the_contract(make_api, contract, name, option):
    api = make_api(choices={name: option}, scenario="demo")
    made = api.made(user_email="ada@example.com", user_first_name="Ada", description="Hello?", priority="high", metadata={"a": 1})
    anonymous = api.made()
    assert api.get(made["id"]).json == made
    assert api.list(user_email="ada@example.com").json["results"] == [made]
    assert api.send(made["id"]).status_code in (200, 201) or name == "unknown_sender"
    page = api.list(limit=100).json
    assert page["count"] == len(page["results"]) == 14
    for shown in (made, anonymous, *page["results"]):
        assert contract.conversation.violations(shown) == []
        assert datetime.fromisoformat(shown["created_at"]) <= datetime.fromisoformat(shown["updated_at"])
    for shown in page["results"]:
        messages = api.messages(shown["id"]).json
        assert messages["count"] == len(messages["results"])
        for message in messages["results"]:
            assert contract.message.violations(message) == []
    assert api.resolve(made["id"]).json["status"] == "closed"
    assert api.list(status="closed", user_email="ada@example.com").json["count"] == 1
    assert api.create(key="nonsense").json == {"detail": "Invalid or revoked API key."}


@observe
def limit_over_maximum(api):
    answer = api.list(limit=101)
    return "clamp" if answer.status_code == 200 else "reject"


@observe
def invalid_value_status(api):
    statuses = {api.create(priority="asap").status_code, api.create(subject=None).status_code, api.list(limit="x").status_code}
    assert len(statuses) == 1
    return str(statuses.pop())


@observe
def default_channel(api):
    return api.made()["channel"]


@observe
def create_message_status(api):
    return str(api.send(api.made()["id"]).status_code)


@observe
def create_message_body(api):
    conversation = api.made()
    answer = api.send(conversation["id"]).json
    message = api.messages(conversation["id"]).json["results"][0]
    if answer == message:
        return "message"
    return "wrapped" if message in answer.values() else "other"


@observe
def description_as_message(api):
    messages = api.messages(api.made(description="Hello?")["id"]).json["results"]
    return "first_message" if [message["body"] for message in messages] == ["Hello?"] else "not_a_message"


@observe
def list_order(api):
    made = [api.made()["id"] for _ in range(9)]
    listed = [item["id"] for item in api.list().json["results"]]
    pages = [api.list(limit=2, offset=offset).json["results"] for offset in range(0, 10, 2)]
    assert [item["id"] for page in pages for item in page] == listed
    assert sorted(listed) == sorted(made)
    return {tuple(made): "oldest", tuple(made[::-1]): "newest"}.get(tuple(listed), "other")


@observe
def anonymous_requester(api):
    requester = api.made()["requester"]
    if requester is None:
        return "null_requester"
    email = requester["email"]
    if email:
        assert api.list(user_email=email).json["count"] == 1
        assert api.made()["requester"]["email"] != email
    return {None: "null_email", "": "empty_email"}.get(email, "generated_email")


@observe
def anonymous_names(api):
    requester = api.made()["requester"]
    assert api.made(user_first_name="Ada")["requester"]["first_name"] == "Ada"
    return "null_names" if (requester["first_name"], requester["last_name"]) == (None, None) else "empty_names"


@observe
def missing_names(api):
    requester = api.made(user_email="ada@example.com", user_first_name="Ada")["requester"]
    assert requester["first_name"] == "Ada"
    return "null_names" if requester["last_name"] is None else "empty_names"


@observe
def malformed_id_status(api):
    assert api.get("11111111-2222-4333-8444-555555555555").status_code == 404
    return str(api.get("nonsense").status_code)


@observe
def reply_to_closed(api):
    id = api.made()["id"]
    api.resolve(id)
    answer = api.send(id)
    if answer.status_code == 409:
        assert api.messages(id).json["count"] == 0
        return "refuse"
    status = api.get(id).json["status"]
    assert api.list(status=status).json["count"] == 1
    return "reopen" if status == "open" else "accept"


@observe
def client_resolve_status(api):
    id = api.made()["id"]
    answer = api.resolve(id, "client")
    assert api.get(id).json["status"] == "open"
    return str(answer.status_code)


@observe
def empty_subject(api):
    answer = api.create(subject="")
    return "accept" if answer.status_code == 201 and answer.json["subject"] == "" else "refuse"


@observe
def email_lookup_case(api):
    api.made(user_email="ada@example.com")
    return "fold" if api.list(user_email="ADA@Example.com").json["count"] == 1 else "keep"


@observe
def email_answer_case(api):
    made = api.made(user_email="Ada@Example.com")
    api.send(made["id"], user_email="Ada@Example.com")
    shown = made["requester"]["email"]
    assert api.messages(made["id"]).json["results"][0]["sender_email"] == shown
    return "keep" if shown == "Ada@Example.com" else "fold"


@observe
def malformed_email(api):
    answers = [api.create(user_email=email) for email in ("nobody", "a@b@c.de", "a b@c.de", "@c.de", "a@", "")]
    accepted = {answer.status_code == 201 for answer in answers}
    assert len(accepted) == 1
    return "accept" if accepted.pop() else "refuse"


@observe
def resolve_twice(api):
    id = api.made()["id"]
    api.resolve(id)
    answer = api.resolve(id)
    assert api.get(id).json["status"] == "closed"
    return str(answer.status_code)


@observe
def unknown_body_fields(api):
    answer = api.create(colour="blue")
    if answer.status_code == 201:
        assert "colour" not in answer.json
        return "ignore"
    assert answer.json == {"detail": "colour: This field is not documented."}
    return "refuse"


@observe
def null_optional_member(api):
    answer = api.create(description=None, user_email=None, priority=None, channel=None, metadata=None, user_first_name=None)
    if answer.status_code == 201:
        assert (answer.json["priority"], answer.json["metadata"]) == ("normal", {})
        return "absent"
    return "refuse"


@observe
def number_for_text(api):
    answer = api.create(user_email="ada@example.com", user_first_name=7, user_last_name=1.5)
    assert api.create(user_first_name=True).status_code == 400
    if answer.status_code == 400:
        return "refuse"
    assert answer.json["requester"]["last_name"] == "1.5"
    return "convert"


@observe
def unknown_status_filter(api):
    api.made()
    answer = api.list(status="nonsense")
    if answer.status_code == 400:
        return "refuse"
    return "ignore" if answer.json["count"] == 1 else "empty"


@observe
def invalid_paging(api):
    api.made()
    answers = [api.call("GET", f"{BASE}?{query}") for query in ("limit=x", "limit=-1", "limit=0", "offset=-1", "offset=x")]
    assert len({answer.status_code for answer in answers}) == 1
    if answers[0].status_code == 400:
        return "refuse"
    assert all(answer.json["count"] == len(answer.json["results"]) == 1 for answer in answers)
    return "fallback"


@observe
def missing_trailing_slash(api):
    made = api.made()
    answer = api.call("GET", f"{BASE}{made['id']}?x=1")
    resolved = api.call("POST", f"{BASE}{made['id']}/resolve")
    assert resolved.status_code == answer.status_code
    if answer.status_code == 308:
        assert answer.headers["Location"] == f"{BASE}{made['id']}/?x=1"
        assert api.call("POST", f"{BASE}create", json={"subject": "x"}, follow_redirects=True).status_code == 201
        return "redirect"
    return "serve" if answer.status_code == 200 else "not_found"


@observe
def envelope_extra_members(api):
    conversation = api.made(user_email="a+b@example.com")
    for _ in range(4):
        api.made(user_email="a+b@example.com")
    first = api.list(limit=2, user_email="a+b@example.com").json
    extra = set(first) - {"count", "results"}
    assert set(api.messages(conversation["id"]).json) == set(first)
    if extra == {"next", "previous"}:
        found, page = [], first
        assert page["previous"] is None
        while True:
            found += page["results"]
            if page["next"] is None:
                break
            page = api.call("GET", page["next"]).json
        assert found == api.list().json["results"]
        assert api.call("GET", page["previous"]).json["results"] == found[2:4]
        return "next_previous"
    return "other" if extra else "none"


@observe
def object_extra_members(api):
    conversation = api.made(description="x")
    message = api.messages(conversation["id"]).json["results"][0]
    extra = len(conversation) > 10
    assert (len(message) > 5) == extra
    return "some" if extra else "none"


@observe
def error_body_shape(api):
    missing = api.call("POST", f"{BASE}create/", json={})
    assert missing.status_code == 400
    for answer in (missing, api.get("nonsense"), api.call("GET", "/nowhere"), api.call("PUT", BASE), api.resolve("x", "client")):
        assert isinstance(answer.json, dict)
    assert api.list(key=None).json == {"detail": "Invalid or revoked API key."}
    if missing.content_type == "application/problem+json":
        assert missing.json["status"] == 400
        assert missing.json["title"] == "Bad Request"
        return "problem_json"
    assert missing.content_type == "application/json"
    if missing.json == {"subject": ["This field is required."]}:
        return "per_field"
    return "detail" if missing.json == {"detail": "subject: This field is required."} else "other"


@observe
def timestamp_fraction(api):
    digits = re.fullmatch(r"[\d-]+T[\d:]+(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)", api.made()["created_at"])[1] or ""
    return {0: "none", 3: "milliseconds", 6: "microseconds"}.get(len(digits), "other")


@observe
def timestamp_offset(api):
    return "z" if api.made()["created_at"].endswith("Z") else "numeric"


@observe
def unknown_sender(api):
    conversation = api.made(user_email="ada@example.com")
    assert api.send(conversation["id"], user_email="ada@example.com").status_code == 201
    answer = api.send(conversation["id"], user_email="nobody.yet@example.com")
    if answer.status_code == 400:
        assert api.messages(conversation["id"]).json["count"] == 1
        return "refuse"
    return "accept"


@observe
def surrounding_white_space(api):
    made = api.made(subject=" a  b\n", description="\tx ", user_email="ada@example.com", user_first_name=" Ada ")
    message = api.messages(made["id"]).json["results"][0]["body"]
    got = (made["subject"], message, made["requester"]["first_name"])
    if got == ("a  b", "x", "Ada"):
        assert api.create(subject=" \n ").status_code == 400
        assert api.create(priority=" high").status_code == 400
        return "trim"
    assert got == (" a  b\n", "\tx ", " Ada ")
    return "keep"


@observe
def nul_character(api):
    answers = [api.create(subject="a\0b"), api.create(metadata={"a": ["\0"]}), api.create(metadata={"\0": 1})]
    if {answer.status_code for answer in answers} == {400}:
        return "refuse"
    assert answers[0].json["subject"] == "a\0b"
    assert answers[1].json["metadata"] == {"a": ["\0"]}
    return "keep"


@observe
def missing_origin(api):
    return "accept" if api.list("origin_client").status_code == 200 else "refuse"


@observe
def origin_refusal_status(api):
    answer = api.call("GET", BASE, "origin_client", {"Origin": "https://evil.example"})
    return str(answer.status_code)


@observe
def first_number(api):
    number = api.made()["number"]
    assert api.made()["number"] == number + 1
    return "one" if number == 1 else "other"


@observe
def message_types(api):
    conversation = api.made(description="Hello?")
    api.send(conversation["id"])
    types = [message["message_type"] for message in api.messages(conversation["id"]).json["results"]]
    assert types[1] == "reply"
    return "reply_only" if types[0] == "reply" else "more"


@observe
def message_paging(api):
    id = api.made()["id"]
    for n in range(25):
        api.send(id, body=str(n))
    first = api.messages(id).json
    assert first["count"] == 25
    if len(first["results"]) == 25:
        assert len(api.messages(id, limit=2).json["results"]) == 25
        return "none"
    rest = api.messages(id, limit=100, offset=20).json["results"]
    assert [message["body"] for message in first["results"] + rest] == [str(n) for n in range(25)]
    return "limit_offset"


def test_paged_messages_link_to_their_neighbours(make_api):
    api = make_api(choices={"message_paging": "limit_offset", "envelope_extra_members": "next_previous"})
    id = api.made()["id"]
    for n in range(5):
        api.send(id, body=str(n))
    page = api.messages(id, limit=2).json
    found = page["results"]
    while page["next"]:
        page = api.call("GET", page["next"]).json
        found += page["results"]
    assert [message["body"] for message in found] == ["0", "1", "2", "3", "4"]


def test_an_unknown_choice_is_told_with_those_that_exist():
    with pytest.raises(AccordError) as caught:
        choose({"limit_over_maximun": "clamp"})
    assert "Did you mean limit_over_maximum?" in caught.value.message
    assert "resolve_twice" in caught.value.hint
    with pytest.raises(AccordError) as caught:
        choose({"limit_over_maximum": "rejekt"})
    assert "Did you mean reject?" in caught.value.message
    assert "clamp, reject" in caught.value.hint


def test_a_profile_is_read_with_its_scalars_as_text(tmp_path):
    path = tmp_path / "profile.yaml"
    path.write_text("invalid_value_status: 422\nlimit_over_maximum: reject\n")
    taken = choose(read_profile(path))
    assert taken["invalid_value_status"] == "422"
    assert taken["resolve_twice"] == load_catalogue()["resolve_twice"].default
    for text in ("- a\n", "a: {b: c}\n", "a: [b\n", "just text\n"):
        path.write_text(text)
        with pytest.raises(AccordError):
            read_profile(path)
    with pytest.raises(AccordError):
        read_profile(tmp_path / "none.yaml")
