"""The action, step by step in a shell as a runner would run it, and the job of docs/ci.md that uses it."""

import json
import os
import re
import signal
from pathlib import Path

import click
import pytest
import yaml

from accord.commands.verify import command
from tests.cli.command import ACCORD, KEYS
from tests.pipelines.github import ACTION, ROOT, Runner
from tests.pipelines.pages import CI, block
from tests.pipelines.schemas import violations

NOT_INPUTS = {"format", "list_only", "explain"}
"""The options of verify that a job has no use for."""

KEY_INPUTS = {
    "server-key": KEYS.server,
    "client-key": KEYS.client,
    "revoked-key": KEYS.revoked,
    "other-server-key": KEYS.other_server,
    "origin-client-key": KEYS.origin_client,
    "origin": KEYS.origin,
}
QUICK = {**KEY_INPUTS, "effort": "quick", "only": "create.priority-* get.answer"}


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUNNER_TEMP, where the action has installed Accord."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def runner(tmp_path: Path, temporary: Path, surroundings: dict[str, str]) -> Runner:
    """A machine on which the action has installed Accord."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    runner = Runner(workspace, temporary, surroundings, provided={"python.python-path": str(tmp_path / "programs" / "python")})
    if not (temporary / "accord").exists():
        installed = runner.action({}, only="Install Accord")
        assert installed.code == 0, installed.log
    return runner


def test_it_is_an_action() -> None:
    assert violations("github-actions", ROOT / "action.yml") == ""


def test_its_inputs_are_the_options_of_verify() -> None:
    options = {parameter.name for parameter in command.params if isinstance(parameter, click.Option)} - NOT_INPUTS
    names = {name.replace("-", "_") for name in ACTION["inputs"]}
    assert options <= names
    [step] = [step for step in ACTION["runs"]["steps"] if step["name"] == "Verify"]
    for name in set(ACTION["inputs"]) - {"artifact", "python-version", "report-dir"}:
        variable = f"ACCORD_{name.upper().replace('-', '_')}"
        assert step["env"][variable] == f"${{{{ inputs.{name} || env.{variable} }}}}"


def test_a_conforming_server(runner: Runner, mock: str) -> None:
    ran = runner.action({**QUICK, "url": mock}, only="Verify")
    assert ran.code == 0, ran.log
    assert "CONFORMANT" in ran.log
    counts = ran.outputs.pop("counts")
    assert ran.outputs == {
        "verdict": "conformant",
        "exit-code": "0",
        "passed": "3",
        "failed": "0",
        "warned": "0",
        "inconclusive": "0",
        "not-tested": "0",
        "report-dir": "accord-report",
        "sarif": "accord-report/results.sarif",
    }
    assert json.loads(counts)["must"]["failed"] == 0
    report = runner.workspace / "accord-report"
    assert ran.summary == (report / "summary.md").read_text(encoding="utf-8")
    assert [entry.name for entry in runner.workspace.iterdir()] == ["accord-report"]


def test_a_nonconforming_server(runner: Runner, faulty: str) -> None:
    ran = runner.action({**QUICK, "url": faulty}, only="Verify")
    assert ran.code == 1, ran.log
    assert (ran.outputs["verdict"], ran.outputs["exit-code"]) == ("nonconformant", "1")
    assert (ran.outputs["failed"], ran.outputs["passed"]) == ("1", "2")
    assert "create.priority-kept" in ran.summary
    # Between these lines the runner obeys no commands, so nothing that the server sent can control it.
    stopped = re.search(r"^::stop-commands::(\w{32})$.*^::\1::$", ran.log, re.MULTILINE | re.DOTALL)
    assert stopped
    assert "NONCONFORMANT" in stopped[0]


def test_a_server_that_is_not_there(runner: Runner, mock: str) -> None:
    runner.action({**QUICK, "url": mock}, only="Verify")
    ran = runner.action({**QUICK, "url": "http://127.0.0.1:9"}, only="Verify")
    assert ran.code == 2, ran.log
    assert (ran.outputs["verdict"], ran.outputs["exit-code"], ran.outputs["failed"]) == ("none", "2", "0")
    assert "no verdict (exit code 2)" in ran.summary


def test_without_a_url_the_own_mock_is_not_taken_for_the_server(runner: Runner) -> None:
    ran = runner.action(QUICK, only="Verify")
    assert ran.code == 2
    assert "::error" in ran.log
    assert "url is empty" in ran.log
    assert list(runner.workspace.iterdir()) == []


def test_inputs_are_never_part_of_a_script(runner: Runner, mock: str) -> None:
    hostile = "\"; touch pwned; $(touch pwned) `touch pwned` '; touch pwned; #"
    ran = runner.action({**QUICK, "url": mock, "only": hostile, "run-id": hostile, "report-dir": "reports"}, only="Verify")
    assert ran.code == 2, ran.log
    assert not (runner.workspace / "pwned").exists()


def test_settings_come_from_inputs_then_the_job_then_the_file(runner: Runner, mock: str) -> None:
    (runner.workspace / "accord.toml").write_text('effort = "thorough"\nseed = 3\nonly = "get.answer"\n', encoding="utf-8")
    runner.environment = {**runner.environment, "ACCORD_SEED": "4", "ACCORD_EFFORT": "standard"}
    ran = runner.action({**KEY_INPUTS, "url": mock, "effort": "quick"}, only="Verify")
    assert ran.code == 0, ran.log
    report = json.loads((runner.workspace / "accord-report" / "report.json").read_text(encoding="utf-8"))
    assert (report["run"]["effort"], report["run"]["seed"]) == ("quick", 4)
    assert [entry["id"] for entry in report["requirements"]] == ["get.answer"]


def test_what_it_leaves_to_other_actions(runner: Runner) -> None:
    ran = runner.action({}, only="Keep the reports")
    assert [name.split("@")[0] for name in ran.skipped] == ["actions/upload-artifact"]
    [step] = [step for step in ACTION["runs"]["steps"] if step["name"] == "Keep the reports"]
    assert step["with"]["path"] == "${{ inputs.report-dir }}"
    # Reports are needed most after a run that failed.
    assert "always()" in step["if"]


def test_the_job_of_the_page(runner: Runner, port: int, tmp_path: Path) -> None:
    """The job runs step by step in a new checkout of a server, which is a mock here, and on a free port."""
    text = block(CI, "github")
    job = tmp_path / "contract.yml"
    job.write_text(text, encoding="utf-8")
    assert violations("github-workflows", job) == ""
    server = runner.workspace / "start-my-server"
    server.write_text(f'#!/bin/sh\necho $$ > pid\nexec "{ACCORD}" mock --quiet "$@" > server.log 2>&1\n', encoding="utf-8")
    server.chmod(0o755)
    runner.secrets = {"ACCORD_SERVER_KEY": KEYS.server, "ACCORD_CLIENT_KEY": KEYS.client}
    runner.environment = {**runner.environment, "ACCORD_ONLY": "get.answer"}
    try:
        ran = runner.job(yaml.safe_load(text.replace("8000", str(port)))["jobs"]["verify"]["steps"])
    finally:
        os.kill(int((runner.workspace / "pid").read_text(encoding="utf-8")), signal.SIGTERM)
    assert ran.code == 0, ran.log
    assert ran.outputs["verdict"] == "conformant"
    assert [name.split("@")[0] for name in ran.skipped] == [
        "actions/checkout",
        "actions/setup-python",
        "actions/upload-artifact",
    ]
