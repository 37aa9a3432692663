"""What tests found out about a requirement: how often they looked, and what was wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

KEPT_EVIDENCE = 3
"""How many violations of one requirement are kept with their exchanges; all are counted."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One violation: the exchange that shows it, redacted, and how to see it again.

    `request` has method, url, headers, body; `response` has status, headers, body, elapsed_ms, or is None where none came. `curl`
    is the reproduction as shell lines, and `steps` the same as values (`contract_tests.reproduction.steps`), keys and ids named.
    `reproduced` says that the steps showed the same when the suite sent them again. If they did not, or were not sent again,
    others may have written to the server meanwhile.
    `form` is what the suite recognises the repeated response by. It is in no report, but `sign` is: what scripts recognise it by
    (`contract_tests.reproduction.sign`). `since` is the version of the catalogue that first had the check which found it.
    `where` is the wrong value's place in the response: a JSON Pointer into its body or a header's name, empty for the response as
    a whole. `marked` says which part of the kept body that is: its first character and the one after its last; None for no part.
    """

    summary: str
    expected: str
    actual: str
    request: Mapping[str, Any]
    response: Mapping[str, Any] | None
    curl: str
    test: str
    where: str = ""
    marked: tuple[int, int] | None = None
    steps: tuple[Mapping[str, Any], ...] = ()
    reproduced: bool = False
    since: int = 1
    form: str = ""
    sign: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """What a run found out about one requirement: a fold of its check log, with evidence.

    `server_errors` are those violations that are server errors; `seconds` is what looking took. `since` is the oldest version of
    the catalogue with a check that found a violation, 0 if none did. `reasons` says why checks could not decide, each with the
    version of its check, the oldest first.
    """

    exercised: int = 0
    violations: int = 0
    server_errors: int = 0
    evidence: list[Evidence] = field(default_factory=list)
    reasons: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0
    since: int = 0

    def note_violation(self, since: int, times: int, *, server_error: bool) -> None:
        """Count violations that a check found; `since` is the version of the catalogue that first had the check."""
        self.violations += times
        self.server_errors += times if server_error else 0
        self.since = min(self.since or since, since)

    def note_undecided(self, since: int, why: str) -> None:
        """Keep why a check could not decide; of many reasons, the first ones of the oldest version."""
        self.reasons = sorted([*self.reasons, (since, why)], key=lambda one: one[0])[:KEPT_EVIDENCE]

    def keep(self, *evidence: Evidence) -> None:
        """Keep evidence, of much only what `smallest` leaves."""
        self.evidence = smallest([*self.evidence, *evidence])


def smallest(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return the evidence that is kept: that of the oldest checks first, and of these the shortest to reproduce."""
    return sorted(evidence, key=lambda one: (one.since, len(one.curl)))[:KEPT_EVIDENCE]


def evidence_from(entry: Mapping[str, Any]) -> Evidence:
    """Return the evidence that `dataclasses.asdict` made JSON of, which has no tuples."""
    marked = entry.get("marked")
    return Evidence(**{**entry, "marked": tuple(marked) if marked else None, "steps": tuple(entry["steps"])})
