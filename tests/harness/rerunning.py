"""Executes the scripts of repro/ over HTTP, against new instances of the server that caused them and of a conforming one."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from contract_tests.outcome.run import Result, Run
from contract_tests.reports import repro
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp, serving
from tests.defects.registry import Defect
from tests.harness.reproducing import findings
from tests.harness.trials import run_here

LONGEST = 120.0
"""Seconds after which a script is given up."""

KINDS = ("sh", "py")
THERE, GONE, UNCLEAR = 1, 0, 2


@dataclass(frozen=True, slots=True)
class Rerun:
    """The exit codes of the scripts of one finding, by `broken sh`, `mended py` and so on, and what they said."""

    defect: str
    requirement: str
    reproduced: bool = False
    codes: Mapping[str, int] = field(default_factory=dict)
    said: str = ""

    def right(self, kind: str) -> bool:
        """Tell whether one kind of script sees the fault on the broken server, and sees that the mended one does not have it."""
        return (self.codes.get(f"broken {kind}"), self.codes.get(f"mended {kind}")) == (THERE, GONE)

    @property
    def misleading(self) -> list[str]:
        """The scripts that say that the broken server is right, or that the mended one is wrong."""
        wrong = {f"{server} {kind}": code for kind in KINDS for server, code in (("broken", GONE), ("mended", THERE))}
        return [name for name, code in wrong.items() if self.codes.get(name) == code]


def rerun(defect: Defect, effort: str = "quick") -> Rerun:
    """Judge a broken server, and execute the scripts about the first requirement that it breaks."""
    found: list[Result] = []
    for settings in ({"only": defect.breaks, "fail_fast": True}, {"only": defect.breaks}, {}):
        if not found:
            run = run_here(defect.app(), effort, **settings)
            found = findings(run, defect)
    if not found:
        return Rerun(defect.name, "", said="it was not found out")
    codes, said = {}, []
    # The conforming server is as empty at the start as the broken one.
    for server, app in (("broken", defect.app()), ("mended", create_app(scenario="empty"))):
        for kind, (code, output) in executed(run, found[0], app).items():
            codes[f"{server} {kind}"] = code
            said.append(f"{server} {kind}: {code}\n{output[-2000:]}")
    return Rerun(defect.name, found[0].requirement.id, found[0].evidence[0].reproduced, codes, "\n".join(said))


def executed(run: Run, result: Result, app: WsgiApp) -> dict[str, tuple[int, str]]:
    """Execute each kind of script about a result against an application, and return exit codes and outputs."""
    with serving(app) as url:
        return executed_at(run, result, {"ACCORD_URL": url, **keys()})


def executed_at(run: Run, result: Result, variables: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Do the same with these variables in the environment, and without others that could matter."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        for path, text in repro.render(replace(run, results=(result,))).items():
            script = Path(name, Path(path).name)
            script.write_text(text, encoding="utf-8")
            program = "bash" if script.suffix == ".sh" else sys.executable
            done = subprocess.run(
                [program, script.name],
                cwd=name,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": name, **variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LONGEST,
                check=False,
            )
            found[script.suffix[1:]] = (done.returncode, done.stdout + done.stderr)
    return found


def keys() -> dict[str, str]:
    """Return the mock's ready-made keys as environment variables."""
    standard = StandardKeys.of(DEFAULT_SEED)
    return {
        "ACCORD_SERVER_KEY": standard.server,
        "ACCORD_CLIENT_KEY": standard.client,
        "ACCORD_REVOKED_KEY": standard.revoked,
        "ACCORD_OTHER_SERVER_KEY": standard.other_server,
        "ACCORD_ORIGIN_CLIENT_KEY": standard.origin_client,
    }
