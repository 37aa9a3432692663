"""Mocks as `deploy/` runs them: processes of `accord mock` that share a database, behind nginx with the configuration there.

`python -m tests.store.farm` tries more of this: it verifies the mocks thoroughly, kills a mock under load, and restarts the
database under load.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

from mockserver.keys.model import StandardKeys
from mockserver.serving.ports import bind
from tests.store.killing import Acknowledged, Client, check_all, check_newest
from tests.store.postgres_server import PostgresServer, serving_postgres

DEPLOY = Path(__file__).parents[2] / "deploy"
MOCKS = 4
_SECONDS_TO_START = 60
_KEYS = StandardKeys.of(1)
OPTIONS = {
    "--server-key": _KEYS.server,
    "--client-key": _KEYS.client,
    "--revoked-key": _KEYS.revoked,
    "--other-server-key": _KEYS.other_server,
    "--origin-client-key": _KEYS.origin_client,
    "--origin": _KEYS.origin,
}


class Mock:
    """A process of `accord mock` on a port of this machine."""

    def __init__(self, store: str, directory: Path, port: int = 0) -> None:
        self._ready = directory / f"ready-{random.randrange(10**9)}"
        self._log = directory / "mocks.log"
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "accord.cli", "mock", "--store", store, "--port", str(port)),
                    *("--scenario", "empty", "--choice", "description_as_message=first_message"),
                    *("--ready-file", str(self._ready), "--quiet"),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )

    def wait(self) -> int:
        """Return its port, once it answers."""
        deadline = time.monotonic() + _SECONDS_TO_START
        while not self._ready.exists():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "the mock did not start"
            time.sleep(0.02)
        return int(self._ready.read_text().rpartition(":")[2])

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()


class Nginx:
    """nginx, with the configuration of `deploy/`, but on a free port and before these mocks."""

    def __init__(self, directory: Path, ports: list[int]) -> None:
        with bind("127.0.0.1", 0) as listener:
            self.port = int(listener.getsockname()[1])
        text = (DEPLOY / "nginx.conf").read_text()
        assert "listen 8080;" in text
        (directory / "nginx.conf").write_text(text.replace("listen 8080;", f"listen 127.0.0.1:{self.port};"))
        (directory / "mocks.conf").write_text("".join(f"server 127.0.0.1:{port};\n" for port in ports))
        # nginx's workers run as another user than root, and have to write there.
        directory.chmod(0o755)
        self._process = subprocess.Popen(["nginx", "-p", directory, "-c", "nginx.conf", "-g", "daemon off;"], cwd=directory)
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            with suppress(OSError, HTTPException), Client(self.port) as client:
                client.call("GET", "")
                return
            assert self._process.poll() is None
            assert time.monotonic() < deadline, "nginx did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it, its workers too."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)


class Farm:
    """All of it. `url` is the address of the load balancer."""

    def __init__(self, stack: ExitStack, store: str, mocks: int) -> None:
        # It cannot be the directory of a test, which other users may not enter.
        self._directory = Path(tempfile.mkdtemp(prefix="accord-farm-"))
        stack.callback(shutil.rmtree, self._directory, ignore_errors=True)
        self._store = store
        # All of them start at once, on a database that has no schema yet.
        self.mocks = [self._start(stack) for _ in range(mocks)]
        self.ports = [mock.wait() for mock in self.mocks]
        nginx = Nginx(self._directory, self.ports)
        stack.callback(nginx.stop)
        self.port = nginx.port
        self.url = f"http://127.0.0.1:{nginx.port}"

    def _start(self, stack: ExitStack, port: int = 0) -> Mock:
        mock = Mock(self._store, self._directory, port)
        stack.callback(mock.kill)
        return mock

    def start_again(self, index: int, stack: ExitStack) -> None:
        """Start a mock that was killed, where it was."""
        self.mocks[index] = self._start(stack, self.ports[index])
        self.mocks[index].wait()

    def verify(self, *options: str) -> "subprocess.CompletedProcess[str]":
        """Verify it with `accord verify`, through the load balancer."""
        keys = [text for option in OPTIONS.items() for text in option]
        return subprocess.run(
            [sys.executable, "-m", "accord.cli", "verify", self.url, *keys, *options],
            cwd=self._directory,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )

    def under_load(self, act: Callable[[], None], clients: int = 4) -> Acknowledged:
        """Do something while clients write, check that all acknowledged writes are there and complete, and return these."""
        known, stopping = Acknowledged(), threading.Event()
        with Client(self.port) as client:
            count = client.call("GET", "?limit=1")["count"]

        def load(index: int) -> None:
            attempt = 0
            # `load` ends at the first request that fails, and begins again, as clients do.
            while not stopping.is_set():
                attempt += 1
                with suppress(AssertionError):
                    known.load(self.port, f"{index}-{attempt}-{count}", stopping)
                time.sleep(0.01)

        threads = [threading.Thread(target=load, args=(index,)) for index in range(clients)]
        for thread in threads:
            thread.start()
        try:
            time.sleep(0.5)
            act()
            recovered = known.writes
            time.sleep(0.7)
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
        assert known.writes > recovered, "nothing was acknowledged afterwards"
        with Client(self.port) as client:
            for id in known.conversations:
                known.check(client, id)
            check_newest(client, count)
        return known


@contextmanager
def farm(store: str, mocks: int = MOCKS) -> Iterator[tuple[Farm, ExitStack]]:
    """Start `mocks` mocks behind nginx, with a common store. The end of the block ends them, and what it added to the stack."""
    with ExitStack() as stack:
        yield Farm(stack, store, mocks), stack


def main() -> None:
    """Verify the mocks, kill and restart them under load, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--effort", default="thorough")
    parser.add_argument("--rounds", type=int, default=5, help="How often a mock is killed, and the database restarted.")
    options = parser.parse_args()
    with serving_postgres() as server, farm(server.url()) as (mocks, stack):
        began = time.monotonic()
        done = mocks.verify("--effort", options.effort)
        print(done.stdout[-1500:], done.stderr[-1500:])
        print(f"verify --effort {options.effort}: exit code {done.returncode}, {time.monotonic() - began:.0f} s", flush=True)
        for number in range(options.rounds):
            index = number % len(mocks.mocks)
            known = mocks.under_load(mocks.mocks[index].kill)
            print(f"a mock killed: {known.writes} acknowledged writes, all there", flush=True)
            mocks.start_again(index, stack)
            known = mocks.under_load(lambda: restart(server))
            print(f"the database restarted: {known.writes} acknowledged writes, all there", flush=True)
        print(f"{check_all(server.url(), Acknowledged(), first_message=False)} conversations in the end; numbers are unique")


def restart(server: PostgresServer) -> None:
    """Restart the database as a crash would."""
    server.stop(signal.SIGQUIT)
    server.start()


if __name__ == "__main__":
    main()
