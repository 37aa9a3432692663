"""A host name whose look-up never ends holds up neither time limits nor budgets, nor Ctrl-C, nor the end of the process."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.command import ACCORD, key_options

HANGS = """
import socket, time
asked = socket.getaddrinfo

def getaddrinfo(host, *arguments, flags=0, **named):
    if host == "hangs.example" and not flags & socket.AI_NUMERICHOST:
        time.sleep(600)
    return asked(host, *arguments, flags=flags, **named)

socket.getaddrinfo = getaddrinfo
"""


def started(directory: Path, *options: str) -> "subprocess.Popen[str]":
    """Start `accord verify` in an environment where every look-up of hangs.example takes ten minutes."""
    (directory / "site").mkdir()
    (directory / "site" / "sitecustomize.py").write_text(HANGS, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "PYTHONPATH": str(directory / "site")}
    return subprocess.Popen(
        [str(ACCORD), "verify", "http://hangs.example", *key_options("--server-key"), *options],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(("options", "code"), [(("--timeout", "1"), 2), (("--timeout", "60", "--time-budget", "1"), None)])
def test_a_limit_of_time_ends_it(tmp_path: Path, options: tuple[str, ...], code: int | None) -> None:
    with started(tmp_path, *options) as running:
        said, _ = running.communicate(timeout=40)
    assert running.returncode in ((2, 3) if code is None else (code,)), said
    assert "Traceback" not in said


@pytest.mark.extended
def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    with started(tmp_path, "--timeout", "60") as running:
        time.sleep(4)
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=40)
    assert time.monotonic() - began < 6, said
    assert running.returncode in (3, 130), said
    assert "Traceback" not in said
