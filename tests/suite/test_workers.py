"""Several workers: how many, what they share, and which tests stay together."""

import ast
from pathlib import Path

import pytest

from contract_tests import plugin, suite
from contract_tests.effort import EFFORTS

FILES = sorted(Path(suite.__file__).parent.glob("test_*.py"))


def test_a_fast_server_has_one_worker_and_a_slow_one_many() -> None:
    assert [EFFORTS["quick"].workers_for(latency) for latency in (0.0005, 0.002)] == [1, 1]
    assert EFFORTS["standard"].workers_for(0.001) == 1
    assert EFFORTS["standard"].workers_for(0.1) * 60 > EFFORTS["standard"].requests * 0.1
    assert EFFORTS["thorough"].workers_for(5) == EFFORTS["standard"].workers_for(5)


def test_together_they_read_again_what_one_would() -> None:
    standard = EFFORTS["standard"]
    assert standard.shared_by(1) is standard
    assert standard.shared_by(4).audited * 4 == standard.audited
    assert EFFORTS["quick"].shared_by(16).audited > 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_uses_the_corpus_stays_together(path: Path) -> None:
    """Each worker that meets such a test by itself creates a hundred conversations for it."""
    arguments = {
        argument.arg
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef)
        for argument in node.args.args
    }
    assert ("corpus" in arguments) == (path.name in plugin.TOGETHER)


def test_tests_that_stay_together_are_those_of_a_file_and_a_kind() -> None:
    first, second = "x/test_paging.py::test_a[open]", "test_paging.py::test_b[open]"
    assert plugin.together(first) == plugin.together(second)
    assert plugin.together(first) != plugin.together("test_paging.py::test_b[closed]")
    assert plugin.together("test_filters_of_many.py::test_a[open]-1]") == plugin.together("test_filters_of_many.py::test_b")
    assert plugin.together("test_get.py::test_a[x]") == "test_get.py::test_a[x]"
