"""Kills mocks that deliver events, again and again, and counts the events that never arrived.

python -m tests.store.delivering --kills 50 [--postgresql]
"""

import argparse
import itertools
import re
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from tests.cli.command import ACCORD, KEYS, surroundings
from tests.mock.receiver import SECRET, Received, receiving
from tests.store.postgres_server import serving_postgres

_PAUSE = 0.15
"""Seconds for which a mock is written to before the one that delivers is killed."""

_SECONDS_TO_COME = 20.0


@dataclass
class Told:
    """How many conversations were acknowledged, which had no event, how many events were repeated, and the longest gap."""

    created: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: int = 0
    longest_gap: float = 0.0


class Deliverers:
    """Two mocks on one database, of which the one that was started first delivers. Both send to the same receiver."""

    def __init__(self, url: str, receiver: str, secret: str, directory: Path) -> None:
        self._command = [
            *(str(ACCORD), "mock", "--port", "0", "--scenario", "empty", "--quiet", "--store", url),
            *("--webhook", receiver, "--webhook-secret", secret),
        ]
        self._directory = directory
        self._names = itertools.count()
        self.mocks: list[tuple[subprocess.Popen[str], str]] = []

    def __enter__(self) -> "Deliverers":
        self.start()
        # With this create, the first mock starts to deliver before the second one is there.
        self.create()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process, _ in self.mocks:
            process.kill()
            process.communicate()

    def start(self) -> None:
        """Start one more."""
        process = subprocess.Popen(
            self._command, cwd=self._directory, env=surroundings(self._directory, {}), stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        # A quiet mock writes only this line.
        found = re.search(r"http://[^;, ]+", process.stdout.readline())
        url = found[0] if found else ""
        assert url, "a mock did not start"
        self.mocks.append((process, url))

    def end(self, number: int = signal.SIGKILL) -> None:
        """End the one that delivers."""
        process, _ = self.mocks.pop(0)
        process.send_signal(number)
        process.communicate(timeout=10)

    def create(self) -> str:
        """Create a conversation with the mock that was started last, and return its id."""
        body = orjson.dumps({"subject": f"Number {next(self._names)}"})
        headers = {"X-API-Key": KEYS.server, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.mocks[-1][1]}/api/v1/conversations/create/", body, headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            return str(orjson.loads(response.read())["id"])


def kill_some(url: str, kills: int, directory: Path) -> Told:
    """Write to two mocks, and kill the delivering one `kills` times. The receiver responds to every 16th event with 500."""

    def respond(number: int, _: Received) -> int:
        came.append(time.monotonic())
        return 500 if number % 16 == 0 else 204

    told, created, came = Told(), list[str](), list[float]()
    with receiving(respond) as receiver, Deliverers(url, receiver.url, SECRET, directory) as mocks:
        for _ in range(kills):
            until = time.monotonic() + _PAUSE
            while time.monotonic() < until:
                created.append(mocks.create())
            mocks.end()
            ended = time.monotonic()
            created += [mocks.create() for _ in range(5)]
            _wait(lambda ended=ended: any(at > ended for at in came))
            told.longest_gap = max(told.longest_gap, min(at for at in came if at > ended) - ended)
            mocks.start()
        _wait(lambda: not set(created) - _ids(receiver.received))
        ids = [one.json["conversation"]["id"] for one in receiver.received]
    told.created, told.lost = len(created), sorted(set(created) - set(ids))
    told.repeated = len(ids) - len(set(ids))
    return told


def _ids(received: Sequence[Received]) -> set[str]:
    return {str(one.json["conversation"]["id"]) for one in list(received)}


def _wait(condition: Any) -> None:
    end = time.monotonic() + _SECONDS_TO_COME
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def main() -> None:
    """Kill, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--postgresql", action="store_true", help="on a server that is started for it, and not a SQLite file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        url = f"sqlite:///{directory}/state.db"
        if given.postgresql:
            server = stack.enter_context(serving_postgres())
            server.execute("CREATE DATABASE delivering")
            url = server.url("delivering")
        told = kill_some(url, given.kills, Path(directory))
    print(
        f"{given.kills} kills: {told.created} created, {len(told.lost)} lost, {told.repeated} repeated, "
        f"longest gap {told.longest_gap:.2f} s"
    )
    raise SystemExit(bool(told.lost))


if __name__ == "__main__":
    main()
