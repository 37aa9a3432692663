"""A mock that is killed loses nothing that it acknowledged. (Hundreds of kills: tests/store/killing.py.)"""

import random
from pathlib import Path

import pytest

from tests.sampling import sample
from tests.store.killing import kill_at_the_start, kill_under_load

KILLS = 24


@pytest.mark.parametrize("part", sample(range(2)))
def test_killed_under_load(tmp_path: Path, part: int) -> None:
    known = kill_under_load(f"sqlite:///{tmp_path}/state.db", KILLS // 2, random.Random(part))
    assert known.writes > KILLS


def test_killed_as_it_makes_its_database(tmp_path: Path) -> None:
    chance = random.Random(1)
    for number in range(4):
        kill_at_the_start(f"sqlite:///{tmp_path}/{number}.db", chance)


@pytest.mark.extended
def test_killed_beside_a_server(database: str) -> None:
    known = kill_under_load(database, 5, random.Random(3))
    assert known.writes > 5
