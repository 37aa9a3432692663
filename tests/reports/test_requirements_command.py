"""`accord requirements`: the catalogue in the terminal, and what the shipped tests do not cover."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from accord.base.errors import AccordError
from accord.cli import run
from contract_tests.contract import citations
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.citations import coverage

IDS = list(load_catalogue().requirements)


def cite(directory: Path, text: str, name: str = "test_some.py") -> Path:
    (directory / name).write_text(f"import pytest\n\n{text}\ndef test_something():\n    raise SystemExit('never run')\n")
    return directory


def test_it_lists_every_requirement_with_its_sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    assert run(["requirements"]) == 0
    lines = click.unstyle(capsys.readouterr().out).splitlines()
    assert [line.split()[0] for line in lines if line[:1].isalpha() and "." in line.split()[0]] == IDS
    assert any(line.split()[:5] == ["create.opens", "MUST", "documented", "createConversation", "A"] for line in lines)
    assert max(map(len, lines)) <= 140
    assert lines[-1].startswith(f"{len(IDS)} requirements: ")


@pytest.mark.parametrize("columns", ["40", "80", "100"])
def test_it_keeps_to_a_narrow_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    run(["requirements"])
    assert max(map(len, click.unstyle(capsys.readouterr().out).splitlines())) <= max(80, int(columns))


def test_only_some(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["requirements", "--only", "tier.*", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["id"] for entry in found] == [name for name in IDS if name.startswith("tier.")]
    assert found[0]["needs"] == ["client_key", "server_only_operations"]


def test_none_of_that_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["requirements", "--only", "crate.*"]) == 2
    error = capsys.readouterr().err
    assert "crate.*" in error
    assert "create.*" in error


def test_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["requirements", "--format", "markdown"]) == 0
    head, rule, *rows = capsys.readouterr().out.splitlines()
    assert [row.split("`")[1] for row in rows] == IDS
    assert {row.count("|") for row in (head, rule, *rows)} == {6}


def test_uncovered_lists_what_no_test_cites(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(citations.coverage, "__defaults__", (tmp_path,))
    cite(tmp_path, f"@pytest.mark.requirements({', '.join(map(repr, IDS[1:]))})")
    assert run(["requirements", "--uncovered"]) == 1
    assert capsys.readouterr().out.split() == IDS[:1]
    assert run(["requirements", "--uncovered", "--only", IDS[1]]) == 0
    cite(tmp_path, f"@pytest.mark.requirements({IDS[0]!r})", "test_other.py")
    assert run(["requirements", "--uncovered"]) == 0
    assert capsys.readouterr().out == ""


def test_uncovered_refuses_what_is_not_in_the_catalogue(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(citations.coverage, "__defaults__", (tmp_path,))
    cite(tmp_path, f"@pytest.mark.requirements({', '.join(map(repr, IDS))}, 'create.colour')")
    assert run(["requirements", "--uncovered"]) == 1
    assert capsys.readouterr() == ("", "test_some.py:3 cites create.colour, which is not in the catalogue.\n")


def test_an_id_may_have_a_name_in_its_file(tmp_path: Path) -> None:
    cite(tmp_path, "OPENS = 'create.opens'\n\n@pytest.mark.requirements('create.status', OPENS)")
    assert list(coverage(load_catalogue(), tmp_path).cited) == ["create.status", "create.opens"]


def test_an_id_that_is_computed_is_a_mistake(tmp_path: Path) -> None:
    cite(tmp_path, "@pytest.mark.requirements('create.' + 'opens')")
    with pytest.raises(AccordError, match=r"test_some\.py:3 .*'create\.' \+ 'opens'"):
        coverage(load_catalogue(), tmp_path)


def test_it_starts_without_what_only_a_verification_needs() -> None:
    heavy = "{'pytest', 'jinja2', 'schemathesis', 'hypothesis', 'requests', 'flask', 'jsonschema', 'contract_tests.reports'}"
    program = f"import sys; from accord.cli import run; run(['requirements']); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
