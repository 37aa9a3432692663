"""What a run found: first as tests hand it over (Tally), then as everybody reads it (Run).

The level of a requirement decides between failure and warning here and nowhere else, and the verdict follows from the outcomes
alone.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from contract_tests.catalogue import Catalogue, Level, Requirement

NO_SERVER_ERROR = "any.no-server-error"
"""What every answer exercises. A server error fails it, and the requirement of the request that met with it as well."""

KEPT_EVIDENCE = 3
"""How many violations of one requirement are kept with their exchanges; all are counted."""


class Outcome(StrEnum):
    """What a run says of one requirement."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not_tested"


class Verdict(StrEnum):
    """What a run says of the server."""

    CONFORMANT = "conformant"
    INCONCLUSIVE = "inconclusive"
    NONCONFORMANT = "nonconformant"

    @property
    def exit_code(self) -> int:
        return {"conformant": 0, "nonconformant": 1, "inconclusive": 3}[self.value]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One violation: the exchange that shows it, redacted, and how to see it again.

    `request` has method, url, headers, body; `response` has status, headers, body, elapsed_ms, or is None where none came.
    """

    summary: str
    expected: str
    actual: str
    request: Mapping[str, Any]
    response: Mapping[str, Any] | None
    curl: str
    test: str


@dataclass(slots=True)
class Tally:
    """What one test, or many, found out about one requirement. `server_errors` are those violations that are server errors."""

    exercised: int = 0
    violations: int = 0
    server_errors: int = 0
    evidence: list[Evidence] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    def keep(self, *evidence: Evidence) -> None:
        """Keep evidence, of much only the smallest: what takes the least to see again."""
        self.evidence = sorted([*self.evidence, *evidence], key=lambda one: len(one.curl))[:KEPT_EVIDENCE]

    def add(self, other: "Tally") -> None:
        self.exercised += other.exercised
        self.violations += other.violations
        self.server_errors += other.server_errors
        self.keep(*other.evidence)
        self.undecided = (self.undecided + other.undecided)[:KEPT_EVIDENCE]

    def to_json(self) -> dict[str, Any]:
        # Not all of it by asdict, which copies value by value: each test hands over dozens, nearly all of them without evidence.
        return {
            "exercised": self.exercised,
            "violations": self.violations,
            "server_errors": self.server_errors,
            "evidence": [asdict(one) for one in self.evidence],
            "undecided": list(self.undecided),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Tally":
        return cls(**{**data, "evidence": [Evidence(**entry) for entry in data["evidence"]]})


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one requirement, with the reason where it is not simply passed."""

    requirement: Requirement
    outcome: Outcome
    exercised: int = 0
    violations: int = 0
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    causes: tuple[str, ...] = ()
    """The requirements whose failure this one is a consequence of. It is told with theirs; where it is plain, it fails too."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Which option of a choice the server takes (None: not observed), and what showed it."""

    observed: str | None
    evidence: str


