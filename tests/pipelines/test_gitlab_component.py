"""The GitLab component: its header and its job by GitLab's schema, and its script in a shell as a runner would run it."""

import json
import sys
from pathlib import Path

import click
import pytest
import yaml

from accord.commands.verify import command
from accord.configuration import _KEYS
from tests.cli.command import KEYS
from tests.pipelines.gitlab import ROOT, included, parts, run
from tests.pipelines.schemas import violations

KEY_VARIABLES = {"ACCORD_SERVER_KEY": KEYS.server, "ACCORD_CLIENT_KEY": KEYS.client}
_NO_USE = {"format", "list_only", "explain", "header", "webhook_secret"}
NOT_INPUTS = {*_NO_USE, *(name.replace("-", "_") for name in _KEYS if name != "origin")}
"""The options of verify that a job has no use for, and those whose values are secret."""

ENVIRONMENT = sys.prefix
"""Where Accord is installed already."""

GIVEN = {"package": str(ROOT), "url": "http://127.0.0.1:9"}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A checkout."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    return checkout


def test_it_conforms_to_the_schema(tmp_path: Path) -> None:
    header, _ = parts()
    for name, document in (("header", header), ("jobs", included(GIVEN))):
        path = tmp_path / f"{name}.gitlab-ci.yml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        assert violations("gitlab-ci", path) == ""


def test_the_schema_finds_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "wrong.gitlab-ci.yml"
    path.write_text(yaml.safe_dump({"spec": {"inputs": {"url": {"type": "text"}}}}), encoding="utf-8")
    assert "text" in violations("gitlab-ci", path)


def test_its_inputs_are_the_options_of_verify() -> None:
    header, _ = parts()
    options = {parameter.name for parameter in command.params if isinstance(parameter, click.Option)} - NOT_INPUTS
    names = set(header["spec"]["inputs"])
    assert options <= {name.replace("-", "_") for name in names}
    assert not {name.replace("-", "_") for name in names} & NOT_INPUTS
    variables = included(dict.fromkeys(names - {"effort", "strict", "fail-fast", "resolve-at-end", "insecure", "quiet"}, "it"))
    [job] = variables.values()
    for name in names - {"job", "stage", "image"}:
        assert f"ACCORD_{name.upper().replace('-', '_')}" in job["variables"]


def test_inputs_are_never_part_of_a_script() -> None:
    _, jobs = parts()
    [job] = jobs.values()
    assert not [line for line in job["script"] if "$[[" in line]


def test_what_is_missing_or_misspelt_is_refused() -> None:
    for bad in ({"url": "http://x"}, {**GIVEN, "efort": "quick"}, {**GIVEN, "effort": "quik"}, {**GIVEN, "strict": "yes"}):
        with pytest.raises(ValueError):
            included(bad)


def test_a_conforming_and_a_nonconforming_server(directory: Path, surroundings: dict[str, str], mock: str, faulty: str) -> None:
    chosen = {"package": str(ROOT), "effort": "quick", "only": "create.priority-* get.answer", "job": "contract"}
    jobs = included({**chosen, "url": mock})
    job = jobs["contract"]
    done = run(job, directory, surroundings, KEY_VARIABLES)
    assert done.code == 0, done.log
    assert "CONFORMANT" in done.log
    [kept] = job["artifacts"]["paths"]
    assert (directory / kept / "report.html").is_file()
    assert (directory / job["artifacts"]["reports"]["junit"]).is_file()

    # Only the last line of the script is run again, since Accord is installed by now.
    verify = {**included({**chosen, "url": faulty})["contract"], "script": [job["script"][-1]]}
    done = run(verify, directory, {**surroundings, "accord": ENVIRONMENT}, KEY_VARIABLES)
    assert done.code == 1, done.log
    report = json.loads((directory / kept / "report.json").read_text(encoding="utf-8"))
    assert report["verdict"] == "nonconformant"


def test_a_hostile_package_is_no_option_of_pip(directory: Path, surroundings: dict[str, str]) -> None:
    [job] = included({**GIVEN, "package": "--help"}).values()
    install = {**job, "script": [job["script"][2]]}
    done = run(install, directory, {**surroundings, "accord": ENVIRONMENT}, KEY_VARIABLES)
    assert done.code == 1
    assert "Invalid requirement" in done.log
