"""Texts with variables: parts of a request in which keys and ids from the server are named instead of written out.

A reproduction is sent to another server, or to the same one later: there the ids are others, and keys are never written down. A
Text is a tuple of parts: literal strings, `Ref`s (the value of a variable) and `Turned` texts (a value in another spelling).
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a variable (ID1, ACCORD_SERVER_KEY), or its characters from `start` to before `end`."""

    name: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Turned:
    """A text in another spelling: one of `TURNS`."""

    how: str
    text: "Text"


Part = str | Ref | Turned
Text = tuple[Part, ...]

TURNS = ("base64", "lower", "percent", "separators", "swapcase", "upper")
"""The spellings: `percent` writes each underscore as %5F, `separators` exchanges underscores and hyphens."""

_SEPARATORS = str.maketrans("_-", "-_")


def value_of(text: Text, values: Mapping[str, str]) -> str:
    """The text with the values of its variables. Raises KeyError for a variable that has none."""
    return "".join(_value(part, values) for part in text)


def _value(part: Part, values: Mapping[str, str]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Ref):
        return values[part.name][part.start : part.end]
    return turned(part.how, value_of(part.text, values))


def turned(how: str, value: str) -> str:
    """A value in another spelling. Raises ValueError where the spelling is unknown."""
    match how:
        case "base64":
            return base64.b64encode(value.encode()).decode()
        case "lower":
            return value.lower()
        case "percent":
            return value.replace("_", "%5F")
        case "separators":
            return value.translate(_SEPARATORS)
        case "swapcase":
            return value.swapcase()
        case "upper":
            return value.upper()
    raise ValueError(f"There is no spelling {how!r}; there are {', '.join(TURNS)}.")


def names_in(text: Text) -> Iterable[str]:
    """The variables that a text uses."""
    for part in text:
        if isinstance(part, Ref):
            yield part.name
        elif isinstance(part, Turned):
            yield from names_in(part.text)


def joined(*parts: Part) -> Text:
    """A text of these parts, without empty ones and with neighbouring literals as one."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return tuple(found)


def with_refs(text: str, secrets: Mapping[str, str]) -> Text:
    """The text with each of the secrets (value → variable) named instead of written out; the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        before, found, after = text.partition(secret)
        if secret and found:
            return joined(*with_refs(before, secrets), Ref(secrets[secret]), *with_refs(after, secrets))
    return (text,) if text else ()


def to_json(text: Text) -> list[Any]:
    """The text as JSON: strings, and objects for what is named."""
    return [_part_to_json(part) for part in text]


def _part_to_json(part: Part) -> Any:
    if isinstance(part, str):
        return part
    if isinstance(part, Turned):
        return {"as": part.how, "text": to_json(part.text)}
    cut = {"from": part.start, "to": part.end} if (part.start, part.end) != (0, None) else {}
    return {"var": part.name, **cut}


def from_json(parts: Iterable[Any]) -> Text:
    """The text that `to_json` made this of."""
    return tuple(_part_from_json(part) for part in parts)


def _part_from_json(part: Any) -> Part:
    if isinstance(part, str):
        return part
    if "as" in part:
        return Turned(part["as"], from_json(part["text"]))
    return Ref(part["var"], part.get("from", 0), part.get("to"))
