"""What holds for all tests, and servers to verify, one of each kind for all tests of a process."""

import signal
from collections.abc import Iterator

import pytest

from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.defects.registry import all_defects

FAULT = "values-urgent-is-high"
"""The defect of the server that has one: the priority urgent is stored as high, against `create.priority-kept`."""

# A shell starts background processes with Ctrl-C ignored, and `nohup` starts them with hang-ups ignored. Their children inherit
# this, but tests send both signals to commands.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def mock() -> Iterator[str]:
    """Yield the URL of a server that conforms. Many tests share it, so it holds the conversations of others."""
    with serving(create_app()) as url:
        yield url


@pytest.fixture(scope="session")
def faulty() -> Iterator[str]:
    """The URL of a server with one fault."""
    with serving(all_defects()[FAULT].app()) as url:
        yield url
