"""Runs the command as a user does: in its own process and directory, with almost no variables of this environment."""

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
"""All options with which `accord verify` gets the keys of a mock."""

PROGRESS = re.compile(r"\d+ s  (starting|\d+/\d+ tests)  [\d,]+ requests?")
"""A line that reports the progress of a run, where there is no terminal."""
NO_VERDICT = json.loads(no_verdict.SCHEMA_FILE.read_text(encoding="utf-8"))

LONGEST = 300.0
"""Seconds after which a command is given up."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ended: its exit code, its two outputs, and the directory that it ran in."""

    code: int
    out: str
    err: str
    directory: Path

    @property
    def said(self) -> str:
        """Both outputs, for the messages of failed assertions."""
        return f"{self.out}\n{self.err}"

    @property
    def complaints(self) -> str:
        """The lines on stderr other than progress, which any run reports on a slow machine."""
        return "".join(line for line in self.err.splitlines(keepends=True) if not PROGRESS.fullmatch(line.strip()))

    @property
    def report(self) -> dict[str, Any]:
        """The report.json in the default report directory."""
        report: dict[str, Any] = json.loads((self.directory / "accord-report" / "report.json").read_text(encoding="utf-8"))
        return report

    @property
    def files(self) -> set[str]:
        """The paths of all files in its directory, relative to that."""
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*") if path.is_file()}

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of each requirement."""
        return {entry["id"]: entry["outcome"] for entry in self.report["requirements"]}

    def with_outcome(self, outcome: str) -> set[str]:
        """Return the requirements with this outcome."""
        return {name for name, ended in self.outcomes.items() if ended == outcome}


def accord(directory: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None, program: Path = ACCORD) -> Ended:
    """Run `accord` in a directory, with these environment variables in addition to those of `surroundings`."""
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
    """Return the environment of a command in a directory: a few variables of this process, settings for tests, and `more`."""
    plain = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    # Not the real home: a .netrc there is not the test's.
    home = {"HOME": str(directory), "XDG_CACHE_HOME": str(directory.parent / "cache")}
    # On a busy machine a local server responds as slowly as a remote one, for which a run would start many workers.
    return {**plain, **home, "COLUMNS": "100", "ACCORD_WORKERS": "1", **more}


def is_without_verdict(ended: Ended, code: int, *named: str) -> None:
    """Check the exit code, one or two lines on stderr that name the problem, and a report without a verdict that says the same."""
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
