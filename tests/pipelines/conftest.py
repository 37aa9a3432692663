"""Servers to verify, one of each kind for all tests of a process, and what installs Accord without a network."""

import os
import socket
import sys
import sysconfig
from pathlib import Path

import pytest

SHIM = """#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then set -- -m venv --without-pip "$3"; fi
exec "{python}" "$@"
"""
"""A `python` that makes environments without pip, since installing it takes most of the time: pip comes from PYTHONPATH."""


def job_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a job: it has Python and pip, but pip uses no index, only the packages that are installed here."""
    home, programs = folder / "home", folder / "programs"
    home.mkdir()
    programs.mkdir()
    for name in ("python", "python3"):
        (programs / name).write_text(SHIM.format(python=sys.executable), encoding="utf-8")
        (programs / name).chmod(0o755)
    return {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_COMPILE": "1",
        # The value false is what pip takes for the option --no-build-isolation.
        "PIP_NO_BUILD_ISOLATION": "false",
        # .pth files in this folder are not processed, so the editable install of this checkout is not visible.
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a job."""
    return job_environment(tmp_path)


@pytest.fixture
def port() -> int:
    """Return a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
