"""A run replaces all files of an earlier one, or none; what others put beside them stays."""

import errno
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contract_tests.reports import FORMATS, files, no_verdict
from contract_tests.reports.files import CRASH, NAMES, check_replaceable, replace_all

OLD = {name: f"old {name}" for name in NAMES}
NEW = {name: f"new {name}" for name in NAMES}


def content(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir()}


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    for name, text in {**OLD, "mine.txt": "mine", CRASH: "old crash"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_format_is_among_the_files_that_are_replaced() -> None:
    assert tuple(FORMATS) == NAMES


def test_all_are_replaced(reports: Path) -> None:
    assert replace_all(reports, NEW) == {name: reports / name for name in NAMES}
    assert content(reports) == {**NEW, "mine.txt": "mine"}


def test_a_file_that_the_run_does_not_write_is_removed(reports: Path) -> None:
    replace_all(reports, {"report.json": "new"})
    assert content(reports) == {"report.json": "new", "mine.txt": "mine"}


@pytest.mark.parametrize("failing", range(2 * len(NAMES) + 2))
def test_a_failure_half_way_leaves_all_as_it_was(reports: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    """The disk is full at each step of writing and of moving, in turn."""
    before = content(reports)
    steps = 0
    write, rename = files._write, Path.rename

    def counted() -> None:
        nonlocal steps
        steps += 1
        if steps == failing + 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    def full_write(path: Path, text: str) -> None:
        counted()
        write(path, text)

    def full_rename(path: Path, target: Path) -> Path:
        counted()
        return rename(path, target)

    monkeypatch.setattr(files, "_write", full_write)
    monkeypatch.setattr(Path, "rename", full_rename)
    with pytest.raises(OSError, match="No space left"):
        replace_all(reports, NEW)
    assert content(reports) == before


def test_without_a_verdict_nothing_of_before_stays_even_on_a_full_disk(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        replace_all(reports, {"report.json": "no verdict"}, keep_earlier=False)
    assert content(reports) == {"mine.txt": "mine"}


def test_a_folder_in_the_place_of_a_file_is_never_removed(reports: Path) -> None:
    (reports / "junit.xml").unlink()
    (reports / "junit.xml").mkdir()
    (reports / "junit.xml" / "mine").write_text("mine")
    with pytest.raises(IsADirectoryError):
        check_replaceable(reports)
    with pytest.raises(IsADirectoryError):
        replace_all(reports, NEW)
    assert (reports / "junit.xml" / "mine").read_text() == "mine"
    assert (reports / "report.json").read_text() == OLD["report.json"]


SCRIPT = f"#!/bin/sh\n# {files.WRITTEN_BY_A_RUN}\n"


def test_scripts_of_an_earlier_run_do_not_stay_and_others_do(reports: Path) -> None:
    replace_all(reports, {**NEW, "repro/old.sh": SCRIPT, "repro/test_old.py": SCRIPT, "repro/both.sh": SCRIPT})
    (reports / "repro" / "mine.sh").write_text("mine")
    (reports / "repro" / "notes.txt").write_text(SCRIPT)
    replace_all(reports, {**NEW, "repro/both.sh": SCRIPT + "new", "repro/test_new.py": SCRIPT})
    assert content(reports / "repro") == {
        "both.sh": SCRIPT + "new",
        "test_new.py": SCRIPT,
        "mine.sh": "mine",
        "notes.txt": SCRIPT,
    }


@pytest.mark.parametrize("keep_earlier", [True, False])
def test_a_run_without_scripts_leaves_no_folder(reports: Path, keep_earlier: bool) -> None:
    replace_all(reports, {**NEW, "repro/old.sh": SCRIPT})
    replace_all(reports, {"report.json": "no verdict"}, keep_earlier=keep_earlier)
    assert content(reports) == {"report.json": "no verdict", "mine.txt": "mine"}


def test_a_failure_half_way_leaves_the_scripts_as_they_were(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_all(reports, {**NEW, "repro/old.sh": SCRIPT})
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.name == "new.sh":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        replace_all(reports, {"report.json": "newer", "repro/new.sh": SCRIPT})
    assert content(reports / "repro") == {"old.sh": SCRIPT}
    assert (reports / "report.json").read_text() == NEW["report.json"]


def test_a_link_in_the_place_of_the_folder_is_not_followed(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "theirs.sh").write_text(SCRIPT)
    (reports / "repro").symlink_to(elsewhere)
    with pytest.raises(NotADirectoryError):
        check_replaceable(reports)
    with pytest.raises(NotADirectoryError):
        replace_all(reports, {**NEW, "repro/new.sh": SCRIPT})
    assert content(elsewhere) == {"theirs.sh": SCRIPT}


def test_a_link_is_replaced_and_not_followed(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "precious"
    elsewhere.write_text("precious")
    (reports / "report.html").unlink()
    (reports / "report.html").symlink_to(elsewhere)
    replace_all(reports, NEW)
    assert elsewhere.read_text() == "precious"
    assert content(reports)["report.html"] == NEW["report.html"]


@pytest.mark.parametrize("message", ["plain", "half \ud800 of a surrogate", "\x1b[31m \x00 \u2028", 'quotes " \\ ', "ü" * 5000])
def test_the_report_without_a_verdict(message: str) -> None:
    text = no_verdict.render(exit_code=70, message=message, hint="", started_at=datetime(2026, 2, 2, 8, 0, tzinfo=UTC))
    report = json.loads(text.encode("utf-8"))
    schema = json.loads(no_verdict.SCHEMA_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(report)
    assert report["message"] == message
    assert report["started_at"] == "2026-02-02T08:00:00Z"
    assert "\x1b" not in text


def test_a_key_in_its_message_is_cut() -> None:
    key = "bnc_sv_0123456789abcdef0123456789abcdef"
    assert key not in no_verdict.render(exit_code=2, message=f"with {key}", hint=key, started_at=datetime.now(UTC))
