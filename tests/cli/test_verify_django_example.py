"""The helpdesk in examples/django_helpdesk, an implementation that shares no code with the mock, is found conformant over HTTP."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import OPTIONS, key_options
from tests.cli.forking import accord

pytestmark = pytest.mark.extended

SERVE = Path(__file__).parents[2] / "examples" / "django_helpdesk" / "serve.py"


@pytest.fixture
def helpdesk(tmp_path: Path) -> Iterator[str]:
    """Serve the example on a free port, with the keys that OPTIONS gives, and yield its URL."""
    keys = [part for name, key in OPTIONS.items() for part in (name, key)]
    log = tmp_path / "serve.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [sys.executable, SERVE, "--port", "0", "--database", tmp_path / "helpdesk.sqlite3", *keys],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, log.read_text(encoding="utf-8")
        yield url
        process.send_signal(signal.SIGTERM)


def test_it_is_conformant(tmp_path: Path, helpdesk: str) -> None:
    ended = accord(tmp_path, "verify", helpdesk, *key_options(), "--effort", "quick")
    assert ended.code == 0, ended.said
    # It sends no webhooks.
    assert {name for name in ended.with_outcome("not_tested") if not name.startswith("webhook.")} == set()
    choices = ended.report["choices"]
    # The README of the example lists these choices.
    assert choices["list_order"]["observed"] == "oldest"
    assert choices["limit_over_maximum"]["observed"] == "clamp"
    assert choices["message_paging"]["observed"] == "limit_offset"
