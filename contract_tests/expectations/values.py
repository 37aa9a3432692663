"""Are two JSON values the same, and is a text the one that was sent?"""

import unicodedata
from typing import Any

from contract_tests.expectations import Mismatch, shown

_PLAIN = (str, int, bool, float, type(None))


def same_json(expected: Any, actual: Any, where: str = "the answer") -> Mismatch | None:
    """Deep equality of JSON values. Numbers compare as numbers (1.0 is 1), and true is not 1."""
    if type(expected) is type(actual) and type(expected) in _PLAIN and expected == actual:
        # A run compares a hundred thousand values, and most are simply the same.
        return None
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in sorted(expected.keys() | actual.keys()):
            if name not in actual:
                return Mismatch(f"{where} lacks {name!r}", shown(expected[name]), "no such member")
            if name not in expected:
                return Mismatch(f"{where} has {name!r}, which was not given", "no such member", shown(actual[name]))
            if found := same_json(expected[name], actual[name], f"{where}.{name}"):
                return found
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return Mismatch(f"{where} has {len(actual)} elements and not {len(expected)}", shown(expected), shown(actual))
        pairs = enumerate(zip(expected, actual, strict=True))
        return next((found for i, (a, b) in pairs if (found := same_json(a, b, f"{where}[{i}]"))), None)
    if _kind(expected) == _kind(actual) and (expected == actual or _same_double(expected, actual)):
        return None
    return Mismatch(f"{where} differs", shown(expected), shown(actual))


def _same_double(expected: Any, actual: Any) -> bool:
    """Whether two numbers are the same double: a store may write 1.5e300 as an integer of 301 digits."""
    if not (isinstance(expected, float) or isinstance(actual, float)) or _kind(expected) != "number":
        return False
    try:
        return float(expected) == float(actual)
    except OverflowError:
        return False


def same_text(sent: str, actual: Any, where: str) -> Mismatch | None:
    """A text comes back code point for code point; white space around it may have been trimmed (a choice)."""
    if isinstance(actual, str) and (actual == sent or (actual in sent and not _visible(sent.replace(actual, "", 1)))):
        return None
    summary = f"{where} is not the text that was sent"
    if isinstance(actual, str):
        summary += _difference(sent, actual)
    return Mismatch(summary, shown(sent), shown(actual))


def _difference(sent: str, actual: str) -> str:
    if len(actual) < len(sent) and sent.startswith(actual):
        return f": it was cut after {len(actual)} of {len(sent)} characters"
    if unicodedata.normalize("NFC", sent) == unicodedata.normalize("NFC", actual):
        return ": it was normalised"
    return ""


def _visible(text: str) -> bool:
    return any(not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc", "Zs") for character in text)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__
