"""The blocks of docs/ci.md and docs/pytest.md work when they are pasted. The job for GitHub is tried with the action."""

import re
import shutil
import subprocess
import textwrap
import tomllib
from pathlib import Path

import click
import pytest
import yaml

from accord.commands.verify import command
from contract_tests.contract.catalogue import load_catalogue
from tests.cli.command import KEYS
from tests.pipelines.gitlab import ROOT, included
from tests.pipelines.pages import CI, PYTEST, block
from tests.pipelines.schemas import violations

pytest_plugins = ["pytester"]

SHOP = """
from mockserver.keys.model import StandardKeys
from tests.defects.registry import all_defects

def create_app(database):
    return all_defects()["values-urgent-is-high"].app()

def make_keys(app):
    return StandardKeys.of(1)
"""


def test_the_lines_for_a_shell(tmp_path: Path, surroundings: dict[str, str], faulty: str) -> None:
    variables = {"ACCORD_PACKAGE": str(ROOT), "ACCORD_URL": faulty, "ACCORD_EFFORT": "quick", "ACCORD_ONLY": "create.priority-*"}
    done = subprocess.run(
        # As Jenkins does.
        ["sh", "-xe", "-c", block(CI, "shell")],
        cwd=tmp_path,
        env={**surroundings, **variables, "ACCORD_SERVER_KEY": KEYS.server, "ACCORD_CLIENT_KEY": KEYS.client},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "create.priority-kept" in done.stdout
    assert KEYS.server not in done.stdout + done.stderr
    assert (tmp_path / "accord-report" / "junit.xml").is_file()


def test_jenkins_has_the_same_lines() -> None:
    stage = block(CI, "jenkins")
    script = re.search(r"sh '''\n(.*?)'''", stage, re.DOTALL)
    assert script
    assert textwrap.dedent(script[1]).strip() == block(CI, "shell").strip()
    names = {f"ACCORD_{name.upper()}" for name in OPTIONS} | {"ACCORD_PACKAGE", "ACCORD_URL"}
    assert set(re.findall(r"(ACCORD_\w+) =", stage)) <= names


OPTIONS = {parameter.name or "" for parameter in command.params if isinstance(parameter, click.Option)}


def test_gitlab(tmp_path: Path) -> None:
    text = block(CI, "gitlab")
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(text, encoding="utf-8")
    assert violations("gitlab-ci", path) == ""
    [component] = yaml.safe_load(text)["include"]
    assert component["component"].split("/")[-1].startswith("verify@")
    [job] = included(component["inputs"]).values()
    assert job["variables"]["ACCORD_EFFORT"] == "quick"


def test_the_settings_are_toml_and_name_requirements() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", CI, re.DOTALL)
    [known] = tomllib.loads(text)["known"]
    assert set(known) == {"requirement", "reason", "until", "kind"}
    assert known["requirement"] in {requirement.id for requirement in load_catalogue()}


def test_the_recipes_are_programs(tmp_path: Path) -> None:
    python, javascript = (re.findall(rf"```{name}\n(.*?)```", CI, re.DOTALL) for name in ("python", "js"))
    compile(python[0], "recipe", "exec")
    if shutil.which("node") is None:
        pytest.skip("node is not there")
    (tmp_path / "recipe.mjs").write_text(javascript[0], encoding="utf-8")
    subprocess.run(["node", "--check", "recipe.mjs"], cwd=tmp_path, check=True, timeout=60)


def test_the_fixture_and_a_known_failure(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(shop=SHOP, test_contract=block(PYTEST, "flask"))
    text = re.sub(r"until = [\d-]+", "until = 2999-12-31", block(PYTEST, "known"))
    (pytester.path / "accord.toml").write_text(text, encoding="utf-8")
    result = pytester.runpytest_subprocess("-p", "accord.pytest_plugin", "-k", "create.priority", timeout=120)
    assert result.parseoutcomes() == {"passed": 1, "xfailed": 1, "deselected": 140}


def test_what_the_pages_name_is_there() -> None:
    ids = {requirement.id for requirement in load_catalogue()}
    assert set(re.findall(r"test_contract\.py::([a-z.-]+)", PYTEST)) <= ids
