"""Several workers: how many, what they share, and which tests stay together."""

import ast
import os
from pathlib import Path

import pytest

from contract_tests import suite
from contract_tests.effort import EFFORTS
from contract_tests.run import order

FILES = sorted(Path(suite.__file__).parent.glob("test_*.py"))


def test_a_fast_server_has_one_worker_and_a_slow_one_many() -> None:
    assert [EFFORTS["quick"].workers_for(latency)[0] for latency in (0.0005, 0.002)] == [1, 1]
    assert EFFORTS["standard"].workers_for(0.001)[0] == 1
    assert EFFORTS["standard"].workers_for(0.1)[0] * 60 > EFFORTS["standard"].requests * 0.1
    assert EFFORTS["thorough"].workers_for(5)[0] == EFFORTS["standard"].workers_for(5)[0]


def test_a_busy_machine_is_no_slow_server() -> None:
    quiet, why = EFFORTS["standard"].workers_for(0.05)
    busy, told = EFFORTS["standard"].workers_for(0.05, 7.5)
    beside, _ = EFFORTS["standard"].workers_for(0.05, 7.5, here=True)
    assert beside <= busy < quiet
    assert beside <= (os.cpu_count() or 1)
    assert "50.0 ms" in why
    assert "7.5 times" in told
    assert "counts as 6.7" in told


def test_together_they_read_again_what_one_would() -> None:
    standard = EFFORTS["standard"]
    assert standard.shared_by(1) is standard
    assert standard.shared_by(4).audited * 4 == standard.audited
    assert EFFORTS["quick"].shared_by(16).audited > 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_uses_the_corpus_stays_together(path: Path) -> None:
    """Otherwise each worker that gets such a test creates a corpus of a hundred conversations for it."""
    arguments = {
        argument.arg
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
    }
    assert bool({"corpus", "acts"} & arguments) == (path.name in order.files_together())


def test_tests_that_stay_together_are_those_of_a_file_and_a_kind() -> None:
    first, second = "x/test_paging.py::test_a[open]", "test_paging.py::test_b[open]"
    assert order.together(first) == order.together(second)
    assert order.together(first) != order.together("test_paging.py::test_b[closed]")
    assert order.together("test_filters_of_many.py::test_a[open]-1]") == order.together("test_filters_of_many.py::test_b")
    assert order.together("test_get.py::test_a[x]") == "test_get.py::test_a[x]"
