"""What a pipeline sees of a run: the exit code, what is printed, and what is left behind."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import contract_tests.reports
from tests.cli import command
from tests.cli.command import Ended, is_without_verdict, key_options
from tests.cli.forking import accord

SCHEMA = json.loads(Path(contract_tests.reports.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "get.answer")


def test_a_conforming_server(verify: Verify, mock: str) -> None:
    ended = verify(mock, *key_options(), "--effort", "quick", "--only", "get.*")
    assert ended.code == 0, ended.said
    assert "CONFORMANT" in ended.out
    assert "accord-report/report.html" in ended.out
    assert ended.complaints == ""


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
    is_without_verdict(ended, 2, "http://127.0.0.1:9 cannot be reached")
    assert ended.files == {"accord-report/report.json"}


def test_what_is_left_in_the_directory(tmp_path: Path, mock: str) -> None:
    ended = accord(tmp_path, "verify", mock, *key_options(), "--effort", "quick", "--only", "create.text-exact")
    assert ended.code == 0, ended.said
    assert [entry.name for entry in tmp_path.iterdir()] == ["accord-report"]
    written = {entry.name for entry in (tmp_path / "accord-report").iterdir()}
    assert written >= {"report.html", "report.json", "junit.xml", "summary.md", "checks.jsonl"}


def test_json_is_alone_on_stdout(verify: Verify, faulty: str) -> None:
    ended = verify(faulty, *key_options(), "--effort", "quick", "--only", "create.priority-*", "--format", "json")
    assert ended.code == 1
    assert ended.complaints == ""
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
        (["--workers", "1000000000"], "--workers"),
        (["--workers", "²"], "--workers"),
        (["--timeout", "-1"], "--timeout"),
        (["--timeout", "nan"], "--timeout"),
        (["--timeout", "inf"], "--timeout"),
        (["--timeout", "1e300"], "--timeout"),
        (["--time-budget", "nan"], "--time-budget"),
        (["--consistency-window", "inf"], "--consistency-window"),
        (["--requests-per-second", "1e-300"], "--requests-per-second"),
        (["--requests-per-second", "inf"], "--requests-per-second"),
        (["--seed", "1" + "0" * 30], "--seed"),
        (["--seed", "9" * 5000], "--seed"),
        (["--strict=yes"], "--strict"),
        (["--timeout"], "--timeout"),
        (["--only", "nothing.*"], "--only"),
        (["--spec", "absent.yaml"], "absent.yaml"),
        (["--config", "absent.toml"], "absent.toml"),
        (["--baseline", "absent.json"], "absent.json"),
        (["--report-dir", "/dev/null/reports"], "--report-dir"),
        (["ftp://127.0.0.1"], "ftp://127.0.0.1"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
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
    if arguments[0] != "--report-dir":
        is_without_verdict(ended, 2, named)


@pytest.mark.parametrize(
    "variable",
    [
        *("TIMEOUT=abc", "TIMEOUT=nan", "SEED=1.5", "STRICT=perhaps", "WORKERS=many", "EFFORT=fast", "REQUESTS_PER_SECOND=0"),
        *("TIME_BUDGET=-1", "CONSISTENCY_WINDOW=x", "FAIL_FAST=2", "BASELINE=absent.json", "SPEC=absent.yaml", "FORMAT=xml"),
        *("ONLY=nothing.*", "ORIGIN=a\nb"),
    ],
)
def test_a_mistake_in_the_environment(verify: Verify, mock: str, variable: str) -> None:
    name, _, value = variable.partition("=")
    ended = verify(mock, *key_options("--server-key"), environment={f"ACCORD_{name}": value})
    is_without_verdict(ended, 2)
    assert name.lower() in ended.err.lower().replace("-", "_") or value in ended.err


@pytest.mark.parametrize(
    "url",
    [
        *("http://", "http:///path", "https://:8000", "http://[::1", "http://[::zz]", "http://a b", "http://a\nb", "http://a\tb"),
        *("http://host:99999", "http://host:0", "http://host:-1", "http://host:port", "http://host:²", "http://host:٣"),
        *("http://host:80:80", "http://a..b", f"http://{'a' * 64}.example", "http://\\host", "http://ho<st", "http://\ufffe"),
        *("http://user:secret@host", "http://host?query", "http://host#", "//host", "host", "", "file:///etc/passwd"),
        "http://host/\udcff",
    ],
    ids=ascii,
)
def test_a_text_that_is_no_url(verify: Verify, url: str) -> None:
    ended = verify(url, *key_options("--server-key"))
    is_without_verdict(ended, 2, "URL" if url in ("", "//host", "host") else "")
    assert "cannot be reached" not in ended.err


@pytest.mark.extended
def test_an_earlier_runs_reports_are_not_left_to_be_published(tmp_path: Path, mock: str, verify: Verify) -> None:
    reports = tmp_path / "accord-report"
    for mistake in (
        ["http://127.0.0.1:9"],
        [mock, "--bogus"],
        [mock, "--timeout", "abc"],
        [mock, "--report-dir", "accord-report", "--effort"],
        [mock, "--spec", "absent.yaml"],
    ):
        assert verify(mock, *key_options("--server-key"), *QUICK).code == 0
        (reports / "mine.txt").write_text("kept")
        (reports / "accord-crash.txt").write_text("of an earlier run")
        ended = verify(*mistake, *key_options("--server-key"))
        is_without_verdict(ended, 2)
        assert {path.name for path in reports.iterdir()} == {"report.json", "mine.txt"}


@pytest.mark.parametrize("place", ["option", "variable", "file"])
def test_a_mistake_is_reported_where_reports_go(tmp_path: Path, place: str) -> None:
    if place == "file":
        (tmp_path / "accord.toml").write_text('report_dir = "there"\nmisspelt = 1\n')
    option = ["--report-dir", "there"] if place == "option" else []
    environment = {"ACCORD_REPORT_DIR": "there"} if place == "variable" else {}
    ended = accord(tmp_path, "verify", "http://127.0.0.1:9", "--bogus", *option, environment=environment)
    assert ended.code == 2
    assert ended.files - {"accord.toml"} == {"there/report.json"}


def test_what_is_no_run_leaves_nothing(tmp_path: Path) -> None:
    for arguments in (
        ["verify", "--list", "--bogus"],
        ["load", "--worker", "http://[::1"],
        ["verify", "--help"],
        ["--bogus"],
        ["requirements", "--only", "nothing"],
        ["replay", "absent.json", "--requirement", "get.answer"],
    ):
        accord(tmp_path, *arguments)
        assert not list(tmp_path.iterdir()), arguments


def test_the_baseline_may_lie_where_reports_go(tmp_path: Path, faulty: str) -> None:
    options = ("verify", faulty, *key_options(), "--effort", "quick", "--only", "create.pri*")
    assert accord(tmp_path, *options).code == 1
    baseline = ("--baseline", "accord-report/report.json")
    assert accord(tmp_path, *options, *baseline).code == 0
    assert accord(tmp_path, "verify", "http://127.0.0.1:9", *options[2:], *baseline).code == 2
    ended = accord(tmp_path, *options, *baseline)
    is_without_verdict(ended, 2, "accord-report/report.json is of a run without a verdict")


def test_the_command_is_the_same_when_it_is_forked(tmp_path: Path, mock: str) -> None:
    """Most tests fork the command, which is faster: exit codes, outputs and files have to be those of a real start."""
    for arguments in (
        ("--version",),
        ("--bogus",),
        ("verify", "http://host/\udcff"),
        ("verify", mock, *key_options("--server-key"), "--effort", "quick", "--only", "get.unknown-id", "--format", "json"),
    ):
        forked, started = accord(tmp_path, *arguments), command.accord(tmp_path, *arguments)
        assert (forked.code, forked.err, forked.files) == (started.code, started.err, started.files)
        if arguments[-1] == "json":
            assert json.loads(forked.out).keys() == json.loads(started.out).keys()
        else:
            assert forked.out == started.out
