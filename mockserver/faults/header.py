"""A fault for one request alone: the header `X-Accord-Fault: status=503; delay=2`."""

import json
from typing import Any

from accord.base.errors import AccordError
from mockserver.faults.effects import MEMBERS, Effect, read_effect
from mockserver.members import MemberError

FAULT_HEADER = "X-Accord-Fault"

_TEXTS = ("drop", "content_type", "body")
_EXAMPLE = f"For example {FAULT_HEADER}: status=503; delay=2."


def read_header(text: str) -> Effect:
    """Return the effect that a header names: `NAME=VALUE` of a rule's `then`, separated by semicolons; a NAME alone is true.

    A value that holds a semicolon is written in double quotes, as a text of JSON. Raises AccordError.
    """
    found: dict[str, Any] = {}
    for part in _parts(text):
        name, equals, value = (one.strip(" \t") for one in part.partition("="))
        if name not in MEMBERS or name == "rate_limit":
            known = ", ".join(one for one in MEMBERS if one != "rate_limit")
            raise AccordError(f"The header {FAULT_HEADER} has no member {name[:40]!r}.", f"It may have {known}.")
        if name in found:
            raise AccordError(f"The header {FAULT_HEADER} has the member {name} twice.", "Name it once.")
        found[name] = _value(name, value) if equals else True
    try:
        return read_effect(found)
    except MemberError as error:
        raise AccordError(f"The header {FAULT_HEADER} cannot be used: {error.message}", error.hint or _EXAMPLE) from error


def _parts(text: str) -> list[str]:
    """Split the header at its semicolons, except those in double quotes."""
    parts, quoted, skip = [""], False, False
    for character in text:
        if character == ";" and not quoted:
            parts.append("")
            continue
        parts[-1] += character
        quoted ^= character == '"' and not skip
        skip = character == "\\" and not skip
    if quoted:
        raise AccordError(f"The header {FAULT_HEADER} has a quote that does not end.", _EXAMPLE)
    return [part for part in parts if part.strip(" \t")] or [""]


def _value(name: str, text: str) -> Any:
    if name in _TEXTS and not text.startswith('"'):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise AccordError(f"The header {FAULT_HEADER} has a value for {name} that is none: {text[:40]!r}.", _EXAMPLE) from None
    return {"seconds": value} if name == "drip" else value
