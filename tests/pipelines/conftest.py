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
"""A Python that makes environments without pip, which is there by PYTHONPATH; installing it takes most of the time."""


def job_environment(folder: Path) -> dict[str, str]:
    """The environment of a job: Python and pip are there, pip asks no index, and takes what is installed here for granted."""
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
        # Of all ways to say it, this is the one that pip takes for --no-build-isolation.
        "PIP_NO_BUILD_ISOLATION": "false",
        # Of what is on this path, .pth files are not followed: the editable install of this checkout stays out.
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a job."""
    return job_environment(tmp_path)


@pytest.fixture
def port() -> int:
    """One that was free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
