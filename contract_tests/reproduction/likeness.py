"""The form of responses, without what differs from one time to the next: responses with the same form show the same.

Ids, numbers and times differ each time. A form keeps which ids and numbers are equal, the order of the times (only if the finding
is about times), and everything else as it is.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from contract_tests.transport.exchange import Exchange

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:?\d\d)?", re.IGNORECASE)
_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_DIGIT = re.compile(r"\d")
_ASSIGNED = ("id", "number")
"""Members whose values a server assigns."""

_LONG = 8
"""Shortest length of an id that is also searched for within other texts."""


def form_of(exchanges: Sequence[Exchange], names: Mapping[str, str], *, times: bool) -> str:
    """Return the form of the responses: a text that is equal for responses that show the same. `names` maps ids to their variables.

    `times` says whether it matters which times are equal and which later: slower requests can have times in different seconds.
    """
    values = [_value(exchange) for exchange in exchanges]
    forms = _Forms(names)
    if times:
        forms.look_at(values)
    heads = [[exchange.status, exchange.headers.get("content-type", "").partition(";")[0].lower()] for exchange in exchanges]
    return json.dumps([heads, forms.of(values)], sort_keys=True)


def _value(exchange: Exchange) -> Any:
    try:
        return exchange.json
    except (ValueError, RecursionError):
        return exchange.body.decode("utf-8", "replace")


def varies(value: object, member: str) -> bool:
    """Whether a value, which is a member of that name, is another from one time to the next."""
    return member in _ASSIGNED or (isinstance(value, str) and bool(_TIME.search(value) or re.search(_UUID, value, re.IGNORECASE)))


class _Forms:
    """The forms of values that belong together."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        # The longest first: an id may be the beginning of another.
        long = sorted((name for name in names if len(name) >= _LONG), key=len, reverse=True)
        self._known = re.compile("|".join([*map(re.escape, long), _UUID]), re.IGNORECASE)
        self._times: list[str] = []
        self._assigned: dict[str, int] = {}

    def look_at(self, value: Any) -> None:
        """Collect the times, so that their order counts."""
        self._times = sorted(set(_TIME.findall(json.dumps(value, ensure_ascii=False))))

    def of(self, value: Any, member: str = "") -> Any:
        """The form of a value, which is a member of that name."""
        if isinstance(value, dict):
            return {self._text(name): self.of(inner, name) for name, inner in sorted(value.items())}
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if member in _ASSIGNED and isinstance(value, str | int) and not isinstance(value, bool) and str(value) not in self._names:
            return f"<{type(value).__name__} {member} {self._turn(member, value)}>"
        return self._text(value) if isinstance(value, str) else value

    def _turn(self, kind: str, value: object) -> int:
        return self._assigned.setdefault(f"{kind} {value}", len(self._assigned))

    def _named(self, found: str) -> str:
        return f"<{self._names[found]}>" if found in self._names else f"<id {self._turn('id', found)}>"

    def _text(self, text: str) -> str:
        if text in self._names:
            return f"<{self._names[text]}>"
        text = self._known.sub(lambda found: self._named(found[0]), text)
        return _TIME.sub(lambda found: f"<time {self._place(found[0])}{_DIGIT.sub('9', found[0])}>", text)

    def _place(self, time: str) -> str:
        return f"{self._times.index(time)} " if self._times else ""
