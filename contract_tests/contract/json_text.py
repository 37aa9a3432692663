"""JSON as servers write it: also numbers and nesting that Python's parser gives up on, which are JSON all the same.

Numbers beyond double precision and nesting beyond a hundred levels are not judged (docs/verify.md), so it is enough to tell
whether two of them are the same.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

DEEPEST = 100
"""Levels of nesting that are taken apart. What is deeper is kept as the text that it is."""

_MOST_DIGITS = 4000
"""Digits up to which an integer is parsed: below Python's limit, which keeps parsing fast (sys.get_int_max_str_digits)."""

_LARGEST_EXACT = 2**53 - 1
_SHOWN_DIGITS = 30
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_UP_TO_A_BRACKET = re.compile(r'[^][{}"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^][{}"]*+)*+[][{}]', re.DOTALL)
"""The text up to the next bracket that is not in a string, with that bracket. It never backtracks, so it is fast on any text."""


class LongInteger(int):
    """An integer of thousands of digits: equal to another of the same digits, and shown by the first of them.

    Its value is a hash and not the number itself, which takes minutes to compute for a million digits; it is as far out of range.
    """

    digits: str

    def __new__(cls, digits: str) -> "LongInteger":
        size = 2**512 + int.from_bytes(hashlib.sha512(digits.encode()).digest())
        found = super().__new__(cls, -size if digits.startswith("-") else size)
        found.digits = digits
        return found

    def __repr__(self) -> str:
        return f"{self.digits[:_SHOWN_DIGITS]}… ({len(self.digits.lstrip('-')):,} digits)"

    __str__ = __repr__


def parse(body: bytes) -> Any:
    """Return the value that a JSON text stands for. Raises ValueError where it is none, as NaN and Infinity are (RFC 8259).

    Of members with the same name, the last counts. A value nested deeper than `DEEPEST` becomes its text. A number becomes an int
    if it is whole and a double holds it exactly, however it is written: 5.0 and 5E0 are 5.
    """
    text = body.decode("utf-8")
    if deeper(body):
        text = _shallow(text)
    try:
        return json.loads(text, parse_constant=_not_json, parse_float=_number)
    except json.JSONDecodeError:
        raise
    except RecursionError as error:
        # Deep nesting with matching brackets was replaced before.
        raise ValueError("its brackets do not match") from error
    except ValueError:
        # A callback for each integer costs time, and hardly any body needs it.
        return json.loads(text, parse_constant=_not_json, parse_float=_number, parse_int=_integer)


def long_integers(value: Any) -> Iterator[LongInteger]:
    """Yield the integers of thousands of digits that a value holds."""
    if isinstance(value, LongInteger):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from long_integers(inner)


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) <= _LARGEST_EXACT else value


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else LongInteger(digits)


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def deeper(body: bytes) -> bool:
    """Whether a JSON text is nested more deeply than `DEEPEST`. Brackets within texts may mislead it."""
    brackets = body.translate(None, _ALL_BUT_BRACKETS)
    for _ in range(DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets)


def _shallow(text: str) -> str:
    """The text with each value below `DEEPEST` in quotation marks."""
    pieces: list[str] = []
    depth = copied = begin = end = 0
    while found := _UP_TO_A_BRACKET.match(text, end):
        end = found.end()
        if text[end - 1] in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                begin = end - 1
        else:
            if depth == DEEPEST + 1:
                pieces += [text[copied:begin], json.dumps(text[begin:end])]
                copied = end
            depth -= 1
    return "".join([*pieces, text[copied:]])
