"""Servers to verify, one of each kind for all tests of a process, and the command."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.cli.command import Ended, key_options
from tests.cli.forking import accord


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., Ended]:
    """Runs `accord verify` in an empty directory."""
    return partial(accord, tmp_path, "verify")


@pytest.fixture(scope="session")
def faulty_report(faulty: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report.json of a run that found the fault."""
    directory = tmp_path_factory.mktemp("faulty")
    ended = accord(directory, "verify", faulty, *key_options(), "--effort", "quick", "--only", "create.*")
    assert ended.code == 1, ended.said
    return directory / "accord-report" / "report.json"
