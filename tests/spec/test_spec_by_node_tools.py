"""spec/openapi.yaml by the tools of others: lint-clean, and fit to generate a client.

The linters and the generator are Node programs, pinned in tests/node; without npm and a registry those tests skip.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from accord.base import assets
from tests.sampling import sample

NODE_DIR = Path(__file__).parents[1] / "node"


@pytest.fixture(scope="session")
def node_tools() -> Path:
    """The folder of the pinned tools' commands, installed first where that has not happened yet."""
    commands = NODE_DIR / "node_modules" / ".bin"
    if commands.is_dir():
        return commands
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not there to install the pinned tools of tests/node")
    install = [npm, "ci", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(install, cwd=NODE_DIR, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install the pinned tools of tests/node within 5 minutes")
    if done.returncode != 0:
        reason = next((line for line in done.stderr.splitlines() if line.startswith("npm error")), done.stderr[:200])
        pytest.skip(f"npm cannot install the pinned tools of tests/node: {reason}")
    return commands


def run_tool(*command: str | Path, cwd: Path = NODE_DIR) -> subprocess.CompletedProcess[str]:
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=os.environ | quiet,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def redocly_problems(tools: Path, spec: Path) -> list[str]:
    config = assets.SPEC_DIR / ".redocly.yaml"
    done = run_tool(tools / "redocly", "lint", "--config", config, "--format", "json", spec)
    assert done.stdout.startswith("{"), done.stderr
    report = json.loads(done.stdout)
    assert report["totals"]["ignored"] == 0
    return [f"{problem['ruleId']}: {problem['message']}" for problem in report["problems"]]


def spectral_problems(tools: Path, spec: Path) -> list[str]:
    ruleset = assets.SPEC_DIR / ".spectral.yaml"
    done = run_tool(tools / "spectral", "lint", "--ruleset", ruleset, "--format", "json", "--quiet", spec)
    assert done.stdout.startswith("["), done.stderr
    problems, _ = json.JSONDecoder().raw_decode(done.stdout)
    return [f"{problem['code']}: {problem['message']}" for problem in problems]


LINTERS = pytest.mark.parametrize("problems", [redocly_problems, spectral_problems])


@LINTERS
def test_a_linter_has_nothing_to_say(node_tools: Path, problems: Any) -> None:
    assert problems(node_tools, assets.OPENAPI) == []


@LINTERS
@pytest.mark.parametrize("fault", sample(["untrue example", "dangling reference", "undefined path parameter"]))
def test_a_linter_finds_a_fault(node_tools: Path, tmp_path: Path, problems: Any, fault: str) -> None:
    broken = yaml.safe_load(assets.OPENAPI.read_text(encoding="utf-8"))
    operation = broken["paths"]["/api/v1/conversations/{id}/resolve/"]
    if fault == "untrue example":
        broken["components"]["examples"]["CreateOrder"]["value"]["priority"] = "asap"
    elif fault == "dangling reference":
        operation["post"]["responses"]["404"] = {"$ref": "#/components/responses/Missing"}
    else:
        del operation["parameters"]
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(broken, sort_keys=False), encoding="utf-8")
    assert problems(node_tools, spec) != []


def test_a_generated_client_compiles_strictly(node_tools: Path, tmp_path: Path) -> None:
    """The types that openapi-typescript makes are sound, and say what the document says: see tests/node/client.ts."""
    # A request may leave out a member with a default. Without this option, the generator requires such members.
    options = ("--default-non-nullable=false", "--output", tmp_path / "openapi.ts")
    made = run_tool(node_tools / "openapi-typescript", assets.OPENAPI, *options)
    assert made.returncode == 0, made.stderr
    shutil.copy(NODE_DIR / "client.ts", tmp_path)
    compiled = run_tool(node_tools / "tsc", "--strict", "--noEmit", "--target", "es2022", "client.ts", cwd=tmp_path)
    assert compiled.returncode == 0, compiled.stdout
