"""Failures that are known, and fail no run: those of an earlier report, and those that a settings file names with a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

SOON = 14
"""Days before a known failure counts again during which a reminder is shown."""


class Kind(StrEnum):
    """By what a failure is known."""

    BASELINE = "baseline"
    NOT_YET = "not-yet"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Known:
    """A failure that is known.

    `until` is the last day on which it does not fail a run (`2027-03-01`), and `days` the days from the day of the run to that
    day, negative if it has passed. `where` is the file and the line that name it (`accord.toml:3`). A failure from the baseline has
    none of these.
    """

    kind: Kind = Kind.BASELINE
    reason: str = ""
    until: str = ""
    days: int = 0
    where: str = ""

    @property
    def expired(self) -> bool:
        return self.days < 0

    @property
    def ends_soon(self) -> bool:
        return self.kind is not Kind.BASELINE and 0 <= self.days <= SOON


def from_baseline(names: Iterable[str]) -> dict[str, Known]:
    """Return what an earlier report knows to fail, by requirement."""
    return {name: Known() for name in sorted(names)}


def named(kind: Kind, reason: str, until: date, where: str, today: date) -> Known:
    """Return a known failure as it is on a day."""
    return Known(kind, reason, until.isoformat(), (until - today).days, where)


def together(baseline: Mapping[str, Known], file: Mapping[str, Known]) -> dict[str, Known]:
    """Merge the failures of both. An entry of the settings file gives a reason and comes first, unless it has expired."""
    return {**file, **{name: one for name, one in baseline.items() if name not in file or file[name].expired}}
