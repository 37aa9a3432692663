"""The matchers: what is the same, what is not, and where they do not decide."""

from typing import Any

import pytest

from contract_tests.contract.timestamps import moment, not_a_timestamp, not_ascending
from contract_tests.judging.mismatches.values import json_mismatch, text_mismatch


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, 1.0),
        (1.5e300, int(1.5e300)),
        ({"a": [1, None, {}]}, {"a": [1, None, {}]}),
        (0.1, 0.1),
        (-0.0, 0),
    ],
)
def test_the_same_json(expected: Any, actual: Any) -> None:
    assert json_mismatch(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        (None, ""),
        ({}, None),
        ({}, []),
        ({"a": None}, {}),
        ({}, {"a": None}),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        (2**53 - 1, 2**53 - 2),
        (1.5, 10**400),
    ],
)
def test_other_json(expected: Any, actual: Any) -> None:
    assert json_mismatch(expected, actual) is not None


@pytest.mark.parametrize(("sent", "actual"), [("a b", "a b"), (" a ", "a"), ("a\n", "a"), ("\ta  b\t", "a  b"), ("", "")])
def test_the_same_text(sent: str, actual: str) -> None:
    assert text_mismatch(sent, actual, "subject") is None


@pytest.mark.parametrize(
    ("sent", "actual"),
    [
        ("a  b", "a b"),
        ("abc", "ab"),
        ("cafe\u0301", "caf\u00e9"),
        ("a&b", "a&amp;b"),
        ("a", "A"),
        ("a", None),
        ("a", ["a"]),
        ("a", ""),
    ],
)
def test_another_text(sent: str, actual: Any) -> None:
    assert text_mismatch(sent, actual, "subject") is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-26T10:00:00Z",
        "2026-02-26t10:00:00z",
        "2026-02-26T10:00:00.123456789+05:30",
        "2026-02-26T10:00:00-00:00",
        "2016-12-31T23:59:60Z",
    ],
)
def test_timestamps(text: str) -> None:
    assert not_a_timestamp(text, "created_at") is None


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-26T10:00:00",
        "2026-02-26",
        "2026-02-30T10:00:00Z",
        "2026-02-26T25:00:00Z",
        "2026-02-26T10:00Z",
        "2026-02-26T10:00:00+0530",
        "2026-02-26T10:00:00+24:00",
        "٢٠٢٦-02-26T10:00:00Z",
        1772100000,
        None,
    ],
)
def test_no_timestamps(value: Any) -> None:
    assert not_a_timestamp(value, "created_at") is not None


def test_moments_are_exact() -> None:
    assert moment("2026-02-26T11:00:00+01:00") == moment("2026-02-26T10:00:00Z")
    assert moment("2026-02-26T10:00:00.0000001Z") != moment("2026-02-26T10:00:00Z")
    assert not_ascending("2026-02-26T10:00:00.2Z", "2026-02-26T10:00:00.10Z", "they") is not None
    assert not_ascending("2026-02-26T10:00:00Z", "2026-02-26T10:00:00Z", "they") is None
