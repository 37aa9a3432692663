"""The judge: tests say which requirement an exchange shows and what is wrong with it, if anything; the judge logs each check.

A mismatch is recorded and does not raise: one exchange shows many things, and all of them are wanted. Where a test cannot go on
without what it asked for, it raises Blocked.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from contract_tests.contract.catalogue import Catalogue, Level
from contract_tests.contract.mismatch import Mismatch
from contract_tests.judging.evidence import evidence_of
from contract_tests.model.writes import History
from contract_tests.outcome.checks import MOST_ALIKE, MOST_ENTRIES, Check, Undecided
from contract_tests.outcome.run import Observation
from contract_tests.outcome.tally import KEPT_EVIDENCE, Evidence, smallest
from contract_tests.transport.exchange import Exchange

_COUNTED = ("list.count", "messages.count")
"""Requirements that may be violated because others' conversations are counted: a reproduction must then create unrelated ones."""

_ELSEWHERE = "webhook_listen"
"""The need of requirements that webhook deliveries violate: no response shows that, so repeating a request cannot reproduce it."""

_LOOKED_AT = 20
"""How many violations of one requirement in one test are considered to find the smallest reproductions.

It also limits all tests together: later tests consider one each, and after as many again none, unless an older version of the
catalogue would have found it. Each takes up to some tenths of a second, and a server that is wrong everywhere has thousands.
"""


class Blocked(Exception):
    """A test cannot go on because something that it needs is missing. What it would have checked is undecided, not violated."""


class _Seen:
    """What the running test has seen of one requirement, and how often checks passed or failed that have no entry of their own."""

    __slots__ = ("evidence", "last", "last_violated", "more_passed", "more_violated", "passed", "since", "violated")

    def __init__(self) -> None:
        self.passed = self.violated = self.last = self.last_violated = self.since = 0
        self.more_passed = Counter[int]()
        self.more_violated = Counter[tuple[bool, int]]()
        self.evidence: list[Evidence] = []

    def keep(self, evidence: Evidence) -> bool:
        """Add evidence, keep only the smallest, and return whether this one is kept."""
        self.evidence = smallest([*self.evidence, evidence])
        return any(one is evidence for one in self.evidence)

    def complete(self, evidence: Evidence, whole: Evidence) -> None:
        """Replace it, if it is kept still."""
        self.evidence = [whole if one is evidence else one for one in self.evidence]

    def more(self, requirement_id: str, test: str, now: float) -> Iterator[Check]:
        for since, times in self.more_passed.items():
            yield Check(requirement_id, test, True, self.last, now, times, since=since)
        for (failed, since), times in self.more_violated.items():
            why = "as in the checks before"
            yield Check(requirement_id, test, False, self.last_violated, now, times, failed, why, since=since)


