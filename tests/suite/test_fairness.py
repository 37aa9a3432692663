"""What the suite may hold against a server, case by case: how a value is read, what may be compared, and whose a message is."""

from typing import Any

import pytest
from hypothesis.errors import FlakyFailure

from contract_tests.contract.document import load_contract
from contract_tests.contract.json_text import parse
from contract_tests.contract.timestamps import not_a_timestamp, wrong_separator
from contract_tests.judging.mismatches.comparing import compare_messages, conversation_mismatch, updated_at_moved
from contract_tests.judging.mismatches.isolation import another_shown, is_the_same
from contract_tests.judging.mismatches.messages import description_mismatch
from contract_tests.judging.mismatches.values import json_mismatch, line_mismatch, text_mismatch
from contract_tests.judging.pathological import is_pathological, is_unparsable
from contract_tests.suite.generated import endings_as_they_are
from contract_tests.transport.exchange import DROPPED, Call, Exchange
from contract_tests.transport.sender import Unanswered

CONTRACT = load_contract()
CONVERSATION: dict[str, Any] = {
    "id": "7",
    "number": 7,
    "subject": "Order 7",
    "status": "open",
    "priority": "normal",
    "channel": "api",
    "metadata": {"views": 1},
    "requester": {"email": "Ann@Example.com", "first_name": None, "last_name": "Lee", "last_seen_at": 1},
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
    "views": 1,
}


def exchange(status: int, body: bytes = b"", *, sent: bytes | None = None) -> Exchange:
    return Exchange(Call("POST", "/api/v1/conversations/create/", body=sent), "http://x", status, {}, body, 0.0)


@pytest.mark.parametrize(("text", "number"), [(b"5.0", 5), (b"1E+1", 10), (b"-2.50e1", -25), (b"9007199254740991.0", 2**53 - 1)])
def test_a_whole_number_is_an_integer_however_it_is_written(text: bytes, number: int) -> None:
    found = parse(b'{"count": ' + text + b"}")["count"]
    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize("text", [b"5.5", b"1.5e300", b"1e16"])
def test_other_numbers_stay_floats(text: bytes) -> None:
    assert type(parse(text)) is float


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 101 + b"]" * 101,
        b'{"subject": "\\ud800"}',
        b'{"n": 9223372036854775808}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b'{"n": 1e999}',
        b'{"n": NaN}',
        b'{"n": -Infinity}',
        b'{"subject": "\xff"}',
    ],
)
def test_what_frameworks_break_down_at_is_pathological(body: bytes) -> None:
    assert is_pathological(Call("POST", "/", body=body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100 + b"]" * 100,
        b'{"subject": "\\ud83c\\udf89"}',
        b'{"subject": "\\u0000"}',
        b'{"n": 9223372036854775807, "m": 1.5e300}',
        b'{"subject": "NaN, Infinity and 1e999, 99999999999999999999"}',
        b'{"subject": "x"',
    ],
)
def test_other_input_is_not_pathological(body: bytes) -> None:
    assert not is_pathological(Call("POST", "/", body=body))


def test_parameters_beyond_64_bits_and_long_request_lines_are_pathological() -> None:
    for value in (2**63, -(2**63) - 1, 10**40, "1" * 5000):
        assert is_pathological(Call("GET", "/", (("limit", str(value)),)))
    for value in (2**63 - 1, -(2**63), "abc", "x" * 3000):
        assert not is_pathological(Call("GET", "/", (("limit", str(value)),)))
    assert is_pathological(Call("GET", "/" + "a" * 9000))
    assert is_pathological(Call("GET", "/%ED%A0%80/"))
    assert not is_pathological(Call("GET", "/%FF/"))


def test_a_body_that_is_no_json_object_or_array_need_not_be_parsed() -> None:
    no_json = (b"", b" ", b"{", b"subject=x", b"// a\n{}", b"\xef\xbb\xbf{}")
    assert all(is_unparsable(Call("POST", "/", body=body)) for body in no_json)
    assert all(is_unparsable(Call("POST", "/", body=body)) for body in (b"null", b"0", b"1.5", b"true", b'"subject"'))
    assert not any(is_unparsable(Call("POST", "/", body=body)) for body in (b"{}", b"[]", b' [{"subject": 1}]'))


