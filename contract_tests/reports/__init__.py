"""The reports of a run: one small writer per format, all of them rendering the same Run.

| file | has |
|---|---|
| report_json.py, junit.py, html.py, summary_md.py, checks_jsonl.py, sarif.py, har.py | the files of a run, a writer for each |
| repro.py | the scripts that send what failed again, and say whether it is gone |
| anchor.py | the place in the user's repository at which results.sarif shows what was found |
| no_verdict.py | the report.json of a run without a verdict |
| terminal.py | the summary that a command ends with |
| explained.py | how a run came to the outcome of a requirement |
| changes.py | what a version of the catalogue brought |
| files.py | replacing all files of an earlier run, or none |
| wording.py | what reports for people say of a run, in the same words |
| violation.py, load_text.py | one violation, and what was measured under load, in the same lines |
| text.py | text that came from anywhere, made fit to be shown |
| excerpt.py | the part of a body that is shown, and what is marked of it |
| difference.py | where two texts differ |
| contract_page.py, schema_text.py | docs/contract.md, made from the files under spec/ |
| templates/ | what html.py and contract_page.py fill in |
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from accord.base.errors import AccordError, Fault
from contract_tests.outcome.run import Run
from contract_tests.reports import checks_jsonl, har, html, junit, report_json, repro, sarif, summary_md
from contract_tests.reports.anchor import Anchor, anchor_of
from contract_tests.reports.files import check_replaceable, replace_all

FORMATS: Mapping[str, Callable[[Run], str]] = {
    "report.json": report_json.render,
    "junit.xml": junit.render,
    "report.html": html.render,
    "results.sarif": sarif.render,
    "traffic.har": har.render,
    "summary.md": summary_md.render,
    "checks.jsonl": checks_jsonl.render,
}

_HINT = "Give another directory with --report-dir."


def check_writable(directory: Path) -> None:
    """Raise AccordError where reports cannot be written, before a run rather than after it."""
    try:
        check_replaceable(directory)
    except OSError as error:
        raise AccordError(_reason(directory, error), _HINT) from error


def write_reports(run: Run, directory: Path, *, anchor: Anchor | None = None) -> dict[str, Path]:
    """Write every format into the directory, which is made where it does not exist, and return where each file is.

    `anchor` is where results.sarif shows what was found; by default, what `anchor_of` finds in the working directory.

    All files of an earlier run are replaced, or none. Raises Fault where they cannot be written.
    """
    place = anchor or anchor_of(None)
    renders: dict[str, Callable[[Run], str]] = {**FORMATS, "results.sarif": partial(sarif.render, anchor=place)}
    texts = {**{name: render(run) for name, render in renders.items()}, **repro.render(run)}
    try:
        return replace_all(directory, texts)
    except OSError as error:
        raise Fault(_reason(directory, error), _HINT) from error


def _reason(directory: Path, error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"The reports cannot be written to {directory}: {error.strerror or error}{where}."
