"""Every server that is broken on purpose is found out, and for the right reason.

Each is tried in a child process: first by the tests of the requirements that it breaks, which is quick, and by the whole suite if
these do not find it. Only the hardest one is tried for every fifth requirement, and in `make test` a third of these, since
test_reproductions.py tries two easier ones for each; with ACCORD_DEFECTS=all in the environment, all are tried.
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
from tests.sampling import sample

DEFECTS = all_defects()
CATALOGUE = load_catalogue()


def hardest(most: int = 1) -> list[Defect]:
    """Return, for each requirement, up to `most` of the defects that break it and are hardest to find."""
    by_difficulty = sorted(DEFECTS.values(), key=lambda defect: [*Difficulty].index(defect.difficulty), reverse=True)
    found: dict[str, Defect] = {}
    for requirement in CATALOGUE:
        breaking = [defect for defect in by_difficulty if requirement.id in defect.breaks]
        found |= {defect.name: defect for defect in breaking[:most]}
    return [defect for name, defect in DEFECTS.items() if name in found]


CHOSEN = [*DEFECTS.values()] if os.environ.get("ACCORD_DEFECTS") == "all" else sample(hardest()[::5], every=3)


@pytest.mark.parametrize("defect", CHOSEN, ids=lambda defect: defect.name)
def test_a_broken_server_is_found_out(defect: Defect) -> None:
    # Some faults need threads that meet at a bad moment. On a busy machine they may not meet, so these are tried with three seeds.
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
