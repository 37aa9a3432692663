"""Chromium for tests: started with what containers need, or a reason why it is not there."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_NODE_DIR = Path(__file__).parent / "node"
_AXE = _NODE_DIR / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Start Chromium with further arguments. Skips the test where it is not installed."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("Chromium is not there: install the package chromium, or name the program in CHROMIUM")
    with sync_playwright() as playwright:
        # Containers run tests as root, for which Chromium's sandbox does not start, and have little shared memory.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage", *arguments])
        yield started
        started.close()


def axe_source() -> str:
    """Return the script of axe-core, which tests/node pins. Skips the test where it cannot be installed."""
    if not _AXE.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("npm is not there to install axe-core, which tests/node pins")
        command = [npm, "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=_NODE_DIR, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            pytest.skip(f"npm cannot install axe-core: {done.stderr[:200]}")
    return _AXE.read_text(encoding="utf-8")
