"""Where two texts differ: the part worth showing, and the words of it that are not in the other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from contract_tests.reports.text import shortened

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_CONTEXT = 40
_WORDS_AT_MOST = 600
_ALIKE = 0.3


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text, and whether the other text lacks it."""

    text: str
    differs: bool


def focused(expected: str, actual: str, limit: int) -> tuple[str, str]:
    """Return both texts cut to the limit; if one is longer, both start shortly before their first difference."""
    start = 0
    if max(len(expected), len(actual)) > limit:
        start = max(0, _common_start(expected, actual) - _CONTEXT)
    return _from(expected, start, limit), _from(actual, start, limit)


def _common_start(left: str, right: str) -> int:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def _from(text: str, start: int, limit: int) -> str:
    return ("…" if start else "") + shortened(text[start:], limit)


def compared(expected: str, actual: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts in pieces, marking what the other lacks; one piece each where they have little in common."""
    left, right = _WORD.findall(expected), _WORD.findall(actual)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if max(len(left), len(right)) > _WORDS_AT_MOST or matcher.ratio() < _ALIKE:
        return (Piece(expected, False),), (Piece(actual, False),)
    codes = matcher.get_opcodes()
    return (
        tuple(_pieces(left, [(tag, start, end) for tag, start, end, _, _ in codes])),
        tuple(_pieces(right, [(tag, start, end) for tag, _, _, start, end in codes])),
    )


def _pieces(words: list[str], ranges: list[tuple[str, int, int]]) -> Iterator[Piece]:
    for tag, start, end in ranges:
        if start < end:
            yield Piece("".join(words[start:end]), tag != "equal")
