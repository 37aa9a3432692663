"""A short load of a server that keeps the contract: what is said, and what is written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from accord.base.errors import AccordError
from accord.commands.replay import replay
from contract_tests.load.coverage import EXERCISED
from contract_tests.reports.report_json import SCHEMA_FILE
from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import Ended
from tests.load.conftest import KEYS

Load = Callable[..., Ended]


def test_the_embedded_mock(load: Load, tmp_path: Path) -> None:
    ended = load()
    assert ended.code == 0, ended.said
    report = ended.report
    Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(report)
    assert ended.with_outcome("passed") == EXERCISED
    others = [entry for entry in report["requirements"] if entry["id"] not in EXERCISED]
    assert {entry["reason"] for entry in others} == {"Load does not exercise it; accord verify does."}
    figures = report["load"]
    assert figures["requests"] == sum(entry["requests"] for entry in figures["operations"]) > 200
    assert figures["requests"] < report["run"]["requests"]
    assert {entry["operation"] for entry in figures["operations"]} == {
        *("createConversation", "listConversations", "getConversation", "listMessages", "createMessage", "resolveConversation")
    }
    assert all(0 < entry["p50_ms"] <= entry["p95_ms"] <= entry["p99_ms"] for entry in figures["operations"])
    assert report["run"]["effort"] == "load"
    written = {entry.name for entry in (tmp_path / "accord-report").iterdir()}
    assert written == {"report.json", "report.html", "junit.xml", "results.sarif", "traffic.har", "summary.md", "checks.jsonl"}
    assert "| listConversations |" in (tmp_path / "accord-report" / "summary.md").read_text()
    assert "p95 ms" in ended.out
    with pytest.raises(AccordError, match="no two are alike"):
        replay(tmp_path / "accord-report" / "report.json", "get.answer", None, {"server_key": "x"})


@pytest.mark.extended
def test_settings_from_elsewhere_and_a_pace(load: Load, tmp_path: Path) -> None:
    (tmp_path / "accord.toml").write_text(f'server_key = "{KEYS[1]}"\nrequests_per_second = 100\nreport_dir = "elsewhere"\n')
    with serving(create_app()) as url:
        ended = load(url, "--format", "json", environment={"ACCORD_USERS": "3"})
    report = json.loads(ended.out)
    assert report == json.loads((tmp_path / "elsewhere" / "report.json").read_text())
    assert report["load"]["users"] == 8  # The command line counts before the environment.
    assert report["load"]["requests_per_second"] < 110
    assert KEYS[1] not in ended.said
