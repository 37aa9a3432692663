"""Why a value is not what was expected (a Mismatch), and where in a response it stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contract_tests.contract.json_text import long_integers


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a value is not what was expected, in a sentence, with both sides as texts.

    `where` is the wrong value's place in the response: a JSON Pointer (RFC 6901) into the body, which begins with a slash, or a
    header's name in lower case; empty where it is the response as a whole. `item` is the id of the item that is wrong, where the
    response is a list; the pointer begins at that item.
    """

    summary: str
    expected: str
    actual: str
    where: str = ""
    item: object = None


def pointer(*steps: object) -> str:
    """The JSON Pointer (RFC 6901) that goes from a value to a member of it, by member names and list indexes."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def pointed(member: str) -> str:
    """The JSON Pointer to a member that is named by its path (`requester.email`); empty for a phrase, such as "the response"."""
    return "" if " " in member else pointer(*member.split("."))


def within(mismatch: Mismatch | None, *steps: object) -> Mismatch | None:
    """Return the mismatch as seen from an enclosing value, from which these steps lead to the wrong one."""
    return None if mismatch is None else replace(mismatch, where=pointer(*steps) + mismatch.where)


def of_item(mismatch: Mismatch | None, item: Mapping[str, Any]) -> Mismatch | None:
    """Return the mismatch as that of an item, for a response that is a list."""
    return None if mismatch is None else replace(mismatch, item=item.get("id"))


def shown(value: Any) -> str:
    """A value as a person reads it: JSON where it is JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):
        return repr(value)
    for number in long_integers(value):
        text = text.replace(int.__repr__(number), str(number))
    return text