@dataclass(frozen=True, slots=True)
class OperationFigures:
    """How an operation was answered under load. Errors are answers of 5xx and requests without an answer."""

    operation: str
    requests: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    slowest_ms: float


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What was measured while a load lasted, from which no verdict follows.

    `waits` are answers that asked to wait, all processes together; `writes_in_doubt` got no answer, so that nobody knows whether
    they happened; `generator_busy` says that the machine that loaded had no time left: more could have been asked of the server.
    """

    users: int
    spawn_rate: float
    processes: int
    duration_s: float
    requests: int
    requests_per_second: float
    waits: int
    waited_s: float
    unanswered: int
    writes_in_doubt: int
    generator_busy: bool
    operations: tuple[OperationFigures, ...]


@dataclass(frozen=True)
class Run:
    """One verification: everything that every report is written from."""

    id: str
    seed: int
    effort: str
    workers: int
    started_at: str
    duration_s: float
    requests: int
    suite_version: str
    spec_sha256: str
    requirements_sha256: str
    base_url: str
    keys: Mapping[str, str]
    strict: bool
    results: tuple[Result, ...]
    choices: Mapping[str, Observation]
    problems: tuple[str, ...] = ()
    """What kept the run from being whole: the server went away, an error of the suite."""
    left_out: tuple[str, ...] = ()
    """What this effort, or the time that it had, left out."""
    kill_score: Mapping[str, Any] = field(default_factory=dict)
    """How many broken servers the suite found when it was made, and how many conforming ones it accused; of kill_score.json."""
    baseline: frozenset[str] = frozenset()
    """The requirements whose failure is known and does not fail the run; it stays nonconformant all the same."""
    load: LoadFigures | None = None
    """What was measured, where it was a run of `accord load`."""

    @property
    def verdict(self) -> Verdict:
        outcomes = {(result.requirement.level, result.outcome) for result in self.results}
        if (Level.MUST, Outcome.FAILED) in outcomes or (self.strict and (Level.SHOULD, Outcome.WARNED) in outcomes):
            return Verdict.NONCONFORMANT
        if (Level.MUST, Outcome.INCONCLUSIVE) in outcomes or self.problems:
            return Verdict.INCONCLUSIVE
        return Verdict.CONFORMANT

    @property
    def exit_code(self) -> int:
        """That of the verdict; where every failure is known by the baseline, that of a run without them."""
        if self.verdict is not Verdict.NONCONFORMANT or self.new_failures:
            return self.verdict.exit_code
        undecided = self.problems or any(
            result.outcome is Outcome.INCONCLUSIVE and result.requirement.level is Level.MUST and not self._follows(result)
            for result in self.results
        )
        return (Verdict.INCONCLUSIVE if undecided else Verdict.CONFORMANT).exit_code

    def _follows(self, result: Result) -> bool:
        """Whether a requirement is undecided, or fails, only because one failed that the baseline knows."""
        return bool(result.causes) and self.baseline.issuperset(result.causes)

    @property
    def new_failures(self) -> tuple[Result, ...]:
        """The failures, and under `strict` the warnings, that the baseline does not know."""
        bad = {Outcome.FAILED, Outcome.WARNED} if self.strict else {Outcome.FAILED}
        new = (one for one in self.results if one.outcome in bad and not self._follows(one))
        return tuple(one for one in new if one.requirement.id not in self.baseline)

    def told(self, outcome: Outcome) -> list[Result]:
        """The results that have the outcome by themselves, and not as a consequence of one that failed."""
        return [one for one in self.with_outcome(outcome) if not (one.causes and one.outcome in (Outcome.FAILED, Outcome.WARNED))]

    def entailed(self, result: Result) -> list[Result]:
        """The failures and warnings that are told with this one, because they are its consequence."""
        found = self.with_outcome(Outcome.FAILED, Outcome.WARNED)
        return [one for one in found if result.requirement.id in one.causes]

    @property
    def mended(self) -> tuple[Result, ...]:
        """The requirements that the baseline knows as failing and that passed."""
        return tuple(one for one in self.results if one.outcome is Outcome.PASSED and one.requirement.id in self.baseline)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Outcomes by level, each level with all of its outcomes: `{"must": {"passed": 80, ...}, "should": {...}}`."""
        found = Counter((result.requirement.level, result.outcome) for result in self.results)
        bad = {Level.MUST: Outcome.FAILED, Level.SHOULD: Outcome.WARNED}
        return {
            level.lower(): {
                outcome.value: found[level, outcome]
                for outcome in (Outcome.PASSED, bad[level], Outcome.INCONCLUSIVE, Outcome.NOT_TESTED)
            }
            for level in Level
        }

    def with_outcome(self, *outcomes: Outcome) -> list[Result]:
        """The results that have one of these outcomes, in the order of the catalogue."""
        return [result for result in self.results if result.outcome in outcomes]


def conclude(
    catalogue: Catalogue, tallies: Mapping[str, Tally], missing: Mapping[str, str], inapplicable: Mapping[str, str] = {}
) -> tuple[Result, ...]:
    """One result for each requirement that was selected (those in `tallies`).

    `missing` maps each input that the run was not given (`revoked_key`) to the option that gives it; `inapplicable` maps what the
    contract document does not have (`anonymous_users`) to the reason.
    """
    broken = {name for name, tally in tallies.items() if tally.violations}
    server_errors = NO_SERVER_ERROR in broken
    causes = {requirement.id: _presupposed(catalogue, requirement) & broken for requirement in catalogue}
    return tuple(
        _result(requirement, tallies[requirement.id], causes[requirement.id], missing, inapplicable, server_errors=server_errors)
        for requirement in catalogue
        if requirement.id in tallies
    )


def _presupposed(catalogue: Catalogue, requirement: Requirement) -> set[str]:
    """All that a requirement comes after, and what that comes after."""
    found: set[str] = set()
    left = list(requirement.after)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += catalogue[name].after
    return found


def _result(
    requirement: Requirement,
    tally: Tally,
    causes: set[str],
    missing: Mapping[str, str],
    inapplicable: Mapping[str, str],
    *,
    server_errors: bool,
) -> Result:
    def result(outcome: Outcome, reason: str = "") -> Result:
        return Result(requirement, outcome, tally.exercised, tally.violations, reason, tuple(tally.evidence))

    if tally.violations and causes:
        told = result(Outcome.INCONCLUSIVE, f"It presupposes {', '.join(sorted(causes))}, which failed.")
        return replace(told, causes=tuple(sorted(causes)))
    if tally.violations:
        bad = Outcome.FAILED if requirement.level is Level.MUST else Outcome.WARNED
        told = result(bad, tally.evidence[0].summary)
        # The one answer violates both, and is one thing to mend.
        only_by_errors = tally.server_errors == tally.violations and requirement.id != NO_SERVER_ERROR and server_errors
        return replace(told, causes=(NO_SERVER_ERROR,)) if only_by_errors else told
    foreign = [inapplicable[need] for need in requirement.needs if need in inapplicable]
    if foreign:
        return result(Outcome.NOT_TESTED, foreign[0])
    lacking = [missing[need] for need in requirement.needs if need in missing]
    if lacking:
        return result(Outcome.NOT_TESTED, f"Give {' and '.join(lacking)} to test it.")
    if tally.undecided:
        return result(Outcome.INCONCLUSIVE, tally.undecided[0])
    if tally.exercised < requirement.exercise:
        return result(
            Outcome.INCONCLUSIVE,
            f"It was exercised {tally.exercised} times; {requirement.exercise} are needed to decide.",
        )
    return result(Outcome.PASSED)
