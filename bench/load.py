"""The load: requests in turn over kept-alive connections, by wrk, and what came of it."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
CONNECTIONS = 16
FAULTS = ("connect", "read", "write", "status", "timeout")
_FIGURES = re.compile(r"^figures (.+)$", re.MULTILINE)


class LoadFailed(Exception):
    """A request got no response, or was refused: a fast error does not count as a result."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, with the path and query as they are sent, and the body as JSON text or nothing."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to. `size` is the mean size of an answer in bytes, headers included."""

    requests: int
    seconds: float
    p99_ms: float
    size: float


Loader = Callable[[str, Sequence[Request], Mapping[str, str], int], Load]
"""Sends requests to a base URL, with these headers, for so many seconds. Raises LoadFailed."""


def wrk_version() -> str | None:
    """What wrk calls itself, or None if it is not installed."""
    if shutil.which("wrk") is None:
        return None
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False)
    return (said.stdout + said.stderr).partition("[")[0].strip()


def wrk(url: str, requests: Sequence[Request], headers: Mapping[str, str], seconds: int) -> Load:
    """Load a server with wrk: one thread, 16 connections, each of which waits for its answer."""
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as directory:
        script = Path(directory) / "requests.tsv"
        script.write_text("".join(f"{it.method}\t{it.path}\t{it.body}\n" for it in requests), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        done = subprocess.run([*command, url, "--", str(script)], capture_output=True, text=True, timeout=seconds + 30, check=False)
    if done.returncode != 0:
        raise LoadFailed(f"wrk ended with {done.returncode}: {done.stderr.strip()[:200]}")
    return parse(done.stdout)


def parse(output: str) -> Load:
    """The figures that wrk.lua printed. Raises LoadFailed if there are none, or if any request failed."""
    found = _FIGURES.search(output)
    if not found:
        raise LoadFailed(f"wrk printed no figures: {output.strip()[:200]!r}")
    figures = {name: int(value) for name, _, value in (pair.partition("=") for pair in found[1].split())}
    faults = {name: figures[name] for name in FAULTS if figures[name]}
    if faults:
        told = ", ".join(f"{count} by {name}" for name, count in faults.items())
        raise LoadFailed(f"of {figures['requests']} requests some failed: {told}")
    if not figures["requests"]:
        raise LoadFailed("not one request was answered")
    return Load(
        requests=figures["requests"],
        seconds=figures["microseconds"] / 1e6,
        p99_ms=figures["p99"] / 1e3,
        size=figures["bytes"] / figures["requests"],
    )
