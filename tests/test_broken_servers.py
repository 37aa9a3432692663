"""Every server that is broken on purpose is found out, and for the right reason.

Each is tried in a child process: first by the tests that exercise what it breaks, which is quick, and by the whole suite where
these do not find it. `python tests/kill_matrix.py` runs the whole suite on all of them and writes down what it found.
"""

from collections import Counter

import pytest
from broken_servers.registry import Defect, all_defects
from kill_matrix import Fate, fate_of, try_fast
from trials import try_apart

from contract_tests.catalogue import Level, load_catalogue

DEFECTS = all_defects()
CATALOGUE = load_catalogue()


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS.keys())
def test_a_broken_server_is_found_out(defect: Defect) -> None:
    trial = try_apart(lambda: try_fast(defect, defect.effort))
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
