"""What a pipeline sees of a run: the exit code, what is printed, and what is left behind."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import contract_tests.reports
from tests.verify.command import Ended, accord, key_options

SCHEMA = json.loads(Path(contract_tests.reports.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "get.answer")


def test_a_conforming_server(verify: Verify, mock: str) -> None:
    ended = verify(mock, *key_options(), "--effort", "quick", "--only", "get.*")
    assert ended.code == 0, ended.said
    assert "CONFORMANT" in ended.out
    assert "accord-report/report.html" in ended.out
    assert ended.err == ""


def test_a_nonconforming_server(verify: Verify, faulty: str) -> None:
    ended = verify(faulty, *key_options(), "--effort", "quick", "--only", "create.*")
    assert ended.code == 1, ended.said
    assert ended.with_outcome("failed") == {"create.priority-kept"}
    for part in ("NONCONFORMANT", "create.priority-kept", "Each documented priority is kept", '"urgent"', '"high"', "curl "):
        assert part in ended.out


def test_a_fault_that_is_not_looked_for(verify: Verify, faulty: str) -> None:
    ended = verify(faulty, *key_options(), "--effort", "quick", "--only", "create.pri*", "--skip", "create.priority-kept")
    assert ended.code == 0, ended.said
    assert set(ended.outcomes) == {"create.priority-default"}


def test_a_server_that_was_never_there(verify: Verify) -> None:
    ended = verify("http://127.0.0.1:9", *key_options())
    assert ended.code == 2
    assert "http://127.0.0.1:9 cannot be reached" in ended.err
    assert ended.out == ""
    assert not [path for path in ended.directory.rglob("*") if path.is_file()]


def test_what_is_left_in_the_directory(tmp_path: Path, mock: str) -> None:
    ended = accord(tmp_path, "verify", mock, *key_options(), "--effort", "quick", "--only", "create.text-exact")
    assert ended.code == 0, ended.said
    assert [entry.name for entry in tmp_path.iterdir()] == ["accord-report"]
    written = {entry.name for entry in (tmp_path / "accord-report").iterdir()}
    assert written >= {"report.html", "report.json", "junit.xml", "summary.md"}


def test_json_is_alone_on_stdout(verify: Verify, faulty: str) -> None:
    ended = verify(faulty, *key_options(), "--effort", "quick", "--only", "create.priority-*", "--format", "json")
    assert ended.code == 1
    assert ended.err == ""
    report = json.loads(ended.out)
    Draft202012Validator(SCHEMA).validate(report)
    assert report == ended.report
    assert report["verdict"] == "nonconformant"
    assert re.fullmatch("[0-9a-f]{10}", report["run"]["id"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--effort", "fast"], "'fast'"),
        (["--worker", "2"], "--worker"),
        (["--workers", "none"], "--workers"),
        (["--timeout", "-1"], "--timeout"),
        (["--only", "nothing.*"], "--only"),
        (["--spec", "absent.yaml"], "absent.yaml"),
        (["--config", "absent.toml"], "absent.toml"),
        (["--baseline", "absent.json"], "absent.json"),
        (["--report-dir", "/dev/null/reports"], "--report-dir"),
        (["ftp://127.0.0.1"], "ftp://127.0.0.1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_of_usage(verify: Verify, mock: str, tmp_path: Path, arguments: list[str], named: str) -> None:
    url = [] if arguments[0].startswith("ftp:") else [mock]
    before = arguments if arguments[0] == "--config" else []
    quick = QUICK[:2] if arguments[0] == "--only" else QUICK
    after = [*quick, *([] if before else arguments)]
    ended = accord(tmp_path, *before, "verify", *url, *key_options("--server-key"), *after)
    assert ended.code == 2, ended.said
    assert named in ended.err
    assert ended.out == ""
