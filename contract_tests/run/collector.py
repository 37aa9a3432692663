"""What the tests of all workers found, put together.

What each test found travels in its report's `user_properties`, which xdist brings to the controlling process.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import pytest

from contract_tests.outcome.checks import Check, Entry, add, unpacked
from contract_tests.outcome.exchanges import Kept
from contract_tests.outcome.run import Observation
from contract_tests.outcome.tally import Tally, evidence_from
from contract_tests.outcome.traffic import Traffic
from contract_tests.transport.stopping import CUT_SHORT, LEFT_OUT, Deadline

FINDINGS = "accord"
"""The name of the user property that carries what a test found."""

LONGEST_CRASH, LONGEST_TRACEBACK = 500, 20_000
"""Characters that are kept of an error of the suite, in a line and as a whole."""

_KEPT_TRACEBACKS = 10
"""One error of the suite may show in every test."""

_ENDED = (LEFT_OUT, CUT_SHORT)


def short(nodeid: str) -> str:
    """A test's name in evidence: its file, and its own with parameters, which may hold slashes."""
    head, bracket, parameters = nodeid.partition("[")
    return head.rpartition("/")[2] + bracket + parameters


class Progress(Protocol):
    """Whoever shows how far a run is."""

    def counts(self, requests: Callable[[], int]) -> None:
        """Learn what says how many requests were sent so far, whenever it is asked."""

    def __call__(self, done: int, total: int, name: str) -> None:
        """Learn after each test how many are done, of how many, and the name of the one that ended."""


class Collector:
    """Folds what the tests of all workers found, and keeps errors of the suite apart from failures of the server.

    `began` is the moment, in seconds since 1970, at which the run began.
    """

    def __init__(self, deadline: Deadline, progress: Progress | None = None, *, began: float = 0.0) -> None:
        self.entries: list[Entry] = []
        self.tallies: dict[str, Tally] = {}
        self.observations: dict[str, Observation] = {}
        self.untested: dict[str, str] = {}
        """Requirements that the server gave no occasion to test, with the reasons."""
        self.problems: list[str] = []
        self.tracebacks: list[str] = []
        self.left_out: list[str] = []
        self.requests: Counter[str] = Counter()
        """How many each area sent: the files of the suite, and what is read again at the end."""
        self.traffic = Traffic()
        self.exchanges = Kept()
        self._began = began
        self._deadline = deadline
        self._unread: dict[str, int] = {}
        self._begun: set[str] = set()
        self._sent: dict[str, int] = {}
        self._progress = progress
        self._total = 0
        self._done = 0

    @property
    def sent(self) -> int:
        """Requests that xdist workers sent, each by a target of its own."""
        return sum(self._sent.values())

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._total = len(session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: list[str]) -> None:
        self._total = len(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._begun.add(report.nodeid)
        findings: dict[str, Any] = json.loads(str(dict(report.user_properties).get(FINDINGS, "{}")))
        name, worker = short(report.nodeid), findings.get("worker", "")
        entries = list(unpacked(findings.get("log", ()), test=name, worker=worker, began=self._began))
        self.entries += entries
        add(self.tallies, entries)
        for requirement_id, kept in findings.get("evidence", {}).items():
            self.tallies.setdefault(requirement_id, Tally()).keep(*map(evidence_from, kept))
        for choice, data in findings.get("observations", {}).items():
            self.observations[choice] = Observation(**data)
        self.untested |= findings.get("untested", {})
        if (
            report.skipped
            and isinstance(report.longrepr, tuple)
            and report.longrepr[2].removeprefix("Skipped: ").startswith(_ENDED)
        ):
            self.left_out.append(f"{name}: {report.longrepr[2].removeprefix('Skipped: ')}")
        self._unread[worker] = findings.get("unread", 0)
        area, requests = findings.get("area", ("", 0))
        self.requests.update({area: requests} if requests else {})
        if worker:
            self._sent[worker] = findings["sent"]
        if findings.get("gone"):
            self.problems.append(findings["gone"])
        if findings.get("silent") and findings["silent"] not in self.problems:
            self.problems.append(findings["silent"])
        if report.when == "teardown" and self._progress is not None:
            self._done += 1
            self._progress(self._done, max(self._total, self._done), report.nodeid.rsplit("::", 1)[-1])
        if findings.get("crash"):
            self._add_crash(f"in {report.nodeid} ({report.when}): {findings['crash']}", findings["traceback"])
        elif (
            report.failed
            # A worker that was killed because the run was over is no error of the suite.
            and not self._deadline.over
            and all(entry.passed for entry in entries if isinstance(entry, Check))
        ):
            self._add_crash(f"in {report.nodeid}: {_crash(report)}", report.longreprtext)

    def violated(self, requirement_id: str) -> bool:
        """Whether a test saw a requirement violated."""
        tally = self.tallies.get(requirement_id)
        return tally is not None and tally.violations > 0

    def leave_out(self, entries: Iterable[Entry]) -> None:
        """Take in why requirements cannot be decided by tests that do not run."""
        found = list(entries)
        self.entries += found
        add(self.tallies, found)

    def tell_end(self, reason: str) -> None:
        """Say that the run was over before all was done, and what was left out of it."""
        if not self._deadline.out_of_time or self._deadline.reason:
            self.problems = [reason, *(one for one in self.problems if one != reason)]
        if unread := sum(self._unread.values()):
            self.left_out.append(f"{unread} conversations, which were to be read again at the end")
        if (missing := self._total - len(self._begun)) > 0:
            self.left_out.append(f"{missing} of {self._total} tests, which had not begun when the run ended")

    @pytest.hookimpl(optionalhook=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self._deadline.over:
            self._add_crash(f"while collecting {report.nodeid}: {_crash(report)}", report.longreprtext)

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        if self._deadline.over:
            # Workers are ended, and no more are started.
            return
        # An error in a worker arrives as an assertion whose text is the worker's whole traceback.
        last = (str(excinfo.value).strip().splitlines() or [""])[-1]
        self._add_crash(f"outside of its tests: {excinfo.typename}: {last}"[:LONGEST_CRASH], str(excrepr))

    def _add_crash(self, told: str, whole: str) -> None:
        self.problems.append(f"An error of the suite {told}")
        if len(self.tracebacks) < _KEPT_TRACEBACKS:
            self.tracebacks.append(whole[-LONGEST_TRACEBACK:])


def _crash(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Where a test of the suite failed and with what, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash) if crash is not None else report.longreprtext[-500:]
