"""What the figures were measured on, for the page to say."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.load import wrk_version
from bench.servers import versions

ROOT = Path(__file__).parent.parent


def about(command: str) -> str:
    """When, on what, and how: a paragraph of the page."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine()
    )
    kilobytes = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    software = {**versions(), "Granian": version("granian")}
    told = [*(f"{name} {number}" for name, number in software.items()), wrk_version() or "no wrk"]
    busy = os.getloadavg()[0]
    text = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at commit {_commit()}, by `{command}`, on {os.cpu_count()} cores of {cpu}, "
        f"{kilobytes / 2**20:.0f} GiB, Linux {platform.release()}; {', '.join(told)}."
    )
    return text + (f" **The machine was busy meanwhile** (load average {busy:.1f} before): measure again." if busy > 1 else "")


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []


def _commit() -> str:
    """The commit that is checked out, and whether something was changed since."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
