"""`accord load` as a user runs it, for a second or so; and the servers that it is tried on."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.cli.command import Ended, accord, key_options

SHORT = ("--users", "8", "--spawn-rate", "50", "--duration", "1")
KEYS = key_options("--server-key", "--client-key", "--other-server-key")


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Ended]:
    """Runs a short `accord load` in an empty directory."""
    return partial(loaded, tmp_path)


def in_parallel(*works: Callable[[], Ended]) -> list[Ended]:
    """Run several loads, a few at a time, since a short one mostly waits for processes to start; return how they ended."""
    with ThreadPoolExecutor(3) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]


def loaded(directory: Path, *arguments: str, environment: dict[str, str] | None = None) -> Ended:
    """Run a short `accord load` in a directory, with the PYTHONPATH of the tests, so that it runs the same checkout."""
    path = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    return accord(directory, "load", *SHORT, *arguments, environment={**path, **(environment or {})})
