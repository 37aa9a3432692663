"""The command as a user runs it: a process of its own, in a directory of its own, with nothing of this environment but the path."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.keys import StandardKeys
from mockserver.server import WsgiApp, serving

ACCORD = Path(sys.executable).with_name("accord")
KEYS = StandardKeys.of(1)
OPTIONS = {
    "--server-key": KEYS.server,
    "--client-key": KEYS.client,
    "--revoked-key": KEYS.revoked,
    "--other-server-key": KEYS.other_server,
    "--origin-client-key": KEYS.origin_client,
    "--origin": KEYS.origin,
}
"""All that a user can tell `accord verify` of the keys of a mock."""

LONGEST = 120.0
"""Seconds after which a command is given up."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended: its exit code, what it said, and where it ran."""

    code: int
    out: str
    err: str
    directory: Path

    @property
    def said(self) -> str:
        """Both outputs, for messages of tests."""
        return f"{self.out}\n{self.err}"

    @property
    def report(self) -> dict[str, Any]:
        """The report.json that it wrote to where reports go."""
        report: dict[str, Any] = json.loads((self.directory / "accord-report" / "report.json").read_text(encoding="utf-8"))
        return report

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each requirement."""
        return {entry["id"]: entry["outcome"] for entry in self.report["requirements"]}

    def with_outcome(self, outcome: str) -> set[str]:
        """The requirements that ended so."""
        return {name for name, ended in self.outcomes.items() if ended == outcome}


def accord(directory: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None, program: Path = ACCORD) -> Ended:
    """Run `accord` in a directory, with these environment variables besides those that any process has."""
    plain = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    # Not the real home: a .netrc there is not the test's.
    home = {"HOME": str(directory), "XDG_CACHE_HOME": str(directory.parent / "cache")}
    surroundings = {**plain, **home, "COLUMNS": "100", **(environment or {})}
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=directory,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    ended = Ended(done.returncode, done.stdout, done.stderr, directory)
    assert "Traceback" not in ended.said, ended.said
    return ended


def key_options(*names: str) -> list[str]:
    """The options that give the keys of a mock, or only some of them."""
    return [part for name, value in OPTIONS.items() if name in (names or OPTIONS) for part in (name, value)]


@contextmanager
def below(app: WsgiApp, prefix: str, asked: list[str]) -> Iterator[str]:
    """Serve an application below a path of its host, and note all paths that are asked for."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        asked.append(path)
        if not path.startswith(prefix + "/"):
            start_response("404 Not Found", [("Content-Type", "text/html")])
            return [b"<h1>Nothing here</h1>"]
        return app({**environ, "SCRIPT_NAME": prefix, "PATH_INFO": path[len(prefix) :]}, start_response)

    with serving(answer) as url:
        yield url + prefix
