"""What README, CONTRIBUTING and docs/ say is so: commands run or parse, links lead somewhere, tables list what there is."""

import json
import os
import re
import shlex
import socket
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import click
import pytest
import yaml

from accord.cli import COMMANDS, LazyGroup, accord
from accord.commands.verify import command
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.reports.wording import kill_score
from contract_tests.run.runner import KILL_SCORE
from tests.cli.command import ACCORD
from tests.sampling import chosen

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")])
VERIFY = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
AGENTS = (ROOT / "docs" / "coding-agents.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def section(text: str, name: str) -> str:
    """What stands between two marks."""
    found = re.search(rf"<!-- {name}: begin -->\n```\w*\n(.*?)```\n<!-- {name}: end -->", text, re.DOTALL)
    assert found, name
    return found[1]


def by_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The anchors of a page: its headings, as GitHub names them, and those written as HTML."""
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'(?:id|name)="([^"]+)"', text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_path)
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def test_the_score_of_the_suite_is_the_same_everywhere() -> None:
    score = kill_score(json.loads(KILL_SCORE.read_text(encoding="utf-8")))
    found = re.search(r"<!-- kill-score: begin -->\n(.*?)\n<!-- kill-score: end -->", README, re.DOTALL)
    assert found
    assert " ".join(found[1].split()) == score
    assert score in (ROOT / "docs" / "kill-matrix.md").read_text(encoding="utf-8").splitlines()


def commands(document: Path) -> list[list[str]]:
    """The lines of shell blocks that call `accord`, as words."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for block in SHELL.findall(text) for line in block.splitlines()]
    words = [shlex.split(line.rstrip(" &"), comments=True) for line in lines if line.strip().startswith("accord ")]
    return [line[1:] for line in words]


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_path)
def test_every_command_is_one(document: Path) -> None:
    for words in commands(document):
        context = click.Context(accord)
        name, *arguments = words
        assert isinstance(accord, LazyGroup)
        found = accord.get_command(context, name)
        assert found is not None, words
        found.make_context(name, arguments, parent=context)


def test_commands_named_in_passing_are_there() -> None:
    for document in DOCUMENTS:
        for name in re.findall(r"`accord (?:--config FILE\s+)?([a-z][a-z-]+)", document.read_text(encoding="utf-8")):
            assert name in {*COMMANDS, "profile"}, (document, name)


@pytest.mark.parametrize(
    "script",
    chosen(
        [script for text in (README, TUTORIAL) for script in re.findall(r"<!-- run: begin -->\n```sh\n(.*?)```", text, re.DOTALL)],
        {0, 1},
    ),
    ids=["pipeline", "front end", "tutorial"],
)
def test_the_first_five_minutes(tmp_path: Path, script: str) -> None:
    """The commands are run as they stand, on a port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    moved = script.replace("accord mock", f"accord mock --port {port}").replace(":4010", f":{port}")
    guarded = f"set -e\ntrap 'kill $(jobs -p)' EXIT\n{moved}"
    environment = {"PATH": f"{ACCORD.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-c", guarded], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "verify" in script:
        assert "CONFORMANT" in done.stdout
        written = {entry.name for entry in (tmp_path / ("reports" if "reports" in script else "conformant")).iterdir()}
        named = set(
            re.findall(r"`([\w.]+\.(?:xml|md|json|html))`", README.partition("The exit code is the verdict")[2].partition("###")[0])
        )
        assert named <= written
    else:
        assert '"ada@example.com"' in done.stdout
        assert '"count":1' in done.stdout


def test_the_commands_for_coding_agents(tmp_path: Path) -> None:
    """They are run as they stand, on a port that is free, and each says what the page says of it."""
    script = section(AGENTS, "run").replace("accord mock", "accord mock --port 0")
    environment = {"PATH": f"{ACCORD.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    guarded = f"set -e\ntrap 'kill $(jobs -p)' EXIT\n{script}"
    done = subprocess.run(
        ["bash", "-c", guarded], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"detail":"Service Unavailable."' in done.stdout
    assert '"email":"ada@example.com"' in done.stdout
    assert '"decided_by":{"fault":"fault-1"}' in done.stdout
    assert '{"count":1,"ok":true}' in done.stdout
    assert "createConversation" in done.stdout


def test_the_figures_of_the_readme() -> None:
    catalogue = load_catalogue()
    assert f"{len(catalogue.requirements)} requirements" in README
    assert f"{len(catalogue.choices)} points" in README


def test_the_options_of_verify() -> None:
    table = VERIFY.partition("<!-- options: begin -->\n")[2].partition("<!-- options: end -->")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:4]] for row in table.splitlines()[2:]]
    documented = {cells[0].split("`")[1].split()[0]: (cells[1].strip("`"), cells[2]) for cells in rows}
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert list(documented) == [option.opts[0] for option in options]
    for option in options:
        default, text = documented[option.opts[0]]
        if option.help and option.name != "format":
            assert text == option.help
        if default and not option.is_flag:
            assert default == str(option.default)


def test_the_settings_file_of_verify() -> None:
    names = {parameter.name for parameter in command.params}
    assert set(tomllib.loads(section(VERIFY, "file"))) <= names


def test_the_pipelines_of_verify() -> None:
    github = yaml.load(section(VERIFY, "github"), Loader=yaml.CSafeLoader)
    gitlab = yaml.load(section(VERIFY, "gitlab"), Loader=yaml.CSafeLoader)
    steps = [step.get("run", "") for step in github["jobs"]["verify"]["steps"]]
    for line in [*steps, *gitlab["contract"]["script"]]:
        if line.startswith("accord "):
            command.make_context("verify", shlex.split(line)[2:])
    assert gitlab["contract"]["artifacts"]["reports"]["junit"] == "accord-report/junit.xml"


def test_every_file_that_the_layers_name_is_there() -> None:
    for document in (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"):
        for name in re.findall(
            r"`((?:accord|mockserver|contract_tests|tests|spec|fixtures|docs|examples)/[\w./-]*)`", document.read_text("utf-8")
        ):
            assert (ROOT / name).exists(), (document, name)


def test_the_picture_of_a_terminal_refers_to_nothing() -> None:
    text = (ROOT / "docs" / "images" / "terminal.svg").read_text(encoding="utf-8")
    ET.fromstring(text)
    assert not re.findall(r"url\((?!#)|href=", text)
    assert "CONFORMANT" in text
