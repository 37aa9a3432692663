"""The check log: every check that a run made, and what else its outcomes follow from. They are a pure fold of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from contract_tests.contract.versions import newest
from contract_tests.outcome.tally import Tally

MOST_ALIKE = 10
"""Most checks of one requirement with the same result in one part of a test (set-up, body, tear-down) that are entries of
their own; any more share one entry."""

MOST_ENTRIES = 100_000
"""Checks of one process that are entries of their own."""


class Check(NamedTuple):
    """One look at a response for one requirement, or `times` looks with the same result.

    `exchange` is the number of the request that the response belongs to, as its worker counts those that it sends; of several
    looks, that of the last. `seconds` is when it was made, since the run began. `why` is what was wrong, empty where it passed.
    `since` is the version of the catalogue that first had such a look.
    """

    requirement: str
    test: str
    passed: bool
    exchange: int
    seconds: float
    times: int = 1
    server_error: bool = False
    why: str = ""
    worker: str = ""
    since: int = 1


class Undecided(NamedTuple):
    """Why a test could not decide a requirement; `since` is the version of the catalogue that first had what it was about."""

    requirement: str
    test: str
    why: str
    worker: str = ""
    since: int = 1


class Took(NamedTuple):
    """The seconds that a test took, or what came after it, and the requirements that they count for in equal shares."""

    test: str
    seconds: float
    requirements: tuple[str, ...]
    worker: str = ""


Entry = Check | Undecided | Took


@dataclass(frozen=True, slots=True)
class Terms:
    """What outcomes depend on besides checks.

    `selected` are the ids of the requirements that the run was to check. `missing` maps each input that it was not given
    (`revoked_key`) to the option that gives it, `inapplicable` what the contract document does not have (`anonymous_users`) to the
    reason, and `left_alone` the ids of requirements that this kind of run does not test to the reason. `catalogue` is the version
    of the catalogue that the run is judged by: what only newer checks found is pending.
    """

    selected: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    inapplicable: Mapping[str, str] = field(default_factory=dict)
    left_alone: Mapping[str, str] = field(default_factory=dict)
    catalogue: int = field(default_factory=newest)


@dataclass(frozen=True, slots=True)
class CheckLog:
    """The entries of all workers, those of one worker in their order."""

    terms: Terms = field(default_factory=Terms)
    entries: tuple[Entry, ...] = ()

    def redacted(self, redact: Callable[[str], str]) -> "CheckLog":
        """Return the log with the texts redacted that may come from a server."""
        return replace(self, entries=tuple(_redacted(entry, redact) for entry in self.entries))


def _redacted(entry: Entry, redact: Callable[[str], str]) -> Entry:
    return entry if isinstance(entry, Took) or not entry.why else entry._replace(why=redact(entry.why))


def fold(entries: Iterable[Entry]) -> dict[str, Tally]:
    """Return what the entries say of each requirement that they name, without evidence."""
    tallies: dict[str, Tally] = {}
    add(tallies, entries)
    return tallies


def add(tallies: dict[str, Tally], entries: Iterable[Entry]) -> None:
    """Add to tallies what further entries say."""
    for entry in entries:
        if isinstance(entry, Check):
            tally = tallies.setdefault(entry.requirement, Tally())
            tally.exercised += entry.times
            if not entry.passed:
                tally.note_violation(entry.since, entry.times, server_error=entry.server_error)
        elif isinstance(entry, Undecided):
            tallies.setdefault(entry.requirement, Tally()).note_undecided(entry.since, entry.why)
        else:
            for name in entry.requirements:
                tallies.setdefault(name, Tally()).seconds += entry.seconds / len(entry.requirements)


def packed(entries: Iterable[Entry]) -> list[list[Any]]:
    """Return the entries of one test as lists of values that JSON has, without the test and its worker."""
    return [_packed(entry) for entry in entries]


def _packed(entry: Entry) -> list[Any]:
    if isinstance(entry, Took):
        return [entry.seconds, list(entry.requirements)]
    if isinstance(entry, Undecided):
        return [entry.requirement, entry.why if entry.since == 1 else [entry.why, entry.since]]
    row = [entry.requirement, entry.exchange, entry.seconds]
    newer = [] if entry.since == 1 else [entry.since]
    # Nearly all are single checks that passed.
    if entry.passed and entry.times == 1:
        return [*row, *newer]
    return [*row, entry.times, entry.passed, entry.server_error, entry.why, *newer]


def unpacked(rows: Iterable[list[Any]], *, test: str, worker: str, began: float) -> Iterator[Entry]:
    """Yield the entries that `packed` made rows of. Their moments, since 1970, become seconds since `began`."""
    for row in rows:
        if len(row) == 2:
            yield _unpacked_pair(row[0], row[1], test, worker)
            continue
        requirement, exchange, moment, *rest = row
        # A single check that passed says no more than its version, if that.
        told: list[Any] = rest[:4] if len(rest) > 1 else [1, True, False, ""]
        newer = rest[4:] if len(rest) > 1 else rest
        times, passed, server_error, why = told
        since = newer[0] if newer else 1
        yield Check(requirement, test, passed, exchange, round(moment - began, 3), times, server_error, why, worker, since)


def _unpacked_pair(first: Any, second: Any, test: str, worker: str) -> Took | Undecided:
    if not isinstance(first, str):
        return Took(test, first, tuple(second), worker)
    why, since = second if isinstance(second, list) else (second, 1)
    return Undecided(first, test, why, worker, since)
