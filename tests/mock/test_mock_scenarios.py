"""What the mock starts with."""

import unicodedata

import pytest

from accord.base.errors import AccordError
from mockserver.app import create_app
from mockserver.scenarios.reader import load_scenario, scenario_names

NAMES = ["busy-inbox", "demo", "empty", "paging"]


def state(api):
    pages = [api.list(key, limit=100, offset=offset).json for key in ("server", "other_server") for offset in (0, 100, 200)]
    items = [item for page in pages for item in page["results"]]
    return items, [api.messages(item["id"], key).json for item in items for key in ("server", "other_server")]


def test_the_names():
    assert scenario_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_keeps_the_contract_and_holds_no_filler(make_api, contract, name):
    api = make_api(scenario=name)
    conversations, pages = state(api)
    for conversation in conversations:
        assert contract.conversation.violations(conversation) == []
        assert conversation["created_at"] <= conversation["updated_at"]
        assert conversation["subject"] == conversation["subject"].strip() != ""
    for page in pages:
        times = [message["created_at"] for message in page.get("results", ())]
        assert times == sorted(times)
        for message in page.get("results", ()):
            assert contract.message.violations(message) == []
            assert "lorem" not in message["body"].lower()
            assert "{" not in message["body"]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_ids_keys_and_times(make_api, name):
    one, two, other = make_api(scenario=name, seed=7), make_api(scenario=name, seed=7), make_api(scenario=name, seed=8)
    assert state(one) == state(two)
    assert one.keys == two.keys != other.keys
    assert one.made()["id"] == two.made()["id"] != other.made()["id"]


def test_how_many(make_api):
    counts = {name: make_api(scenario=name).list().json["count"] for name in NAMES}
    assert counts == {"busy-inbox": 250, "demo": 12, "empty": 0, "paging": 48}
    assert make_api(scenario="paging").list(user_email="paula.page@example.com").json["count"] == 45


def test_the_demo_is_lively(make_api):
    conversations = make_api(scenario="demo").list(limit=100).json["results"]
    assert {item["status"] for item in conversations} == {"open", "pending", "resolved", "closed"}
    assert {item["priority"] for item in conversations} == {"low", "normal", "high", "urgent"}
    assert {item["channel"] for item in conversations} == {"web", "email", "api", "callback"}
    assert any(item["requester"]["email"] is None for item in conversations)
    scripts = {unicodedata.name(c).split()[0] for item in conversations for c in item["subject"] if c.isalpha()}
    assert {"LATIN", "ARABIC", "CJK"} <= scripts


def test_the_busy_inbox_has_every_status(make_api):
    api = make_api(scenario="busy-inbox")
    counts = {status: api.list(status=status).json["count"] for status in ("open", "pending", "resolved", "closed")}
    assert sum(counts.values()) == 250
    assert min(counts.values()) >= 15


def test_a_file_of_ones_own(make_api, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "description: Mine\norganisations: [A, B]\nconversations:\n"
        "  - {subject: Second, created_at: 2026-01-02T00:00:00Z}\n"
        "  - {subject: First, created_at: 2026-01-01T01:00:00+02:00, status: closed, messages: [{body: Hi, from: a@example.com}]}\n"
    )
    api = make_api(scenario=str(path))
    second, first = api.list().json["results"]
    assert (first["subject"], first["number"], first["created_at"]) == ("First", 1, "2025-12-31T23:00:00Z")
    assert (second["subject"], second["number"], second["created_at"]) == ("Second", 2, "2026-01-02T00:00:00Z")
    assert api.messages(first["id"]).json["results"][0]["sender_email"] == "a@example.com"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [", "not YAML"),
        ("[]", "its top"),
        ("description: x\n", "organisations"),
        ("description: x\norganisations: [A, B]\nconversation: []\n", "its top"),
        ("description: x\norganisations: [A, B]\nconversations: [{}]\n", "conversations.0.subject"),
        ("description: x\norganisations: [A, B]\nconversations: [{subject: x, created_at: yesterday}]\n", "created_at"),
        ("description: x\norganisations: [A, B]\nconversations: [{subject: x, status: lost}]\n", "status"),
        ("description: x\norganisations: [A, B]\nconversations: [{subject: x, channel: fax}]\n", "channel"),
        ("description: x\norganisations: [A, B]\nconversations: [{subject: x, organisation: C}]\n", "organisation"),
        ("description: x\norganisations: [A, B]\nconversations: [{subject: x, metadata: {a: !!set {b}}}]\n", "JSON"),
        (
            "description: x\norganisations: [A, B]\ngenerate: [{count: 1, first_at: 2026-01-01T00:00:00Z, minutes_between: 1, "
            "words: {}, templates: [{subject: '{what}'}]}]\n",
            "'what'",
        ),
    ],
)
def test_a_bad_file_is_told_with_the_place(make_api, tmp_path, text, place):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(AccordError) as caught:
        make_api(scenario=str(path))
    assert place in caught.value.message