class Judge:
    """Logs, for the test that is running, every check that it makes, and keeps evidence and the choices observed.

    Safe to use from threads. `redact` removes whole keys from a text; `secrets` maps each to its variable in a reproduction,
    whose lines of curl have `curl_options`.
    `around` says whether a finding keeps what its test had sent before, so that its dependencies can be found by trying.

    `ask_again` repeats the request of a violation and returns how the response differs if the server is inconsistent. A load run
    has none: there, responses differ because others write.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        base_url: str,
        redact: Callable[[str], str],
        secrets: Mapping[str, str] | None = None,
        ask_again: Callable[[Exchange], str | None] | None = None,
        curl_options: str = "",
    ) -> None:
        self.catalogue = catalogue
        self.observations: dict[str, Observation] = {}
        self.history = History()
        self.around = True
        self.cited: dict[int, Exchange] | None = None
        """The exchanges that the running test's checks looked at, by number; None if they are not needed."""
        self._base_url = base_url
        self._redact = redact
        self._secrets = secrets or {}
        self._ask_again = ask_again
        self._curl_options = curl_options
        self._test = ""
        self._since, self._since_of = 1, dict[str, int]()
        self._newer: dict[str, int] = {}
        self._newest = "", 1
        self._room = MOST_ENTRIES
        self._checks: list[Check] = []
        self._undecided: list[Undecided] = []
        self._seen: defaultdict[str, _Seen] = defaultdict(_Seen)
        self.untested: dict[str, str] = {}
        """The requirements that the running test could not test, with the reasons."""
        self._looked_at = Counter[str]()
        self._oldest_looked_at: dict[str, int] = {}
        self._lock = threading.Lock()

    def begin(self, test: str, since: int = 1, since_of: Mapping[str, int] | None = None) -> None:
        """Start afresh for a test.

        `since` is the version of the catalogue that added the test, and `since_of` holds those that added its checks of single
        requirements. In a run that is pinned to an older version, checks that a newer one added are pending.
        """
        self._test, self.observations, self.untested = test, {}, {}
        self._since, self._since_of = since, dict(since_of or {})
        self._checks, self._undecided, self._seen = [], [], defaultdict(_Seen)
        if self.cited is not None:
            self.cited = {}
        self.history.begin()

    @contextmanager
    def since(self, version: int) -> Iterator[None]:
        """Say that a version of the catalogue was the first to have the checks made in the block, such as those of a value."""
        before, self._since = self._since, max(self._since, version)
        try:
            yield
        finally:
            self._since = before

    def note_created(self, conversation_id: str) -> None:
        """Remember which version of the catalogue added the test that created a conversation: later findings are as new."""
        if self._since > 1:
            self._newer[conversation_id] = self._since
            self._newest = "", 1

    def _version(self, requirement_id: str, exchange: Exchange | None = None, item: object = None) -> int:
        """The version of the catalogue that first had the check that is being made."""
        newest = max(self.catalogue[requirement_id].since, self._since, self._since_of.get(requirement_id, 1))
        if exchange is not None and self._newer:
            newest = max(newest, self._newest_of(exchange.call.path))
            if isinstance(item, str):
                newest = max(newest, self._newer.get(item, 1))
        return newest

    def _newest_of(self, path: str) -> int:
        """The version that added the test that created a conversation of a path. Hundreds of checks in a row ask for the same."""
        known = self._newest
        if known[0] != path:
            known = self._newest = path, max(self._newer.get(name, 1) for name in path.split("/"))
        return known[1]

    def check(
        self,
        requirement_id: str,
        mismatch: Mismatch | None,
        exchange: Exchange,
        *,
        about: Iterable[str] = (),
        because: Sequence[Exchange] = (),
    ) -> bool:
        """Log a check of a requirement, which is violated if there is a mismatch. Return whether there is none.

        A reproduction has the writes that share a name with the exchange or the mismatch. If a finding depends on more, `about`
        adds ids and addresses, and `because` adds exchanges.
        """
        assert requirement_id in self.catalogue.requirements, f"{requirement_id} is not in the catalogue"
        since = self._version(requirement_id, exchange, mismatch.item if mismatch else None)
        with self._lock:
            seen = self._seen[requirement_id]
            if self.cited is not None:
                self.cited[exchange.number] = exchange
            if mismatch is None:
                seen.passed += 1
                if seen.passed <= MOST_ALIKE and self._room > 0:
                    self._room -= 1
                    self._checks.append(Check(requirement_id, self._test, True, exchange.number, time.time(), since=since))
                else:
                    seen.more_passed[since] += 1
                    seen.last = exchange.number
                return True
            seen.violated += 1
            seen.since = min(seen.since or since, since)
            number = seen.violated
            if number <= MOST_ALIKE:
                why = self._redact(mismatch.summary)
                found = Check(requirement_id, self._test, False, exchange.number, time.time(), 1, exchange.failed, why, since=since)
                self._checks.append(found)
            else:
                seen.more_violated[exchange.failed, since] += 1
                seen.last_violated = exchange.number
            looks = self._looks(requirement_id, number, since)
        if looks:
            asked_again = self._ask_again(exchange) if self._ask_again and number <= KEPT_EVIDENCE else None
            told = replace(mismatch, summary=f"{mismatch.summary}; {asked_again}") if asked_again else mismatch
            others, elsewhere = requirement_id in _COUNTED, _ELSEWHERE in self.catalogue[requirement_id].needs
            evidence = self._evidence(told, exchange, about, because, others=others, since=since, elsewhere=elsewhere)
            with self._lock:
                kept = seen.keep(evidence)
            if kept:
                self.history.point_out(exchange, requirement_id)
            if kept and self.around and not elsewhere:
                # Only for kept evidence, since all that the test had sent before is much.
                whole = self._evidence(told, exchange, about, because, others=others, around=True, since=since)
                with self._lock:
                    seen.complete(evidence, whole)
        return False

    def _looks(self, requirement_id: str, number: int, since: int) -> bool:
        """Decide whether the running test's violation of that number is considered for a reproduction, and count it if so."""
        looked = self._looked_at[requirement_id]
        most = _LOOKED_AT if looked < _LOOKED_AT else int(looked < 2 * _LOOKED_AT)
        oldest = self._oldest_looked_at.get(requirement_id, since)
        if number > most and since >= oldest:
            return False
        self._looked_at[requirement_id] += 1
        self._oldest_looked_at[requirement_id] = min(oldest, since)
        return True

    def _evidence(
        self,
        mismatch: Mismatch,
        exchange: Exchange,
        about: Iterable[str] = (),
        because: Sequence[Exchange] = (),
        *,
        others: bool = False,
        around: bool = False,
        since: int = 1,
        elsewhere: bool = False,
    ) -> Evidence:
        told = f"{mismatch.summary} {mismatch.expected} {mismatch.actual}"
        # The item that is wrong in a list has to be there, whether or not the list asks for it by name.
        about = [*about, *([mismatch.item] if isinstance(mismatch.item, str) else [])]
        found = evidence_of(
            mismatch,
            exchange,
            test=self._test,
            base_url=self._base_url,
            curl_options=self._curl_options,
            redact=self._redact,
            before=self.history.before(exchange, told=told, about=about, because=because, others=others, around=around),
            secrets=self._secrets,
        )
        return replace(found, since=since, sign={}, form="") if elsewhere else replace(found, since=since)

    def note_inconsistent(self, requirement_id: str, exchange: Exchange) -> None:
        """Note that a call got a gateway error, and another response when it was repeated: that decides nothing."""
        first = exchange.hiccup
        assert first is not None
        summary = f"The same request got {first.status}, and {exchange.status} when it was sent again."
        mismatch = Mismatch(summary, str(exchange.status), str(first.status))
        since, why = self._version(requirement_id, exchange), f"The server is inconsistent. {summary}"
        with self._lock:
            self._undecided.append(Undecided(requirement_id, self._test, why, since=since))
            for one in (first, exchange):
                self._seen[requirement_id].keep(self._evidence(mismatch, one, since=since))

    def note_undecided(self, requirement_id: str, reason: str) -> None:
        """Say that a requirement could not be decided, and why."""
        with self._lock:
            self._undecided.append(Undecided(requirement_id, self._test, reason, since=self._version(requirement_id)))

    def note_untested(self, requirement_id: str, reason: str) -> None:
        """Say that the server gave no occasion to test a requirement, and why: unless it was violated, it is not tested."""
        assert requirement_id in self.catalogue.requirements, f"{requirement_id} is not in the catalogue"
        self.untested[requirement_id] = self._redact(reason)

    def observe(self, choice: str, option: str | None, evidence: str) -> None:
        """Say which option of a choice the server takes; None where it could not be seen. Never judged."""
        assert choice in self.catalogue.choices, f"{choice} is not a choice"
        self.observations[choice] = Observation(option, self._redact(evidence))

    @property
    def violated(self) -> list[str]:
        """The requirements that the running test has seen violated."""
        return [name for name, seen in self._seen.items() if seen.violated]

    def has_violated(self, version: int) -> bool:
        """Whether the running test has seen a MUST violated by the measure of a version of the catalogue."""
        return any(self.catalogue[name].level is Level.MUST and 0 < seen.since <= version for name, seen in self._seen.items())

    @property
    def touched(self) -> set[str]:
        """The requirements that the running test has checked, or could not decide."""
        return {*self._seen, *(one.requirement for one in self._undecided)}

    @property
    def looked(self) -> bool:
        """Whether the running test has checked or observed anything."""
        return bool(self._checks or self.observations or self.untested) or any(seen.more_passed for seen in self._seen.values())

    def entries(self) -> list[Check | Undecided]:
        """Return what the running test found. `seconds` of a check is a moment here, since 1970."""
        with self._lock:
            now = time.time()
            more = [check for name, seen in self._seen.items() for check in seen.more(name, self._test, now)]
            return [*self._checks, *more, *self._undecided]

    def evidence(self) -> dict[str, list[Evidence]]:
        """Return the evidence of the running test, by requirement."""
        with self._lock:
            return {name: list(seen.evidence) for name, seen in self._seen.items() if seen.evidence}
