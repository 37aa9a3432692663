"""Known failures of accord.toml: they fail no run until they end, show with their reason everywhere, and are checked by line."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contract_tests.reports.report_json import SCHEMA_FILE
from tests.cli.command import Ended, is_without_verdict, key_options
from tests.cli.forking import accord

Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "create.priority-*")
FAULTY = "create.priority-kept"
"""The requirement that the faulty server fails."""


def in_days(days: int) -> date:
    """Return the date `days` days from today, in UTC, as a run computes it."""
    return datetime.now(UTC).date() + timedelta(days=days)


def entry(requirement: str = FAULTY, until: object = None, kind: str = "not-yet", reason: str = "urgent is high until May") -> str:
    return f'{{requirement = "{requirement}", reason = "{reason}", until = {until or in_days(90)}, kind = "{kind}"}}'


def known(directory: Path, *entries: str) -> None:
    (directory / "accord.toml").write_text('effort = "quick"\nknown = [\n  ' + ",\n  ".join(entries) + ",\n]\n", encoding="utf-8")


@pytest.mark.parametrize("kind", ["not-yet", "never"])
def test_a_known_failure_fails_no_run_and_shows_with_its_reason(verify: Verify, tmp_path: Path, faulty: str, kind: str) -> None:
    until = in_days(90)
    known(tmp_path, entry(kind=kind))
    ended = verify(faulty, *key_options(), *QUICK)
    assert ended.code == 0, ended.said
    report = ended.report
    Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))).validate(report)
    assert (report["verdict"], report["exit_code"]) == ("nonconformant", 0)
    assert {one["id"]: one.get("standing") for one in report["requirements"]}[FAULTY] == "known"
    assert report["run"]["known"] == {
        FAULTY: {"kind": kind, "reason": "urgent is high until May", "until": str(until), "days": 90, "where": "accord.toml:3"}
    }
    note = f"known until {until} ({kind}): urgent is high until May"
    assert note in " ".join(ended.out.split())
    assert "(exit code 0: every failure is known)" in " ".join(ended.out.split())
    assert "counts again" not in ended.out
    folder = tmp_path / "accord-report"
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert f"### Known failures\n\n- `{FAULTY}`: " in summary
    assert note in summary
    case = next(case for case in ET.parse(folder / "junit.xml").iter("testcase") if case.get("name") == FAULTY)
    assert [child.tag for child in case] == ["skipped", "system-out"]
    assert case[0].get("message", "").startswith(f"K{note[1:]}. ")
    assert f'class="known">{note}<' in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("days", "said"), [(15, ""), (14, "ends in 14 days"), (1, "ends in 1 day, on"), (0, "ends today")])
def test_it_is_said_two_weeks_before_it_ends(verify: Verify, tmp_path: Path, faulty: str, days: int, said: str) -> None:
    known(tmp_path, entry(until=in_days(days)))
    ended = verify(faulty, *key_options(), *QUICK)
    assert ended.code == 0, ended.said
    summary = (tmp_path / "accord-report" / "summary.md").read_text(encoding="utf-8")
    for text in (" ".join(ended.out.split()), summary):
        assert ("accord.toml:3" in text) is bool(said)
        assert said in text


def test_once_it_has_ended_it_fails(verify: Verify, tmp_path: Path, faulty: str) -> None:
    known(tmp_path, entry(until=in_days(-1)))
    ended = verify(faulty, *key_options(), *QUICK)
    assert ended.code == 1, ended.said
    assert f"{FAULTY}, known by accord.toml:3, counts again since {in_days(-1)}" in " ".join(ended.out.split())
    assert "standing" not in {one["id"]: one for one in ended.report["requirements"]}[FAULTY]


def test_what_was_mended_is_named(verify: Verify, tmp_path: Path, mock: str) -> None:
    known(tmp_path, entry("create.priority-default", kind="never"), entry())
    ended = verify(mock, *key_options(), *QUICK)
    assert ended.code == 0, ended.said
    assert ended.report["verdict"] == "conformant"
    summary = (tmp_path / "accord-report" / "summary.md").read_text(encoding="utf-8")
    for text in (" ".join(ended.out.split()), summary):
        assert f"{FAULTY} is mended: remove this line, accord.toml:4." in text.replace("`", "")
        assert "create.priority-default is mended: remove this line, accord.toml:3." in text.replace("`", "")


def test_others_fail_all_the_same(verify: Verify, tmp_path: Path, faulty: str) -> None:
    known(tmp_path, entry("create.status"))
    assert verify(faulty, *key_options(), *QUICK).code == 1


def test_pyproject_has_them_as_well(verify: Verify, tmp_path: Path, faulty: str) -> None:
    first, wrong = entry("create.status", reason="a {brace} and a # sign"), entry(until='"x"')
    (tmp_path / "pyproject.toml").write_text(
        '[tool.other]\nknown = [{a = 1}]\n[tool.accord]\n# known = [{ }]\nonly = ["create.priority-*"]\n'
        f'known = [ # "{{"\n  {first},\n  {wrong}]\n'
    )
    is_without_verdict(verify(faulty, *key_options()), 2, "pyproject.toml:8: until has to be a date")


WRONG = {
    "an unknown id": (
        entry("create.priority-keptt"),
        "accord.toml:3: there is no requirement",
        "Did you mean create.priority-kept?",
    ),
    "no reason": (
        f'{{requirement = "{FAULTY}", until = 2027-03-01, kind = "never"}}',
        "accord.toml:3: the known failure has no reason",
    ),
    "an empty reason": (entry(reason=" "), "accord.toml:3: the reason has to be a text"),
    "no date": (f'{{requirement = "{FAULTY}", reason = "x", kind = "never"}}', "accord.toml:3: the known failure has no until"),
    "a text for a date": (entry(until='"2027-03-01"'), "accord.toml:3: until has to be a date", "without quotes"),
    "a moment": (entry(until="2027-03-01T00:00:00Z"), "accord.toml:3: until has to be a date"),
    "a day that there is not": (entry(until="2027-02-30"), "accord.toml is not TOML", "line 3"),
    "another kind": (entry(kind="later"), "accord.toml:3: kind has to be one of not-yet and never"),
    "an unknown member": (
        entry()[:-1] + ', untill = "x"}',
        "accord.toml:3: a known failure has no member 'untill'",
        "Did you mean until?",
    ),
    "a text": ('"create.status"', "accord.toml:2: a known failure has to be a table"),
    "a duplicate": (f"{entry()},\n  {entry()}", f"accord.toml:4: {FAULTY} is known already, by accord.toml:3"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_none_is_refused_with_its_line(verify: Verify, tmp_path: Path, name: str) -> None:
    text, *said = WRONG[name]
    known(tmp_path, text)
    is_without_verdict(verify("http://127.0.0.1:9", *key_options()), 2, *said)


def test_entries_may_be_tables_of_their_own(verify: Verify, tmp_path: Path) -> None:
    (tmp_path / "accord.toml").write_text(
        'effort = "quick"\n\n[[known]]\nrequirement = "create.status"\n\n[[known]]\nreason = "x"\n'
    )
    is_without_verdict(verify("http://127.0.0.1:9", *key_options()), 2, "accord.toml:3: the known failure has no reason")


def test_what_is_no_list_is_refused(verify: Verify, tmp_path: Path) -> None:
    (tmp_path / "accord.toml").write_text('effort = "quick"\nknown = "create.status"\n')
    is_without_verdict(verify("http://127.0.0.1:9", *key_options()), 2, "accord.toml:2: known has to be a list of tables")


def test_neither_the_command_line_nor_the_environment_has_them(tmp_path: Path, faulty: str) -> None:
    ended = accord(tmp_path, "verify", faulty, *key_options(), *QUICK, environment={"ACCORD_KNOWN": FAULTY})
    assert ended.code == 1, ended.said
    assert accord(tmp_path, "verify", faulty, "--known", FAULTY).code == 2
