"""Server processes: started on a free port, watched in /proc, and stopped by their ids, whatever happens."""

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_POLL_SECONDS = 0.002
_SECONDS_TO_STOP = 10


class StartFailed(Exception):
    """A server ended, or did not answer in time."""


@dataclass(frozen=True, slots=True)
class Process:
    """A server that answers. `start_seconds` is the time from starting the process to its first answer of status 200."""

    pid: int
    port: int
    start_seconds: float

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def cpu_seconds(self) -> float:
        """CPU time used so far, in user and kernel mode, by the process and its children."""
        total = 0
        for pid in tree(self.pid):
            with suppress(OSError):
                # Fields 14 to 17 of proc(5): utime, stime, and those of children that ended. The name before them may hold spaces.
                fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
                total += sum(map(int, fields[11:15]))
        return total / _TICKS

    def rss_mib(self) -> float:
        """Resident memory of the process and its children, in MiB."""
        total = 0
        for pid in tree(self.pid):
            with suppress(OSError):
                total += int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1])
        return total * _PAGE / 2**20


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, task.read_text("utf-8").split())
    return found


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def started(
    command: Callable[[int], Sequence[str]], path: str, headers: Mapping[str, str], directory: Path, seconds: float = 60
) -> Iterator[Process]:
    """Start a server, given its command for a port, wait until it answers at the path, and stop it at the end of the block.

    Raises StartFailed, with the end of what it wrote to stderr.
    """
    port = free_port()
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command(port), cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        try:
            while not _answers(port, path, headers):
                if process.poll() is not None or time.perf_counter() - began > seconds:
                    said.seek(0)
                    state = "does not answer" if process.poll() is None else f"ended with {process.returncode}"
                    raise StartFailed(f"{command(port)[0]} {state}: {said.read()[-300:].decode(errors='replace').strip()}")
                time.sleep(_POLL_SECONDS)
            yield Process(process.pid, port, time.perf_counter() - began)
        finally:
            _stop(process)


def _answers(port: int, path: str, headers: Mapping[str, str]) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", path, headers=dict(headers))
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and end by force what is left of it and its children."""
    family = {pid: _born(pid) for pid in tree(process.pid)}
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_SECONDS_TO_STOP)
    for pid, born in family.items():
        # An id may have been given to somebody else's process meanwhile.
        if born is not None and _born(pid) == born:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.wait()


def _born(pid: int) -> str | None:
    """When the process started, in ticks since the machine did; None if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return None
