"""Tries reproductions: bash executes the lines of a report over HTTP, against a new instance of the server that caused them.

Their output is compared with what a conforming server prints after the same lines. A finding is shown again if the two differ, and
if the response has the status in the report.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from contract_tests.outcome.run import Outcome, Result, Run
from contract_tests.outcome.tally import Evidence
from contract_tests.reproduction.likeness import form_of
from contract_tests.transport.exchange import Call, Exchange
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp, serving
from tests.defects.registry import Defect
from tests.harness.trials import URL, run_here

PAGE = Path(__file__).parents[2] / "docs" / "kill-matrix.md"
FIGURES = Path(__file__).with_name("reproduced.json")
"""Written by tests/harness/reproduce.py."""

LONGEST = 60.0
"""Seconds after which lines are given up."""

APART = {
    "concurrency*": "needs requests that meet at a bad moment",
    "*-after-a-while": "needs time, or many requests in between",
    "*-sporadic*": "fails now and then",
    "get-not-young-*": "needs two requests within 50 ms, which a busy machine does not start so soon",
    "*-by-the-millisecond": "needs two requests within a millisecond",
    "*-every-*": "fails now and then",
    "*-mixed-up": "needs requests that meet at a bad moment",
    "isolation-equal-numbers-share-messages": "needs as many conversations as there were before",
    "values-number-from-the-body": "needs as many conversations as there were before",
    "keys-many-wrong-ones-*": "needs many refusals before",
    "persistence-keeps-*": "needs more conversations than it keeps",
    "persistence-messages-gone-after-others": "needs more messages than it keeps",
    "persistence-metadata-gone-after-thirty": "needs thirty creates in between",
    "robustness-500-after-300-creates": "needs hundreds of requests before",
    "persistence-default-metadata-shared": "needs a create by another requester before, which nothing in the finding names",
    "ids-same-in-the-answer": "fails at every fiftieth create",
}
"""Patterns of the names of servers that fail by chance, load or time, with the reason why lines need not show the fault."""


def apart(defect: Defect) -> str:
    """Return why the lines for a server are counted apart, or an empty text if they are not."""
    named = (reason for pattern, reason in APART.items() if fnmatchcase(defect.name, pattern))
    if defect.area.startswith("webhook/"):
        return "is shown by what comes to a receiver"
    return next(named, "fails now and then" if defect.area.endswith("robustness_sporadic") else "")


_HEAD = re.compile(rb"HTTP/1\.1 (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
_IDS = b"\nThe ids:"


def figure(score: Mapping[str, Any]) -> str:
    """Return what the page of the kill matrix says about reproductions."""
    others = score["apart"]
    which = f" (one of {score['every']} servers was tried)" if score["every"] > 1 else ""
    return (
        f"- **reproductions**: the lines of {score['shown']} of {score['tried']} reports show the wrong value again on the server "
        f"that caused it, fresh; apart from these, {others['shown']} of {others['tried']} about servers that fail by chance, under "
        f"load or after a time (tests/harness/reproducing.py says which and why){which}"
    )


def with_figure(page: str, score: Mapping[str, Any]) -> str:
    """Return the page with this figure in place of its old one, or after the figure of false alarms if it has none."""
    lines = [line for line in page.splitlines() if not line.startswith("- **reproductions**")]
    at = max((number for number, line in enumerate(lines) if line.startswith("- **false alarms**")), default=4)
    return "\n".join([*lines[: at + 1], figure(score), *lines[at + 1 :]]) + "\n"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of executing the lines of one finding: whether they showed it (`shown`), and otherwise the reason."""

    defect: str
    requirement: str
    shown: bool
    reason: str = ""
    curl: str = ""
    reproduced: bool = False


