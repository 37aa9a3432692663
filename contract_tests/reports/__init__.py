"""The reports of a run: one small writer per format, all of them rendering the same Run."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from accord.errors import AccordError
from contract_tests.reports import html, junit, report_json, summary_md
from contract_tests.results import Run

FORMATS: Mapping[str, Callable[[Run], str]] = {
    "report.json": report_json.render,
    "junit.xml": junit.render,
    "report.html": html.render,
    "summary.md": summary_md.render,
}


def check_writable(directory: Path) -> None:
    """Raise AccordError where reports cannot be written, before a run rather than after it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _replace(directory / ".writable", "").unlink()
    except OSError as error:
        raise _unwritable(directory, error) from error


def write_reports(run: Run, directory: Path) -> dict[str, Path]:
    """Write every format into the directory, which is made where it does not exist, and return where each file is.

    A file is replaced as a whole or left as it was. Raises AccordError where it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return {name: _replace(directory / name, render(run)) for name, render in FORMATS.items()}
    except OSError as error:
        raise _unwritable(directory, error) from error


def _unwritable(directory: Path, error: OSError) -> AccordError:
    reason = f"The reports cannot be written to {directory}: {error.strerror or error}."
    return AccordError(reason, "Give another directory with --report-dir.")


def _replace(path: Path, text: str) -> Path:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(text.encode("utf-8", "backslashreplace"))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path
