"""Where in a response something is: from a JSON Pointer to the characters that it points to, and the part of a body around them."""

import json
import re
from typing import Any

from contract_tests.contract.mismatch import Mismatch, pointer
from contract_tests.transport.exchange import Exchange

Span = tuple[int, int]
"""The first character of a part of a text, and the one after its last."""

_SPACE = re.compile(r"[ \t\r\n]*")
_ITEM = re.compile(r"/results/\d+")
_AROUND = 2_000
"""Characters that are kept before a wrong value, if it is not in an item of a list, or that item is too long."""

# A number of more digits than Python reads is a number all the same.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)


def whole_text(body: bytes) -> str:
    """A body as text, with a replacement for what is not UTF-8."""
    return body.decode("utf-8", "replace")


def place_of(mismatch: Mismatch, exchange: Exchange) -> str:
    """The place that a mismatch is about, as `Evidence.where` has it: an item of a list by its index, not by its id."""
    if mismatch.item is None:
        return mismatch.where
    results = exchange.members.get("results")
    found = [at for at, one in enumerate(results) if _is_item(one, mismatch.item)] if isinstance(results, list) else []
    # The last one with this id: if an item is listed twice, the second is the wrong one.
    return pointer("results", found[-1]) + mismatch.where if found else ""


def _is_item(one: object, item_id: object) -> bool:
    return isinstance(one, dict) and one.get("id") == item_id


def span_of(text: str, where: str) -> Span | None:
    """The part of a JSON text that a JSON Pointer points to; None where there is no such value, or the text is not JSON so far."""
    if not where.startswith("/"):
        return None
    try:
        start = _skipped(text, 0)
        for step in where[1:].split("/"):
            start = _member(text, start, step.replace("~1", "/").replace("~0", "~"))
        return start, _end(text, start)
    except (ValueError, IndexError, RecursionError):
        return None


def _skipped(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end()


def _end(text: str, start: int) -> int:
    end: int = _DECODER.raw_decode(text, start)[1]
    return end


def _member(text: str, start: int, step: str) -> int:
    """Return where a member of the object or array at `start` begins. Raises ValueError if it has no member of that name."""
    if text[start] not in "{[":
        raise ValueError("The value has no members.")
    named, at, number, found = text[start] == "{", _skipped(text, start + 1), 0, -1
    while text[at] not in "}]":
        name: Any = str(number)
        if named:
            name, at = _DECODER.raw_decode(text, at)
            at = _skipped(text, _skipped(text, at) + 1)
        if name == step:
            # Of members with the same name, the last one counts.
            found = at
            if not named:
                break
        at = _skipped(text, _end(text, at))
        at, number = _skipped(text, at + 1) if text[at] == "," else at, number + 1
    if found < 0:
        raise ValueError("There is no such member.")
    return found


def kept(text: str, where: str, limit: int) -> tuple[str, Span | None, str]:
    """What is kept of a body: where the wrong value is, which part of the kept text that is, and the text.

    A place that the body lacks becomes the nearest enclosing one that exists. Of a body beyond the limit, what is kept is
    the beginning, or the item with the wrong value, with notes of how much was left out.
    """
    if where and not where.startswith("/"):
        return where, None, _beginning(text, limit)
    span = span_of(text, where)
    while where and span is None:
        where = where.rpartition("/")[0]
        span = span_of(text, where)
    if span is None or len(text) <= limit or span[1] <= limit:
        return where, span, _beginning(text, limit)
    return where, *_around(text, where, span, limit)


def left_out(characters: int) -> str:
    """The note of what is left out in the middle of a body."""
    return f"… ({characters:,} characters left out) …"


def _beginning(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters in all)"


def _around(text: str, where: str, span: Span, limit: int) -> tuple[Span, str]:
    """Return the list item around a part, after what precedes the first item; if that is too long, the text around the part."""
    listed = _ITEM.match(where)
    item, first = (span_of(text, listed[0]), span_of(text, "/results/0")) if listed else (None, None)
    if item is None or first is None or first[0] + item[1] - item[0] > limit:
        start = max(0, span[0] - _AROUND)
        item, head = (start, min(len(text), start + limit)), ""
    else:
        head = text[: first[0]]
    before = head + (left_out(item[0] - len(head)) if item[0] > len(head) else "")
    after = left_out(len(text) - item[1]) if item[1] < len(text) else ""
    moved = len(before) - item[0]
    return (span[0] + moved, min(span[1], item[1]) + moved), f"{before}{text[item[0] : item[1]]}{after}"