def test_a_body_that_is_not_said_to_be_json_in_utf_8_need_not_be_parsed() -> None:
    for media_type in ("application/json; charset=utf-16", "text/plain", "application/x-www-form-urlencoded", "", "json"):
        assert is_unparsable(Call("POST", "/", headers={"Content-Type": media_type}, body=b"{}"))
    for media_type in ("application/json", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"'):
        assert not is_unparsable(Call("POST", "/", headers={"content-type": media_type}, body=b"{}"))
        assert is_unparsable(Call("POST", "/", headers={"content-type": media_type}, body=b"{"))


def test_a_connection_that_is_closed_on_a_large_body_refuses_it() -> None:
    assert exchange(DROPPED, sent=b"x" * 70_000).refused
    assert not exchange(DROPPED, sent=b"x" * 70_000).failed
    assert not exchange(DROPPED, sent=b"x" * 100).refused
    assert exchange(DROPPED, sent=b"x" * 100).failed


def test_a_conversation_is_compared_in_what_is_documented() -> None:
    now = {
        **CONVERSATION,
        "views": 2,
        "updated_at": "2026-01-01T01:00:01+01:00",
        "requester": {"email": "ann@example.com", "first_name": "Ann", "last_name": "Lee", "last_seen_at": 2},
    }
    assert conversation_mismatch(CONTRACT, CONVERSATION, now) is None
    assert updated_at_moved(CONVERSATION, now) is not None
    changes = {"subject": "Order 8", "metadata": {"views": 2}, "updated_at": "2025-12-31T00:00:00Z", "status": "closed"}
    for change in ({name: value} for name, value in changes.items()):
        assert conversation_mismatch(CONTRACT, CONVERSATION, {**now, **change}) is not None
    renamed = {**now, "requester": {**now["requester"], "last_name": "Smith"}}  # type: ignore[dict-item]
    assert conversation_mismatch(CONTRACT, CONVERSATION, renamed) is not None


def test_messages_that_were_added_are_told_apart() -> None:
    first = {"id": "1", "sender_email": None, "body": "a", "message_type": "reply", "created_at": "2026-01-01T00:00:00Z", "seen": 1}
    second = {**first, "id": "2", "body": "b"}
    assert compare_messages(CONTRACT, [first], [{**first, "seen": 2}, second]) == (None, [second])
    assert compare_messages(CONTRACT, [first, second], [second, first])[0] is not None
    assert compare_messages(CONTRACT, [first, second], [second])[0] is not None
    assert compare_messages(CONTRACT, [first], [{**first, "body": "changed"}])[0] is not None


def test_line_ends_may_become_spaces_in_a_line_and_not_in_a_text() -> None:
    assert line_mismatch("a\nb\tc", "a b c", "subject") is None
    assert line_mismatch("a\nb", "ab", "subject") is not None
    assert text_mismatch("a\nb", "a b", "body") is not None


def test_names_that_javascript_uses_may_be_left_out_and_not_changed() -> None:
    sent = {"a": {"__proto__": {"x": 1}, "b": 2}, "constructor": 1}
    assert json_mismatch(sent, {"a": {"b": 2}}, "metadata") is None
    assert json_mismatch(sent, {"a": {"b": 2}, "constructor": 2}, "metadata") is not None


def test_a_space_for_the_t_is_a_timestamp_and_told() -> None:
    assert not_a_timestamp("2026-02-26 10:00:00Z", "created_at") is None
    assert wrong_separator({"created_at": "2026-02-26 10:00:00Z"}) is not None
    assert wrong_separator({"created_at": "2026-02-26T10:00:00Z"}) is None


def test_isolation_is_told_by_the_data_that_is_shown() -> None:
    other = {**CONVERSATION, "subject": "Of somebody else"}
    assert not is_the_same(other, CONVERSATION)
    body = b'{"id": "7", "subject": "Order 7", "created_at": "2026-01-01T00:00:00Z"}'
    assert another_shown(exchange(200, body), CONVERSATION) is not None
    assert another_shown(exchange(200, body.replace(b"Order 7", b"Of somebody else")), CONVERSATION) is None
    assert another_shown(exchange(404), CONVERSATION) is None


def test_a_description_is_whole_where_it_became_a_message_and_not_where_it_is_quoted() -> None:
    sent = "[m1.run] a long description"
    quoted = {"body": "> [m1.run] a long"}
    assert description_mismatch(sent, "[m1.run", [quoted]) is None
    assert description_mismatch(sent, "[m1.run", [{"body": sent}, quoted]) is None
    assert description_mismatch(sent, "[m1.run", [{"body": "[m1.run] a long"}]) is not None


def test_conversations_of_others_are_judged_by_their_types() -> None:
    odd = {**CONVERSATION, "priority": "on hold", "subject": ""}
    page = {"count": 1, "results": [odd]}
    assert CONTRACT.page_mismatch("ConversationPage", "Conversation", page) is not None
    assert CONTRACT.page_mismatch("ConversationPage", "Conversation", page, own=lambda _: False) is None
    wrong = {"count": 1, "results": [{**odd, "number": "seven"}]}
    assert CONTRACT.page_mismatch("ConversationPage", "Conversation", wrong, own=lambda _: False) is not None


def test_a_request_without_an_answer_is_told_as_such_though_it_cannot_be_seen_again() -> None:
    unanswered = Unanswered(Call("GET", "/"), "No response.")
    with pytest.raises(Unanswered), endings_as_they_are():
        raise FlakyFailure("Inconsistent results from replaying a test case!", [unanswered])
    with pytest.raises(FlakyFailure), endings_as_they_are():
        raise FlakyFailure("Inconsistent results.", [ValueError("a fault of the suite")])
