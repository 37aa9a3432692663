"""Servers to verify, one of each kind for all tests of a process, and the command."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from broken_servers.registry import all_defects

from mockserver.app import create_app
from mockserver.server import serving
from tests.verify.command import Ended, accord

FAULT = "values-urgent-is-high"
"""The defect of the server that has one: the priority urgent is stored as high, against `create.priority-kept`."""


@pytest.fixture(scope="session")
def mock() -> Iterator[str]:
    """The URL of a server that keeps the contract. It is used by many, and dirty."""
    with serving(create_app()) as url:
        yield url


@pytest.fixture(scope="session")
def faulty() -> Iterator[str]:
    """The URL of a server with one fault."""
    with serving(all_defects()[FAULT].app()) as url:
        yield url


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., Ended]:
    """Runs `accord verify` in an empty directory."""
    return partial(accord, tmp_path, "verify")
