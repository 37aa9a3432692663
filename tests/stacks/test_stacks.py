"""Servers in stacks that are not ours are found conformant, over HTTP, and the fault that a switch puts into each is found.

`make test` tries only that the first of them is conformant, and finds the fault of the second. With ACCORD_ALL_VARIATIONS=1 in the
environment, all are tried by more seeds and at the standard effort too.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contract_tests.contract.catalogue import Level
from contract_tests.outcome.run import Outcome, Run, Verdict
from contract_tests.run.runner import verify
from contract_tests.run.settings import Settings
from tests.sampling import chosen, sample
from tests.variations.judging import objections

HERE = Path(__file__).parent
KEYS = {
    "server_key": "bnc_sv_f0Qm2VtX8cLr",
    "client_key": "bnc_cl_Zk41uWpN7dYe",
    "revoked_key": "bnc_sv_revoked9HsGb",
    "other_server_key": "bnc_sv_other3TjRxa",
    "origin_client_key": "bnc_cl_origin6MwEo",
    "origin": "https://app.example.com",
}
"""The keys as settings of a run. The servers get them as environment variables, named in capitals."""

STARTED_WITHIN = 20.0
"""Seconds in which a server has to say where it listens."""

_ALL = os.environ.get("ACCORD_ALL_VARIATIONS") == "1"
SEEDS = range(10) if _ALL else (0,)
EFFORTS = ("quick", "standard") if _ALL else ("quick",)


def _node() -> list[str]:
    if shutil.which("node") is None:
        pytest.skip("node is not there")
    if not (HERE / "node" / "node_modules" / "express").is_dir():
        pytest.skip("the packages of tests/stacks/node are not there: run `npm ci` in it")
    return ["node", str(HERE / "node" / "server.js")]


def _php() -> list[str]:
    if shutil.which("php") is None:
        pytest.skip("php is not there")
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True, timeout=30).stdout.split()
    if "pdo_sqlite" not in modules:
        pytest.skip("php has no pdo_sqlite")
    return ["php", "-S", "127.0.0.1:0", str(HERE / "php" / "router.php")]


COMMANDS = {"node": _node, "php": _php}


@contextmanager
def _listening(stack: str, folder: Path, defect: str = "") -> Iterator[str]:
    """Start a server of the stack on a free port, yield its URL, and end it together with its workers."""
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "PHP_CLI_SERVER_WORKERS": "4",
        "DATABASE": str(folder / "helpdesk.sqlite3"),
        "DEFECT": defect,
        **{name.upper(): value for name, value in KEYS.items()},
    }
    log = folder / "server.log"
    with log.open("w") as said:
        # PHP's workers outlive the process that forked them, so the server's whole process group is ended.
        process = subprocess.Popen(COMMANDS[stack](), env=environment, stdout=said, stderr=said, start_new_session=True)
        try:
            yield _url(process, log)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=STARTED_WITHIN)


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the URL that the server prints once it listens."""
    until = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(encoding="utf-8"))
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"it does not listen:\n{log.read_text(encoding='utf-8')}")


def _verified(url: str, **options: Any) -> Run:
    return verify(Settings.from_json({"base_url": url, **KEYS, **options}))


def _musts(run: Run, *outcomes: Outcome) -> set[str]:
    """Return the MUST requirements with one of these outcomes."""
    return {result.requirement.id for result in run.with_outcome(*outcomes) if result.requirement.level is Level.MUST}


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("stack", sample([*COMMANDS]))
def test_it_is_conformant(tmp_path: Path, stack: str, seed: int, effort: str) -> None:
    with _listening(stack, tmp_path) as url:
        run = _verified(url, seed=seed, effort=effort)
    assert run.verdict is Verdict.CONFORMANT, "\n".join(objections(run))
    assert _musts(run, Outcome.FAILED, Outcome.INCONCLUSIVE) == set()
    assert len(_musts(run, Outcome.PASSED)) > 50


DEFECTS = {"node": ("count", "list.count"), "php": ("client-resolves", "tier.refused")}


@pytest.mark.parametrize("stack", chosen([*COMMANDS], {1}))
def test_a_fault_in_it_is_found(tmp_path: Path, stack: str) -> None:
    defect, violated = DEFECTS[stack]
    with _listening(stack, tmp_path, defect) as url:
        run = _verified(url, effort="quick", only=[violated])
    assert run.verdict.exit_code == 1
    assert violated in _musts(run, Outcome.FAILED)
