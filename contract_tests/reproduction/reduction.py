"""Trying reproductions: sending them again, with addresses of their own, and leaving out what makes no difference.

It is done at the end of a run, for the evidence that is kept, when nothing is judged any more.
"""

import json
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contract_tests.outcome.tally import Evidence, Tally
from contract_tests.reproduction.likeness import form_of
from contract_tests.reproduction.shell import script
from contract_tests.reproduction.sign import with_form
from contract_tests.reproduction.steps import FURTHEST, LIKELY, Reproduction, Step
from contract_tests.transport.creations import Exhausted
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import Unsafe, Withheld
from contract_tests.transport.sender import Target, Unanswered, Unavailable
from contract_tests.transport.stopping import Stopped
from contract_tests.transport.texts import value_of

NAMED = 1
"""The rank of what a finding names. Fewer steps than these are not tried: the expected response depends on them."""

MOST_REQUESTS, MOST_FOR_ONE = 3_000, 300
"""Requests that all trials of a run send, and those of one finding."""

PAUSE_S = 1.0
"""Seconds after which a time written without fractions has changed."""

LONGEST_S = 20.0
"""Seconds that all trials of a run take."""


class Reducer:
    """Tries what was found. `mark` is what the run's own addresses have in common; `until` is a moment of `time.monotonic`."""

    def __init__(self, target: Target, mark: str, until: float) -> None:
        self._target = target
        self._mark = mark
        self._until = until
        self._left, self._left_of_one = MOST_REQUESTS, 0
        self._random = random.Random()

    def reduce(self, tallies: Sequence[Tally]) -> None:
        """Replace the evidence by evidence with the fewest steps that showed it; the first of each requirement first."""
        for number in range(max((len(tally.evidence) for tally in tallies), default=0)):
            for tally in tallies:
                if number < len(tally.evidence):
                    tally.evidence[number] = self.reduced(tally.evidence[number])

    def reduced(self, evidence: Evidence) -> Evidence:
        """The evidence with the fewest steps that showed it again, or with those that it likely depends on."""
        if not evidence.steps:
            return evidence
        whole, wanted = Reproduction.from_json(evidence.steps), self._without_mark(evidence.form, self._mark)
        if not evidence.sign:
            # No response shows it.
            return settled(evidence, whole.of_rank(LIKELY), self._target, reproduced=False)
        self._left_of_one = min(MOST_FOR_ONE, self._left)
        try:
            smallest = self._smallest(whole, wanted, times=evidence.sign.get("times", False))
        except (Withheld, Unsafe):
            # With other ids, a step might lead to what is somebody else's.
            smallest = None
        except (Unanswered, Unavailable, Exhausted, Stopped):
            # The server went away, or nothing more may be sent: the remaining evidence stays as it was found.
            self._left, smallest = 0, None
        chosen = smallest or whole.of_rank(LIKELY)
        seen = replace(evidence, form=wanted, sign=json.loads(self._without_mark(json.dumps(evidence.sign), self._mark)))
        return settled(seen, chosen, self._target, reproduced=smallest is not None)

    @property
    def _spent(self) -> bool:
        return self._left_of_one <= 0 or time.monotonic() > self._until

    def _smallest(self, whole: Reproduction, wanted: str, *, times: bool) -> Reproduction | None:
        def shows(candidate: Reproduction) -> bool:
            enough = len(candidate.steps) <= self._left_of_one
            return enough and not self._spent and self._sent_again(candidate, times=times) == wanted

        tried = 0
        for rank in range(NAMED, FURTHEST + 1):
            candidate = whole.of_rank(rank)
            if len(candidate.steps) != tried and shows(candidate):
                if any(step.pause for step in candidate.steps):
                    # Each further trial would take a second, and leave less time for other findings.
                    return candidate
                return _without_what_does_not_matter(candidate, shows)
            tried = len(candidate.steps)
        return None

    def _sent_again(self, reproduction: Reproduction, *, times: bool) -> str:
        """Send all steps with addresses that nobody used before, and return the form of the responses that show the finding."""
        fresh = f"{self._random.getrandbits(4 * len(self._mark)):0{len(self._mark)}x}" if self._mark else ""
        values = {variable: key for key, variable in self._target.keys.variables().items()}
        names: dict[str, str] = {value: variable for variable, value in values.items()}
        shown = []
        for step in reproduction.steps:
            if not step.uses <= values.keys():
                return "An id was not given."
            if time.monotonic() > self._until:
                return "No time was left."
            exchange = self._send(step, values, fresh)
            made = step.kept_of(exchange)
            if step.defines and made:
                values[step.defines] = made
                if step.defines_id:
                    names[made] = step.defines
            if step.pause:
                self._target.deadline.sleep(PAUSE_S)
            if step.shown or step is reproduction.steps[-1]:
                shown.append(exchange)
        return self._without_mark(form_of(shown, names, times=times), fresh)

    def _send(self, step: Step, values: Mapping[str, str], fresh: str) -> Exchange:
        self._left -= 1
        self._left_of_one -= 1

        def anew(text: str) -> str:
            return text.replace(self._mark, fresh) if self._mark else text

        headers = {name: anew(value_of(value, values)) for name, value in step.headers}
        body = step.body.replace(self._mark.encode(), fresh.encode()) if step.body and self._mark else step.body
        path, query = value_of(step.path, values), anew(value_of(step.query, values))
        return self._target.send(Call(step.method, path, headers=headers, body=body, raw_query=query, without=step.without))

    @staticmethod
    def _without_mark(form: str, mark: str) -> str:
        return form.replace(mark, "<run>").replace(mark.upper(), "<RUN>") if mark else form


def _without_what_does_not_matter(candidate: Reproduction, shows: Callable[[Reproduction], bool]) -> Reproduction:
    """Return the reproduction without the steps that it does not need: leave out large pieces first, then single steps."""
    size = max(1, (len(candidate.steps) - 1) // 2)
    while True:
        at, changed = 0, False
        while at < len(candidate.steps) - 1:
            earlier = range(len(candidate.steps) - 1)
            kept = [place for place in earlier if candidate.steps[place].fixed or not at <= place < at + size]
            smaller = candidate.only(kept)
            if len(smaller.steps) < len(candidate.steps) and shows(smaller):
                candidate, changed = smaller, True
            else:
                at += size
        if size == 1 and not changed:
            return candidate
        size = max(1, size // 2)


def settled(
    evidence: Evidence,
    reproduction: Reproduction,
    target: Target,
    *,
    reproduced: bool,
) -> Evidence:
    """Return the evidence as it is reported: with this reproduction, redacted, and without what was needed only to find it."""
    seen = set(re.findall(r"<(ID\d+)>", evidence.form))
    final = Reproduction(tuple(replace(step, rank=0) for step in reproduction.renamed(seen).steps))
    steps = tuple(_redacted(step, target.redact) for step in final.to_json())
    names = {old.defines: new.defines for old, new in zip(reproduction.steps, final.steps, strict=True) if new.defines}
    # If a response repeats part of a bad key, redaction changes the form, which then matches nothing.
    form = evidence.form if target.redact(evidence.form) == evidence.form else ""
    return replace(
        evidence,
        curl=target.redact(script(final, target.base_url, target.access.curl)),
        steps=steps,
        form="",
        sign=_redacted(with_form(evidence.sign, form, names, set(names.values())), target.redact),
        reproduced=reproduced,
    )


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(member, redact) for name, member in value.items()}
    return [_redacted(item, redact) for item in value] if isinstance(value, list) else value
