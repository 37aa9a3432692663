"""Every server that is broken on purpose is found out, and for the right reason.

Each is tried in a child process: first by the tests that exercise what it breaks, which is quick, and by the whole suite where
these do not find it. Here, for every fifth requirement, the one that is hardest to find, since test_reproductions.py has two easier
ones found for each; with ACCORD_DEFECTS=all in the environment, all.
`python -m tests.harness.kill_matrix` runs the whole suite on each of them and writes down what it found.
"""

import os
from collections import Counter
from functools import partial

import pytest

from contract_tests.contract.catalogue import Level, load_catalogue
from tests.defects.registry import Defect, Difficulty, all_defects
from tests.harness.kill_matrix import Fate, fate_of, try_fast
from tests.harness.trials import try_apart

DEFECTS = all_defects()
CATALOGUE = load_catalogue()


def hardest(most: int = 1) -> list[Defect]:
    """For each requirement, so many defects that break it, the hardest to find first."""
    by_difficulty = sorted(DEFECTS.values(), key=lambda defect: [*Difficulty].index(defect.difficulty), reverse=True)
    found: dict[str, Defect] = {}
    for requirement in CATALOGUE:
        breaking = [defect for defect in by_difficulty if requirement.id in defect.breaks]
        found |= {defect.name: defect for defect in breaking[:most]}
    return [defect for name, defect in DEFECTS.items() if name in found]


CHOSEN = [*DEFECTS.values()] if os.environ.get("ACCORD_DEFECTS") == "all" else hardest()[::5]


@pytest.mark.parametrize("defect", CHOSEN, ids=lambda defect: defect.name)
def test_a_broken_server_is_found_out(defect: Defect) -> None:
    # Where threads have to meet at a bad moment, a machine that is busy with other tests may keep them from it.
    for seed in range(3 if "concurrency" in defect.area else 1):
        trial = try_apart(partial(try_fast, defect, defect.effort, seed))
        if fate_of(defect, trial) is Fate.KILLED:
            break
    said = f"{defect.text} Of {', '.join(defect.breaks)} none was reported: {trial}"
    assert fate_of(defect, trial) is Fate.KILLED, said


def test_a_defect_breaks_what_is_in_the_catalogue() -> None:
    unknown = {name: defect.name for defect in DEFECTS.values() for name in defect.breaks if name not in CATALOGUE.requirements}
    assert not unknown
    assert all(defect.breaks for defect in DEFECTS.values())


def test_every_requirement_is_broken_by_two_servers() -> None:
    broken = Counter(name for defect in DEFECTS.values() for name in defect.breaks)
    lacking = [item.id for item in CATALOGUE if item.level is Level.MUST and broken[item.id] < 2]
    assert not lacking


def test_there_are_enough_of_them() -> None:
    assert len(DEFECTS) >= 200
