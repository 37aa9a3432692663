"""Timestamps as RFC 3339 has them, with an offset, as exact moments."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any

from contract_tests.contract.mismatch import Mismatch, pointed, shown

_RFC3339 = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<time>\d{2}:\d{2}:)(?P<second>\d{2})(?P<fraction>\.\d+)?"
    r"(?P<offset>[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


TIMES = ("created_at", "updated_at")
"""Members that are timestamps, of a conversation and of a message."""


def moment(value: Any) -> Fraction | None:
    """The seconds since 1970 of an RFC 3339 date-time (section 5.6), or None where it is not one.

    A space instead of the T is accepted here, since RFC 3339 allows it for readability; `wrong_separator` reports it.
    """
    return _moment(value) if isinstance(value, str) else None


@lru_cache(maxsize=10_000)
def _moment(text: str) -> Fraction | None:
    match = _RFC3339.fullmatch(text)
    if match is None or int(match["second"]) > 60:
        return None
    try:
        minute = datetime.fromisoformat(f"{match['day']}T{match['time']}00").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(minute.timestamp()) + int(match["second"]) + Fraction(match["fraction"] or 0) - _offset(match["offset"])


def wrong_separator(shown_by: Mapping[str, Any]) -> Mismatch | None:
    """Return which timestamp has a space, and not a T, between day and time."""
    for name in TIMES:
        value = shown_by.get(name)
        if isinstance(value, str) and moment(value) is not None and value[10:11] == " ":
            return Mismatch(f"{name} has a space for the T", "such as 2026-02-26T10:00:00Z", shown(value), pointed(name))
    return None


def _offset(text: str) -> int:
    if text in "Zz":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    seconds = int(timedelta(hours=hours, minutes=minutes).total_seconds())
    return -seconds if text[0] == "-" else seconds


def not_a_timestamp(value: Any, where: str) -> Mismatch | None:
    """Return why a value is not an RFC 3339 date-time with an offset; any offset will do."""
    if moment(value) is not None:
        return None
    return Mismatch(
        f"{where} is not an RFC 3339 date-time with an offset", "such as 2026-02-26T10:00:00Z", shown(value), pointed(where)
    )


def comparable(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return a conversation or a message with its timestamps in one form, since each response may use another offset."""
    moments = {name: moment(shown[name]) for name in TIMES if name in shown}
    return {**shown, **{name: f"{float(at):.9f} s" for name, at in moments.items() if at is not None}}


def not_ascending(earlier: Any, later: Any, names: str) -> Mismatch | None:
    """Return why the first is after the second. Where one of them is no timestamp, there is nothing to compare."""
    first, second = moment(earlier), moment(later)
    if first is None or second is None or first <= second:
        return None
    return Mismatch(f"{names} are not in order", f"not after {later}", shown(earlier))
