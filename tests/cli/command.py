"""The command as a user runs it: a process of its own, in a directory of its own, with nothing of this environment but the path."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from contract_tests.reports import no_verdict
from mockserver.keys.model import StandardKeys
from mockserver.serving.server import WsgiApp, serving

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

PROGRESS = re.compile(r"\d+ s  (starting|\d+/\d+ tests)  [\d,]+ requests?")
"""A line that says how far a run is, where there is no terminal."""
NO_VERDICT = json.loads(no_verdict.SCHEMA_FILE.read_text(encoding="utf-8"))

LONGEST = 300.0
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
    def complaints(self) -> str:
        """What it said on stderr but for how far it was, which is said of any run that a slow machine makes long."""
        return "".join(line for line in self.err.splitlines(keepends=True) if not PROGRESS.fullmatch(line.strip()))

    @property
    def report(self) -> dict[str, Any]:
        """The report.json that it wrote to where reports go."""
        report: dict[str, Any] = json.loads((self.directory / "accord-report" / "report.json").read_text(encoding="utf-8"))
        return report

    @property
    def files(self) -> set[str]:
        """The names of the files that it left, from where it ran."""
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file()}

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each requirement."""
        return {entry["id"]: entry["outcome"] for entry in self.report["requirements"]}

    def with_outcome(self, outcome: str) -> set[str]:
        """The requirements that ended so."""
        return {name for name, ended in self.outcomes.items() if ended == outcome}


def accord(directory: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None, program: Path = ACCORD) -> Ended:
    """Run `accord` in a directory, with these environment variables besides those that any process has."""
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=directory,
        env=surroundings(directory, environment or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    ended = Ended(done.returncode, done.stdout, done.stderr, directory)
    assert "Traceback" not in ended.said, ended.said
    return ended


def surroundings(directory: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command that runs in a directory: what any process has, and more."""
    plain = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    # Not the real home: a .netrc there is not the test's.
    home = {"HOME": str(directory), "XDG_CACHE_HOME": str(directory.parent / "cache")}
    # A machine that is busy makes a server of its own look far away, for which a run would start as many workers as it may.
    return {**plain, **home, "COLUMNS": "100", "ACCORD_WORKERS": "1", **more}


def is_without_verdict(ended: Ended, code: int, *named: str) -> None:
    """The exit code, at most two lines that name what to mend, and a report that says the same in the place of all others."""
    assert ended.code == code, ended.said
    assert ended.out == ""
    assert 1 <= len(ended.err.splitlines()) <= 2, ended.err
    for part in named:
        assert part in ended.err
    report = ended.report
    Draft202012Validator(NO_VERDICT).validate(report)
    assert report["exit_code"] == code
    assert ended.err.splitlines()[0] == f"accord: {report['message']}"


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
