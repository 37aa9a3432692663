"""Where in a response the wrong value is: JSON Pointers, and the characters of a body that they point to."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.contract.document import load_contract
from contract_tests.judging.evidence import KEPT_BODY, KEPT_HEADER, evidence_of
from contract_tests.judging.mismatches import Mismatch, lists, messages, of_item, pointer, responses
from contract_tests.judging.mismatches.conversations import email_mismatch, timestamp_mismatch
from contract_tests.judging.mismatches.values import json_mismatch, text_mismatch
from contract_tests.judging.places import kept, place_of, span_of
from contract_tests.outcome.tally import Evidence, evidence_from
from contract_tests.transport.exchange import Call, Exchange

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def exchange(body: object, headers: dict[str, str] | None = None) -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(Call("GET", "/api/v1/conversations/"), "http://127.0.0.1/", 200, headers or {}, raw, 0.001)


def evidence(mismatch: Mismatch, body: object) -> Evidence:
    return evidence_of(mismatch, exchange(body), test="t", base_url="http://127.0.0.1", redact=lambda text: text)


def marked(shown: Evidence) -> str:
    assert shown.response is not None
    assert shown.marked is not None
    return str(shown.response["body"])[slice(*shown.marked)]


def all_places(value: Any, place: str = "") -> list[tuple[str, Any]]:
    found = [(place, value)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [one for name, member in members for one in all_places(member, place + pointer(name))]


@given(VALUES, st.sampled_from([None, 2]))
def test_a_pointer_finds_what_it_points_to(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    for place, member in all_places(value)[1:]:
        span = span_of(text, place)
        assert span is not None
        assert json.loads(text[slice(*span)]) == member


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1}', ""),
        ('{"a": 1}', "/b"),
        ('{"a": 1}', "/a/b"),
        ('{"a": [1]}', "/a/1"),
        ('{"a": [1]}', "/a/x"),
        ("[]", "/0"),
        ("{}", "/a"),
        ("{", "/a"),
        ("", "/a"),
        ('{"a" 1}', "/b"),
        ("<html>", "/a"),
        ("[" * 100_000, "/0/0"),
    ],
)
def test_a_pointer_to_nothing_finds_nothing(text: str, place: str) -> None:
    assert span_of(text, place) is None


def test_of_two_members_of_one_name_the_last_one_counts() -> None:
    text = '{"a": 1, "a": 22}'
    assert text[slice(*(span_of(text, "/a") or (0, 0)))] == "22"


def test_a_number_of_thousands_of_digits_is_passed_over() -> None:
    text = f'{{"n": {"9" * 5000}, "b": 2}}'
    assert text[slice(*(span_of(text, "/b") or (0, 0)))] == "2"


@pytest.mark.parametrize(
    ("mismatch", "where"),
    [
        (json_mismatch("normal", "low", "priority"), "/priority"),
        (json_mismatch({"a": {"b/c": [1, 2]}}, {"a": {"b/c": [1, 3]}}, "metadata"), "/metadata/a/b~1c/1"),
        (json_mismatch({"a": 1}, {}, "metadata"), "/metadata"),
        (json_mismatch({}, {"a": 1}, "metadata"), "/metadata/a"),
        (json_mismatch({"status": "open"}, {"status": "closed"}, "the conversation"), "/status"),
        (text_mismatch("Ada", "Eve", "requester.first_name"), "/requester/first_name"),
        (email_mismatch({"requester": {"email": "eve@example.com"}}, "ada@example.com"), "/requester/email"),
        (timestamp_mismatch({"created_at": "yesterday", "updated_at": "now"}), "/created_at"),
        (lists.count_mismatch(3, 4), "/count"),
        (responses.not_json(exchange(b"{}", {"content-type": "text/html"})), "content-type"),
        (load_contract().mismatch("Conversation", {"id": 5}), ""),
        (load_contract().page_mismatch("ConversationPage", "Conversation", {"count": 1, "results": [{"id": []}]}), "/results/0"),
    ],
)
def test_a_mismatch_says_where_it_is(mismatch: Mismatch | None, where: str) -> None:
    assert mismatch is not None
    assert mismatch.where == where


def test_a_schema_says_which_member_breaks_it() -> None:
    contract = load_contract()
    conversation = dict.fromkeys(contract.conversation_members)
    found = contract.mismatch("Conversation", {**conversation, "status": "wrong"})
    assert found is not None
    assert found.where.removeprefix("/") in contract.conversation_members


@pytest.mark.parametrize(
    ("mismatch", "where"),
    [
        (lists.ids_mismatch(["a", "b"], ["a", "b", "a"]), "/results/2"),
        (lists.ids_mismatch(["a"], ["a", "b"]), "/results/1"),
        (lists.ids_mismatch(["a", "b", "c"], ["a", "b"]), "/results"),
        (lists.order_mismatch(["b", "a"], ["a", "b"], "asked"), "/results/2"),
        (of_item(json_mismatch("open", "closed", "status"), {"id": "b"}), "/results/1/status"),
        (of_item(json_mismatch("open", "closed", "status"), {"id": "elsewhere"}), ""),
        (messages.shared_ids([{"id": "b"}, {"id": "a"}, {"id": "a"}]), "/results/2/id"),
    ],
)
def test_an_item_of_a_list_is_found_by_its_id(mismatch: Mismatch | None, where: str) -> None:
    assert mismatch is not None
    page = {"results": [{"id": one} for one in ("a", "b", "a")]}
    assert place_of(mismatch, exchange(page)) == where


def test_evidence_marks_the_wrong_member() -> None:
    shown = evidence(Mismatch("s", "normal", "low", "/priority"), {"subject": "low", "priority": "low"})
    assert (shown.where, marked(shown)) == ("/priority", '"low"')
    assert shown.marked == (31, 36)


def test_a_member_that_is_missing_is_looked_for_in_what_should_have_it() -> None:
    shown = evidence(Mismatch("s", "e", "a", "/requester/email"), {"requester": {}})
    assert (shown.where, marked(shown)) == ("/requester", "{}")
    assert evidence(Mismatch("s", "e", "a", "/priority"), {}).where == ""


def test_of_a_long_list_the_item_is_kept_that_is_wrong() -> None:
    page = {"count": 100, "results": [{"id": f"c{number}", "subject": "x" * 400} for number in range(100)]}
    shown = evidence(of_item(json_mismatch("y", "x" * 400, "subject"), {"id": "c77"}) or Mismatch("", "", ""), page)
    assert shown.response is not None
    body = shown.response["body"]
    assert shown.where == "/results/77/subject"
    assert marked(shown) == f'"{"x" * 400}"'
    assert body.startswith('{"count": 100, "results": [… (')
    assert '"id": "c77"' in body
    assert '"id": "c76"' not in body
    assert body.endswith(" characters left out) …")
    assert len(body) < KEPT_BODY


def test_a_long_value_is_kept_around_its_beginning() -> None:
    text = json.dumps({"a": "x" * 50_000, "b": "wrong", "c": "y" * 50_000})
    where, span, body = kept(text, "/b", 20_000)
    assert (where, body[slice(*(span or (0, 0)))]) == ("/b", '"wrong"')
    assert len(body) < 20_100
    text = json.dumps({"b": "x" * 50_000})
    where, span, body = kept(text, "/b", 20_000)
    assert span is not None
    assert body[slice(*span)].startswith('"xxx')
    assert span[1] <= len(body)


def test_marks_survive_the_way_from_a_worker() -> None:
    shown = evidence(Mismatch("s", "e", "a", "/a"), {"a": 1})
    assert evidence_from(json.loads(json.dumps(asdict(shown)))) == shown


def test_a_long_header_is_cut_and_says_so() -> None:
    sent = exchange({}, {"x-long": "a" * 60_000, "x-short": "b"})
    found = evidence_of(Mismatch("wrong", "one", "another"), sent, test="t", base_url="http://127.0.0.1", redact=str)
    assert found.response is not None
    headers = found.response["headers"]
    assert headers["x-short"] == "b"
    assert headers["x-long"] == f"{'a' * KEPT_HEADER}… (60000 characters in all)"
