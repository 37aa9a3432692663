"""Whether another run of the same seed and settings came to what a certificate says, requirement by requirement."""

from collections.abc import Iterator
from dataclasses import dataclass

from contract_tests.contract.catalogue import Level
from contract_tests.outcome.run import Outcome, Result, Run, Standing


@dataclass(frozen=True, slots=True)
class Compared:
    """What a certificate says of a requirement, and what another run says. `now` is None where the run did not have it."""

    then: Result
    now: Result | None

    @property
    def reproduced(self) -> bool | None:
        """Whether it is the same; None where the other run cannot say, or the certificate does not."""
        if self.then.outcome is not Outcome.PASSED or self.now is None:
            return None
        if self.now.outcome in (Outcome.INCONCLUSIVE, Outcome.NOT_TESTED):
            return None
        return self.now.outcome is Outcome.PASSED

    @property
    def claimed(self) -> bool:
        """Whether the certificate says that the server meets it, and that it has to."""
        return self.then.outcome is Outcome.PASSED and self.then.requirement.level is Level.MUST


def compare(certified: Run, again: Run) -> list[Compared]:
    """Return all requirements of a certificate, each beside what another run says of it; excluded ones are left out."""
    now = {result.requirement.id: result for result in again.results}
    counted = [one for one in certified.results if certified.standing(one) is not Standing.EXCLUDED]
    return [Compared(one, now.get(one.requirement.id)) for one in counted]


def exit_code(compared: list[Compared]) -> int:
    """Return 1 where something that is claimed was not reproduced, 3 where something of it could not be decided, and else 0."""
    claimed = [one.reproduced for one in compared if one.claimed]
    return 1 if False in claimed else 3 if None in claimed else 0


def lines(compared: list[Compared], certified: Run, again: Run) -> Iterator[str]:
    """Yield what is said of the comparison: what was not reproduced first, and choices that are made otherwise now."""
    claimed = [one for one in compared if one.claimed]
    same = sum(one.reproduced is True for one in claimed)
    word = {0: "REPRODUCED", 1: "NOT REPRODUCED", 3: "NOT DECIDED"}[exit_code(compared)]
    yield f"{word}  {same} of {len(claimed)} requirements of the certificate passed again"
    for one in compared:
        if one.reproduced is False and one.now is not None:
            warning = "" if one.claimed else " (a warning)"
            yield f"  not reproduced  {one.then.requirement.id}{warning}: {one.now.reason}"
    for one in claimed:
        if one.reproduced is None:
            yield f"  not decided  {one.then.requirement.id}: {one.now.reason if one.now else 'The run did not have it.'}"
    for name, before in certified.choices.items():
        now = again.choices.get(name)
        if now is not None and before.observed is not None and now.observed not in (None, before.observed):
            yield f"  choice  {name}: {before.observed} then, {now.observed} now"