def test_json_lines(make_api, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(
        '{"organisations": ["A", "B"], "people": [{"email": "ada@example.com", "first_name": "Ada"}]}\n'
        '{"subject": "First", "requester": "ada@example.com", "created_at": "2026-01-01T00:00:00Z"}\n'
        "\n"
        '{"subject": "Second", "requester": {"email": "bo@example.com", "last_name": "Lund"}, "status": "closed", '
        '"metadata": {"n": 1}, "created_at": "2026-01-02T00:00:00Z", "messages": [{"body": "Hi"}]}\n'
    )
    second, first = make_api(scenario=str(path)).list().json["results"]
    assert (first["subject"], first["requester"]["first_name"], first["status"]) == ("First", "Ada", "open")
    assert (second["requester"]["last_name"], second["status"], second["metadata"]) == ("Lund", "closed", {"n": 1})


def test_json_lines_may_begin_before_1970(make_api, tmp_path):
    path = tmp_path / "old.jsonl"
    path.write_text('{"subject": "x", "created_at": "1912-06-23T00:00:00+01:00"}\n{"subject": "y"}\n')
    assert make_api(scenario=str(path)).list().json["results"][1]["created_at"].startswith("1912-06-22T23:00:00")


def test_json_lines_without_a_header_are_of_the_usual_organisations(make_api, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text('{"subject": "One"}\n')
    assert make_api(scenario=str(path)).list().json["count"] == 1


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ('{"subject": "x"}\n{"subject": \n', "line 2, is not JSON"),
        ('{"subject": "x"}\n{"status": "open"}\n', "line 2, is malformed at subject"),
        ('{"organisations": ["A"]}\n', "line 1, is malformed at organisations"),
        ("[]\n", "line 1, is malformed at its top"),
        ('{"subject": "x", "organisation": "Nobody"}\n', "unlisted organisation"),
        ('{"subject": "x", "priority": "none"}\n', "priority"),
        (
            '{"subject": "x", "created_at": "2026-01-02T00:00:00Z"}\n{"subject": "y", "created_at": "2026-01-01T00:00:00Z"}\n',
            "line 2, was created before the line above it",
        ),
        ('{"subject": "x", "created_at": "2016-12-31T23:59:60Z"}\n', "the time 2016-12-31T23:59:60Z"),
        ('{"subject": "x", "created_at": "9999-12-31T23:59:59-01:00"}\n', "the time 9999-12-31T23:59:59-01:00"),
    ],
)
def test_bad_json_lines_are_told_with_the_line(make_api, tmp_path, lines, place):
    path = tmp_path / "bad.jsonl"
    path.write_text(lines)
    with pytest.raises(AccordError) as caught:
        make_api(scenario=str(path))
    assert place in caught.value.message


def test_progress_is_told(contract, tmp_path):
    path = tmp_path / "many.jsonl"
    path.write_text('{"subject": "x"}\n' * 45_000)
    told = []
    create_app(spec=contract, scenario=str(path), progress=told.append)
    assert told == [20_000, 40_000]


def test_an_unknown_scenario_is_told_with_those_that_exist():
    with pytest.raises(AccordError) as caught:
        load_scenario("deno")
    for name in NAMES:
        assert name in caught.value.hint
