"""The back end of examples/inbox, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INBOX = Path(__file__).parents[2] / "examples" / "inbox"


@contextmanager
def back_end(support_url: str, key: str, agent: str = "agent@example.com") -> Iterator[str]:
    """Yield the URL of an inbox over a support API, with a key of it."""
    settings = {"SUPPORT_URL": support_url, "SUPPORT_KEY": key, "SUPPORT_AGENT": agent}
    command = [sys.executable, INBOX / "server.py", "--port", "0"]
    with subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0]
        process.terminate()