def attempts(defect: Defect, effort: str = "quick", seed: int = 0, *, whole: bool = False) -> list[Attempt]:
    """Judge a broken server, and execute the lines of the first requirement that it breaks, or of all of them if `whole`."""
    found: list[Result] = []
    # One finding is enough, preferably from a test that cites the requirement: the whole suite runs only if these find nothing.
    for settings in ({"only": defect.breaks, "fail_fast": not whole}, {"only": defect.breaks}, {}):
        if not found:
            found = findings(run_here(defect.app(), effort, seed=seed, **settings), defect)
    if not found:
        return [Attempt(defect.name, "", False, "it was not found out")]
    chosen = found if whole else found[:1]
    return [_attempt(defect, result, result.evidence[0]) for result in chosen]


def findings(run: Run, defect: Defect) -> list[Result]:
    """Return the failures and warnings of the requirements that a server breaks, those that are no consequences first."""
    failed = run.with_outcome(Outcome.FAILED, Outcome.WARNED)
    own = [result for result in failed if result.requirement.id in defect.breaks and result.evidence]
    return sorted(own, key=lambda result: (bool(result.causes), defect.breaks.index(result.requirement.id)))


def _attempt(defect: Defect, result: Result, evidence: Evidence) -> Attempt:
    broken, ids = printed_by(defect.app(), evidence.curl)
    # It is as empty at the start as the broken one: otherwise what each of them holds would be a difference.
    right, right_ids = printed_by(create_app(scenario="empty"), evidence.curl)
    reason = ""
    if not broken:
        reason = "nothing was printed"
    elif evidence.response and broken[-1].status != evidence.response["status"]:
        reason = f"the status is {broken[-1].status}, and was {evidence.response['status']}"
    elif form_of(broken, ids, times=True) == form_of(right, right_ids, times=True):
        reason = "a conforming server prints the same"
    return Attempt(defect.name, result.requirement.id, not reason, reason, evidence.curl, evidence.reproduced)


def printed_by(app: WsgiApp, lines: str) -> tuple[list[Exchange], dict[str, str]]:
    """Execute lines over HTTP against a new application; return the responses that they print, and the variables by their ids.

    Only the last response is printed with its head.
    """
    variables = re.findall(r"^(ID\d+)=", lines, re.MULTILINE)
    quoted = " ".join(f'"${name}"' for name in variables)
    ending = f"\nprintf '\\nThe ids:'; printf ' %s' {quoted}"
    with serving(app) as url, tempfile.TemporaryDirectory() as folder:
        # curl shows no progress meter at a terminal either.
        Path(folder, ".curlrc").write_text("no-progress-meter\n", encoding="utf-8")
        printed, _, ids = run_in_bash(lines.replace(URL, url) + ending, Path(folder)).rpartition(_IDS)
    return _parsed(printed), {unquote(one): name for one, name in zip(ids.decode().split(), variables, strict=False)}


def run_in_bash(lines: str, folder: Path, path: str = "") -> bytes:
    """Let bash execute the lines in a folder, with the mock's ready-made keys in the environment, and return what it prints."""
    keys = StandardKeys.of(DEFAULT_SEED)
    environment = {
        "PATH": path or os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "CURL_HOME": str(folder),
        "ACCORD_SERVER_KEY": keys.server,
        "ACCORD_CLIENT_KEY": keys.client,
        "ACCORD_REVOKED_KEY": keys.revoked,
        "ACCORD_OTHER_SERVER_KEY": keys.other_server,
        "ACCORD_ORIGIN_CLIENT_KEY": keys.origin_client,
    }
    script = folder / "lines.sh"
    script.write_text(lines, encoding="utf-8")
    # While a line takes an id from a response, it shows that response on stderr.
    done = subprocess.run(
        ["bash", str(script)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST,
        check=False,
    )
    return done.stdout


def _parsed(printed: bytes) -> list[Exchange]:
    heads = list(_HEAD.finditer(printed))
    if not heads:
        return []
    head = heads[-1]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[2].decode().split("\r\n"))}
    earlier = [line for line in printed[: head.start()].splitlines() if line.startswith((b"{", b"["))]
    call = Call("GET", "/")
    compared = [Exchange(call, "", 0, {}, line, 0.0) for line in earlier]
    return [*compared, Exchange(call, "", int(head[1]), headers, printed[head.end() :], 0.0)]
