"""What the figures were measured on, for the page to say."""

import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.load import wrk_version
from bench.servers import versions

ROOT = Path(__file__).parent.parent
_QUIET = 0.15


def about(command: str) -> str:
    """When, on what, and how: a paragraph of the page."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine()
    )
    kilobytes = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    software = {**versions(), "Granian": version("granian")}
    told = [*(f"{name} {number}" for name, number in software.items()), wrk_version() or "no wrk"]
    busy = _busy()
    text = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at commit {_commit()}, by `{command}`, on {os.cpu_count()} cores of {cpu}, "
        f"{kilobytes / 2**20:.0f} GiB, Linux {platform.release()}; {', '.join(told)}."
    )
    if busy > _QUIET:
        text += f" **The machine was busy** ({busy:.0%} of its CPU time in the second before): measure again."
    return text


def _busy() -> float:
    """The part of the machine's CPU time that is used, during one second."""
    before = _cpu_times()
    time.sleep(1)
    idle, total = (after - earlier for after, earlier in zip(_cpu_times(), before, strict=True))
    return 1 - idle / total if total else 0.0


def _cpu_times() -> tuple[int, int]:
    """Ticks without work (idle, iowait), and all ticks, since the machine started."""
    ticks = [*map(int, _lines("/proc/stat")[0].split()[1:9])]
    return ticks[3] + ticks[4], sum(ticks)


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
