"""Text made fit to be shown."""

import json

import pytest

from contract_tests.reports.difference import compared, focused
from contract_tests.reports.text import indented, number_of, shortened, status_text, visible, without_keys


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is: é 字 👋\n\t", "as it is: é 字 👋\n\t"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b2J", "\\x9b2J"),
        ("\r", "\\x0d"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud83d", "\\ud83d"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key bnc_sv_4f9a27c1d0e84b5f9c1d.", "key bnc_sv_…9c1d."),
        ('{"k":"bnc_cl_abcdefgh"}', '{"k":"bnc_cl_…"}'),
        ('{"k":"bnc_cl_abcdefghi"}', '{"k":"bnc_cl_…fghi"}'),
        ("bnc_sv_…9c1d", "bnc_sv_…9c1d"),
        ("bnc_sv_4f9a27c1_d0e84b5f_…9c1d", "bnc_sv_…9c1d"),
        ("bnc_sv_4f9a27c1d0e84b5f… (12 more characters)", "bnc_sv_… (12 more characters)"),
        ("bnc_sv_ is the prefix", "bnc_sv_ is the prefix"),
        ("/bnc_sv_4f9a27c1d0e8/messages/", "/bnc_sv_…d0e8/messages/"),
    ],
)
def test_without_keys(text: str, shown: str) -> None:
    assert without_keys(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.0,"a":1e400,"b":[{},[],"{\\"x\\": [,]}",null],"c":{"d":-0}}',
        "[]",
        "{}",
        "[1,\n 2,  [3,[4]]]",
        '"\\u00e9 stays an escape"',
    ],
)
def test_json_is_laid_out_token_for_token(text: str) -> None:
    laid_out = indented(text)
    assert "".join(laid_out.split()) == "".join(text.split())
    assert json.loads(laid_out) == json.loads(text)


def test_json_has_a_member_a_line() -> None:
    assert indented('{"a": [1, {}], "b": {"c": "d: e"}}') == (
        '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": {\n    "c": "d: e"\n  }\n}'
    )


@pytest.mark.parametrize("text", ["", "not json", "{'a': 1}", "<html>[1]</html>", "[" * 100_000, "[" * 5000 + "]" * 5000])
def test_what_is_not_json_is_left_alone(text: str) -> None:
    assert "".join(indented(text).split()) == "".join(text.split())


def test_differences_are_marked_by_word() -> None:
    expected, actual = compared('"priority": "normal"', '"priority": "low"')
    assert [piece.text for piece in expected if piece.differs] == ["normal"]
    assert [piece.text for piece in actual if piece.differs] == ["low"]
    assert "".join(piece.text for piece in actual) == '"priority": "low"'


def test_texts_with_little_in_common_are_not_marked() -> None:
    expected, actual = compared("an object with count and results", "502")
    assert [piece.differs for piece in (*expected, *actual)] == [False, False]


def test_short_texts_are_not_cut() -> None:
    assert focused("abc", "abd", 10) == ("abc", "abd")


def test_small_words() -> None:
    assert shortened("x" * 1500, 10) == "x" * 10 + "… (1,490 more characters; whole in report.json)"
    assert shortened("one two three\nfour five", 20) == "one two three… (10 more characters; whole in report.json)"
    assert status_text(404) == "404 Not Found"
    assert status_text(799) == "799"
    assert (number_of(1, "request"), number_of(1200, "request")) == ("1 request", "1,200 requests")


@pytest.mark.parametrize("end", [200, 210, 215, 221])
def test_json_whose_end_was_not_kept_is_laid_out_as_far_as_it_goes(end: int) -> None:
    text = json.dumps({"results": [{"subject": f"A, {{b}} {number}"} for number in range(20)]})
    laid_out = indented(f"{text[:end]}… ({len(text)} characters in all)")
    assert "".join(laid_out.split()) == "".join(f"{text[:end]}… ({len(text)} characters in all)".split())
    assert laid_out.count("\n") > 10
    assert laid_out.endswith(f"… ({len(text)} characters in all)")
