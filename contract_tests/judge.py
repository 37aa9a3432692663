"""The judge: tests say which requirement an exchange shows and what is wrong with it, if anything; the judge keeps count.

A mismatch is recorded and does not raise: one exchange shows many things, and all of them are wanted. Where a test cannot go on
without what it asked for, it raises Blocked.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from contract_tests.catalogue import Catalogue
from contract_tests.evidence import evidence_of
from contract_tests.exchange import Exchange
from contract_tests.expectations import Mismatch
from contract_tests.history import History
from contract_tests.results import KEPT_EVIDENCE, Evidence, Observation, Tally

_LOOKED_AT = 20
"""Violations of one requirement, in one test, among which the smallest reproductions are looked for."""


class Blocked(Exception):
    """A test cannot go on: what it needs did not come to be. What it would have shown is undecided, not wrong."""


class Judge:
    """Collects, for the test that is running, one Tally a requirement and the choices observed. Safe to use from threads.

    `ask_again` sends the call of a violation once more, and says how the answer differs, where the server is inconsistent.
    """

    def __init__(self, catalogue: Catalogue, base_url: str, redact: Callable[[str], str]) -> None:
        self.catalogue = catalogue
        self.tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self.observations: dict[str, Observation] = {}
        self.history = History()
        self.ask_again: Callable[[Exchange], str | None] = lambda _: None
        self._base_url = base_url
        self._redact = redact
        self._test = ""
        self._lock = threading.Lock()

    def begin(self, test: str) -> None:
        """Start afresh for a test."""
        self._test, self.tallies, self.observations = test, defaultdict(Tally), {}

    def check(self, requirement_id: str, mismatch: Mismatch | None, exchange: Exchange) -> bool:
        """Count one exercise of a requirement, and a violation where there is a mismatch. True where there is none."""
        assert requirement_id in self.catalogue.requirements, f"{requirement_id} is not in the catalogue"
        with self._lock:
            tally = self.tallies[requirement_id]
            tally.exercised += 1
            if mismatch is None:
                return True
            tally.violations += 1
            tally.server_errors += exchange.failed
            number = tally.violations
        if number <= _LOOKED_AT:
            asked_again = self.ask_again(exchange) if number <= KEPT_EVIDENCE else None
            told = replace(mismatch, summary=f"{mismatch.summary}; {asked_again}") if asked_again else mismatch
            evidence = self._evidence(told, exchange)
            with self._lock:
                tally.keep(evidence)
        return False

    def _evidence(self, mismatch: Mismatch, exchange: Exchange) -> Evidence:
        return evidence_of(
            mismatch,
            exchange,
            test=self._test,
            base_url=self._base_url,
            redact=self._redact,
            steps=self.history.before(exchange),
        )

    def inconsistent(self, requirement_id: str, exchange: Exchange) -> None:
        """Say that the same call was answered with a gateway error first, and then not: that decides nothing."""
        first = exchange.hiccup
        assert first is not None
        summary = f"The same request was answered {first.status}, and {exchange.status} when it was sent again."
        mismatch = Mismatch(summary, str(exchange.status), str(first.status))
        with self._lock:
            tally = self.tallies[requirement_id]
            tally.undecided.append(f"The server is inconsistent. {summary}")
            for one in (first, exchange):
                tally.evidence.append(self._evidence(mismatch, one))

    def undecided(self, requirement_id: str, reason: str) -> None:
        """Say that a requirement could not be decided, and why."""
        with self._lock:
            self.tallies[requirement_id].undecided.append(reason)

    def observe(self, choice: str, option: str | None, evidence: str) -> None:
        """Say which option of a choice the server takes; None where it could not be seen. Never judged."""
        assert choice in self.catalogue.choices, f"{choice} is not a choice"
        self.observations[choice] = Observation(option, self._redact(evidence))

    @property
    def violated(self) -> Mapping[str, Tally]:
        """The requirements that the running test has seen violated."""
        return {name: tally for name, tally in self.tallies.items() if tally.violations}
