"""Are two JSON values the same, and is a text the one that was sent?"""

import json
import re
import unicodedata
from typing import Any

from contract_tests.judging.mismatches import Mismatch, pointed, pointer, shown

_PLAIN = (str, int, bool, float, type(None))

GUARDED = frozenset({"__proto__", "constructor", "prototype"})
"""Names of members that servers leave out, or refuse, because JavaScript has its own use for them."""

_LINE_ENDS = re.compile("[\t\n\r]")


def json_mismatch(expected: Any, actual: Any, where: str = "the response", at: str | None = None) -> Mismatch | None:
    """Return where two JSON values differ, however deep. Numbers compare as numbers (1.0 is 1), and true is not 1.

    `where` names what is compared: the path of a member of the response (`requester.email`), or a phrase for the whole of it.
    `at` is the JSON Pointer to it, where that does not follow from the name.
    """
    if _simply_the_same(expected, actual):
        return None
    at = pointed(where) if at is None else at
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in sorted(expected.keys() | actual.keys()):
            if name in expected and name in actual:
                if _simply_the_same(expected[name], actual[name]):
                    continue
                if found := json_mismatch(expected[name], actual[name], f"{where}.{name}", at + pointer(name)):
                    return found
            elif name in actual:
                added = shown(actual[name])
                return Mismatch(f"{where} has {name!r}, which was not given", "no such member", added, at + pointer(name))
            elif name not in GUARDED:
                return Mismatch(f"{where} lacks {name!r}", shown(expected[name]), "no such member", at)
        return None
    if isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            return Mismatch(f"{where} has {len(actual)} elements and not {len(expected)}", shown(expected), shown(actual), at)
        pairs = ((i, pair) for i, pair in enumerate(zip(expected, actual, strict=True)) if not _simply_the_same(*pair))
        return next((found for i, (a, b) in pairs if (found := json_mismatch(a, b, f"{where}[{i}]", at + pointer(i)))), None)
    if _kind(expected) == _kind(actual) and (expected == actual or _same_double(expected, actual)):
        return None
    return Mismatch(f"{where} differs", shown(expected), shown(actual), at)


def _simply_the_same(expected: Any, actual: Any) -> bool:
    """Whether two values are the same and hold no others: most are, of the hundred thousand that a run compares."""
    return type(expected) is type(actual) and type(expected) in _PLAIN and expected == actual


def _same_double(expected: Any, actual: Any) -> bool:
    """Whether two numbers are the same double: a store may write 1.5e300 as an integer of 301 digits."""
    if not (isinstance(expected, float) or isinstance(actual, float)) or _kind(expected) != "number":
        return False
    try:
        return float(expected) == float(actual)
    except OverflowError:
        return False


def is_text(sent: str, actual: Any) -> bool:
    """Whether a value is the text that was sent, code point for code point but for white space around it."""
    return isinstance(actual, str) and (actual == sent or (actual in sent and not _visible(sent.replace(actual, "", 1))))


def line_mismatch(sent: str, actual: Any, where: str) -> Mismatch | None:
    """Return why a subject or a name is not the one that was sent. A tab or a line end in it may have become a space."""
    mismatch = text_mismatch(sent, actual, where)
    if mismatch is None or not isinstance(actual, str) or text_mismatch(_LINE_ENDS.sub(" ", sent), actual, where) is not None:
        return mismatch
    return None


def text_mismatch(sent: str, actual: Any, where: str) -> Mismatch | None:
    """Return why a text is not the one that was sent, by code points. White space around it may have been trimmed (a choice)."""
    if is_text(sent, actual):
        return None
    summary = f"{where} is not the text that was sent"
    if isinstance(actual, str):
        summary += _difference(sent, actual)
        if _as_read(sent) == _as_read(actual):
            # Texts that look the same are shown in escapes, so that the difference is visible.
            return Mismatch(summary, json.dumps(sent), json.dumps(actual), pointed(where))
    return Mismatch(summary, shown(sent), shown(actual), pointed(where))


def _as_read(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", text) if _visible(one))


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
