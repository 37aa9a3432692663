"""What docs/ci.md says of a job's size: how long it takes, how much it prints, how large its files are; by `make ci-figures`.

The job for GitHub on that page is run step by step from a fresh workspace, against a mock and against one that is broken; what it
fetches from an index is here already. The files of many failures are those of tests/reports/test_sizes.py, with short texts and
with texts as long as they get.
"""

import os
import re
import resource
import signal
import socket
import sys
import tempfile
from pathlib import Path

import yaml

from contract_tests.reports import FORMATS
from tests.cli.command import KEYS
from tests.pipelines.conftest import job_environment
from tests.pipelines.github import ROOT, Runner
from tests.pipelines.pages import CI, DOCS, block
from tests.reports.samples import PRIORITY
from tests.reports.test_sizes import LARGE, failing

_SERVER = """\
#!/bin/sh
echo $$ > pid
PYTHONPATH="{root}" exec "{python}" -c '
import sys
from mockserver.app import create_app
from mockserver.serving.ports import bind
from mockserver.serving.server import serve
from tests.defects.registry import all_defects
make = {make}
with bind("127.0.0.1", int(sys.argv[2])) as listener:
    serve(make(), listener)
' "$@" > server.log 2>&1
"""
_GREEN, _RED = "create_app", 'all_defects()["values-urgent-is-high"].app'
_NUMBERS = (1, 100, 1_000)


def job(make: str) -> tuple[float, int, int]:
    """Run the job against a server, and return its seconds of processor time, the lines of its log, and its exit code."""
    with tempfile.TemporaryDirectory() as temporary, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        folder = Path(temporary)
        workspace, runner_temp = folder / "workspace", folder / "runner"
        workspace.mkdir()
        runner_temp.mkdir()
        server = workspace / "start-my-server"
        server.write_text(_SERVER.format(root=ROOT, python=sys.executable, make=make), encoding="utf-8")
        server.chmod(0o755)
        secrets = {"ACCORD_SERVER_KEY": KEYS.server, "ACCORD_CLIENT_KEY": KEYS.client}
        provided = {"python.python-path": str(folder / "programs" / "python")}
        runner = Runner(workspace, runner_temp, job_environment(folder), secrets, provided)
        steps = yaml.safe_load(block(CI, "github").replace("8000", str(port)))["jobs"]["verify"]["steps"]
        began = _seconds()
        try:
            ran = runner.job(steps)
        finally:
            os.kill(int((workspace / "pid").read_text(encoding="utf-8")), signal.SIGTERM)
        return _seconds() - began, len(ran.log.splitlines()), ran.code


def _seconds() -> float:
    """Return the processor time of all child processes that ended: elapsed time would depend on what else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sizes() -> list[str]:
    """Return the rows of a table: the size of each file, with few and with long texts, by the number of failures."""
    rows = []
    runs = [failing(number, evidence) for number in _NUMBERS for evidence in (PRIORITY, LARGE)]
    for name, render in FORMATS.items():
        if name in ("traffic.har", "checks.jsonl"):
            # Their sizes depend on what was sent, not on what failed.
            continue
        kilobytes = [len(render(run).encode()) / 1e3 for run in runs]
        pairs = zip(kilobytes[::2], kilobytes[1::2], strict=True)
        rows.append(f"| `{name}` | {' | '.join(f'{few:,.0f} to {many:,.0f} kB' for few, many in pairs)} |")
    return rows


def section(green: tuple[float, int, int], red: tuple[float, int, int]) -> str:
    """Return what the page says."""
    return "\n".join(
        [
            f"The job for GitHub above, step by step in a shell, takes {green[0]:.0f} s of a processor to its verdict on a server",
            f"that conforms, with {green[1]} lines in its log, and {red[0]:.0f} s, with {red[1]} lines, on one that breaks a",
            "requirement. What pip fetches and the server itself come on top. Files of failures are the larger, the longer the",
            "bodies that the server sent:",
            "",
            "| file | 1 failure | 100 | 1,000 |",
            "|---|---|---|---|",
            *sizes(),
            "",
            "Measured by `make ci-figures`.",
        ]
    )


def main() -> None:
    """Measure, and write the page."""
    green, red = job(_GREEN), job(_RED)
    assert (green[2], red[2]) == (0, 1), (green, red)
    page = DOCS / "ci.md"
    text = re.sub(
        r"(?<=<!-- figures: begin -->\n).*?(?=\n<!-- figures: end -->)",
        lambda _: section(green, red),
        page.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
