"""The verdict of a bundle, computed again: its checks are added up, and each is held against the exchange that it looked at."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from contract_tests.certification.rules import RULES, Extent, extent_of
from contract_tests.certification.world import World
from contract_tests.contract.catalogue import Catalogue, Level
from contract_tests.contract.mismatch import Mismatch
from contract_tests.outcome.checks import Check, CheckLog


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A check that says passed, and the exchange that says otherwise. `entry` is its place in the log, from 0."""

    entry: int
    check: Check
    mismatch: Mismatch


@dataclass(frozen=True)
class Recomputed:
    """The result of computing a verdict again.

    `contradictions` are checks that their exchanges refute. `missing` are the places in the log of checks without their exchange.
    `checked` says, by requirement, how many checks were computed again.
    """

    contradictions: tuple[Contradiction, ...] = ()
    missing: tuple[int, ...] = ()
    checked: Mapping[str, int] = field(default_factory=dict)

    def extents(self, catalogue: Catalogue) -> dict[str, Extent | None]:
        """Return how much of each MUST that was checked was computed again."""
        return {one.id: extent_of(one.id) if self.checked.get(one.id) else None for one in catalogue if one.level is Level.MUST}


def recompute(log: CheckLog, world: World) -> Recomputed:
    """Hold every check that passed against its exchange."""
    contradictions: list[Contradiction] = []
    missing: list[int] = []
    checked = Counter[str]()
    for place, entry in enumerate(log.entries):
        if not isinstance(entry, Check):
            continue
        seen = world.exchanges.get((entry.worker, entry.exchange))
        if seen is None:
            missing.append(place)
            continue
        rule = RULES.get(entry.requirement)
        if rule is None or not entry.passed:
            continue
        checked[entry.requirement] += 1
        if mismatch := rule(world, seen):
            contradictions.append(Contradiction(place, entry, mismatch))
    return Recomputed(tuple(contradictions), tuple(missing), checked)
