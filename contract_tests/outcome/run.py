"""What a run found, as everybody reads it. The verdict follows from the outcomes alone."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contract_tests.contract.catalogue import Level, Requirement
from contract_tests.contract.versions import newest
from contract_tests.outcome.checks import CheckLog
from contract_tests.outcome.exchanges import Kept
from contract_tests.outcome.known import Kind, Known
from contract_tests.outcome.load_figures import LoadFigures
from contract_tests.outcome.tally import Evidence
from contract_tests.outcome.traffic import Traffic


class Outcome(StrEnum):
    """What a run says of one requirement."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not_tested"


class Standing(StrEnum):
    """What a run says of a requirement beside its outcome, which stays."""

    PENDING = "pending"
    """Only checks newer than the catalogue that the run is judged by led to its outcome. It counts for no verdict."""
    EXCLUDED = "excluded"
    """A challenge against it was accepted (spec/excludes.yaml). It counts for no verdict, whatever was found."""
    UNSUPPORTED = "unsupported"
    """It was not tested, because the server is declared not to have what it is about. It is never called passed."""
    KNOWN = "known"
    """Its failure, or what it is a consequence of, is known and does not fail the run."""


class Verdict(StrEnum):
    """What a run says of the server."""

    CONFORMANT = "conformant"
    INCONCLUSIVE = "inconclusive"
    NONCONFORMANT = "nonconformant"

    @property
    def exit_code(self) -> int:
        return {"conformant": 0, "nonconformant": 1, "inconclusive": 3}[self.value]


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
    """The requirements whose failure caused this one. It is reported with theirs; if it is clearly violated, it fails as well."""
    seconds: float = 0.0
    """How long the tests took that are about it; of a test about several, each has an equal share."""
    server_errors: int = 0
    """Those of the violations that are server errors."""
    undecided: tuple[str, ...] = ()
    """Why tests could not decide it: the first few reasons."""
    since: int = 1
    """The oldest version of the catalogue by which it has this outcome."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Which option of a choice the server takes (None: not observed), and what showed it."""

    observed: str | None
    evidence: str


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
    tracebacks: tuple[str, ...] = ()
    """Those of the suite's own errors, which `problems` tells in a line each."""
    left_out: tuple[str, ...] = ()
    """What this effort, or the time that it had, left out."""
    kill_score: Mapping[str, Any] = field(default_factory=dict)
    """How many broken servers the suite found when it was made, and how many conforming ones it accused; of kill_score.json."""
    known: Mapping[str, Known] = field(default_factory=dict)
    """By requirement, the failures that are known and do not fail the run; it stays nonconformant all the same."""
    catalogue: int = field(default_factory=newest)
    """The version of the catalogue that the run is judged by."""
    pinned: bool = False
    """Whether that was asked for."""
    horizon_s: float = 0.0
    """Least seconds between the first writes of each kind and their last reading; fewer if the run's time was up before."""
    requests_by_area: Mapping[str, int] = field(default_factory=dict)
    """How many of the requests each file of the suite sent, and what came before and after it."""
    load: LoadFigures | None = None
    """What was measured, where it was a run of `accord load`."""
    access: Mapping[str, Any] = field(default_factory=dict)
    """What of `headers` (redacted), `insecure` and `proxy` was given to reach the server."""
    conversations: Mapping[str, int] = field(default_factory=dict)
    """How many the run has `created`, how many it was allowed at `most`, and how many of its own it has `resolved` at the end."""
    workers_reason: str = ""
    """Why there are so many workers, where the run chose."""
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Requirements that count for no verdict, each with the reason."""
    excludes_sha256: str = ""
    """Digest of the file that says so; empty in reports of earlier versions."""
    unsupported: Mapping[str, str] = field(default_factory=dict)
    """Requirements that the server is declared not to support, each with the reason; they are no part of what is certified."""
    log: CheckLog = field(default_factory=CheckLog, compare=False, repr=False)
    """Every check that was made; no part of report.json."""
    traffic: Traffic = field(default_factory=Traffic, compare=False, repr=False)
    """The part of what was sent and came back that is kept; no part of report.json."""
    exchanges: Kept = field(default_factory=Kept, compare=False, repr=False)
    """Every exchange that a check cites, where the run was asked to keep them; no part of report.json."""

    @property
    def verdict(self) -> Verdict:
        counted = [result for result in self.results if self.standing(result) not in (Standing.PENDING, Standing.EXCLUDED)]
        outcomes = {(result.requirement.level, result.outcome) for result in counted}
        if (Level.MUST, Outcome.FAILED) in outcomes or (self.strict and (Level.SHOULD, Outcome.WARNED) in outcomes):
            return Verdict.NONCONFORMANT
        if (Level.MUST, Outcome.INCONCLUSIVE) in outcomes or self.problems:
            return Verdict.INCONCLUSIVE
        return Verdict.CONFORMANT

    @property
    def exit_code(self) -> int:
        """Return the exit code of the verdict; if every failure is known, that of a run without them."""
        if self.new_failures:
            return Verdict.NONCONFORMANT.exit_code
        undecided = self.problems or any(
            result.requirement.level is Level.MUST and self.standing(result) is None
            for result in self.with_outcome(Outcome.INCONCLUSIVE)
        )
        return (Verdict.INCONCLUSIVE if undecided else Verdict.CONFORMANT).exit_code

    def standing(self, result: Result) -> Standing | None:
        """Return whether a result is excluded or, if it did not pass, unsupported, pending or known; None if it is none of them."""
        if result.requirement.id in self.excluded:
            return Standing.EXCLUDED
        if result.outcome is Outcome.NOT_TESTED and result.requirement.id in self.unsupported:
            return Standing.UNSUPPORTED
        if result.outcome is not Outcome.PASSED and result.since > self.catalogue:
            return Standing.PENDING
        return Standing.KNOWN if self.known_as(result) is not None else None

    def known_as(self, result: Result) -> Known | None:
        """Return the known failure that a result matches, else that of its first cause if all its causes are known, else None."""
        if result.outcome not in (Outcome.FAILED, Outcome.WARNED, Outcome.INCONCLUSIVE):
            return None
        valid = {name: known for name, known in self.known.items() if not known.expired}
        if result.outcome is not Outcome.INCONCLUSIVE and result.requirement.id in valid:
            return valid[result.requirement.id]
        follows = bool(result.causes) and valid.keys() >= set(result.causes)
        return valid[result.causes[0]] if follows else None

    @property
    def new_failures(self) -> tuple[Result, ...]:
        """The failures, and under `strict` the warnings, that are neither known nor pending."""
        bad = {Outcome.FAILED, Outcome.WARNED} if self.strict else {Outcome.FAILED}
        return tuple(one for one in self.results if one.outcome in bad and self.standing(one) is None)

    def told(self, outcome: Outcome, standing: Standing | None = None) -> list[Result]:
        """Return the results with this outcome and standing, without failures and warnings that are consequences of another one."""
        found = [one for one in self.with_outcome(outcome) if self.standing(one) is standing]
        return [one for one in found if not (one.causes and one.outcome in (Outcome.FAILED, Outcome.WARNED))]

    def entailed(self, result: Result) -> list[Result]:
        """The failures and warnings that are told with this one, because they are its consequence."""
        found = self.with_outcome(Outcome.FAILED, Outcome.WARNED)
        return [one for one in found if result.requirement.id in one.causes]

    @property
    def fixed(self) -> tuple[Result, ...]:
        """The requirements that the baseline knows as failing and that passed."""
        return self._passed(lambda known: known.kind is Kind.BASELINE)

    @property
    def mended(self) -> tuple[Result, ...]:
        """The requirements that passed, and that a settings file still names as failing."""
        return self._passed(lambda known: known.kind is not Kind.BASELINE)

    def _passed(self, of: Callable[[Known], bool]) -> tuple[Result, ...]:
        names = {name for name, known in self.known.items() if of(known)}
        return tuple(one for one in self.results if one.outcome is Outcome.PASSED and one.requirement.id in names)

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
