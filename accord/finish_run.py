"""How a command ends that judged a server: its reports are written, the verdict is shown, and the exit code follows from it."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from traceback import format_exception
from typing import TYPE_CHECKING

from accord.base.errors import Fault
from accord.terminal import output
from accord.terminal.abilities import is_coloured, width
from accord.terminal.log_groups import log_group

if TYPE_CHECKING:
    from contract_tests.outcome.run import Run
    from contract_tests.reports.anchor import Anchor


class WrittenRun:
    """A run whose reports were written, or could not be: the verdict is shown all the same."""

    def __init__(self, run: "Run", paths: Mapping[str, Path], failure: Exception | None) -> None:
        self._run = run
        self._paths = paths
        self._failure = failure

    @classmethod
    def of(cls, run: "Run", directory: Path, anchor: "Anchor | None" = None) -> "WrittenRun":
        """Write the reports of a run; `anchor` is where results.sarif shows what was found."""
        from contract_tests.reports import write_reports

        try:
            return cls(run, write_reports(run, directory, anchor=anchor), None)
        except Exception as error:  # noqa: BLE001  It is raised once the verdict is shown.
            return cls(run, {}, error)

    def show(self, *, as_json: bool, quiet: bool = False, explained: Sequence[str] = ()) -> int:
        """Write the verdict to stdout and return the exit code, or raise what kept the reports from being written.

        The requests by which the `explained` requirements were judged follow the verdict; they go to stderr if stdout is JSON.
        """
        run = self._run
        try:
            if as_json:
                _show_json(run)
            elif quiet:
                show_verdict(run)
            else:
                show_summary(run)
            if explained:
                _explain(run, explained, err=as_json)
        except Exception as error:
            if self._failure is None:
                output.say(f"{run.verdict.upper()} (exit code {run.exit_code})", err=as_json)
                message = f"The verdict, which is in the reports, cannot be shown: {type(error).__name__}: {error}."
                raise Fault(message, details="".join(format_exception(error)), reports_stand=True) from error
            raise
        if self._failure is not None:
            raise self._failure
        if not as_json and not quiet:
            output.say(f"Report: {self._paths['report.html']}")
        return run.exit_code


def show_verdict(run: "Run") -> None:
    """Write the verdict to stdout, in one line."""
    from contract_tests.reports import wording

    output.say(f"{run.verdict.upper()}  {wording.headline(run)} ({wording.exit_note(run)})")


def show_summary(run: "Run") -> None:
    """Write what was found to stdout, for people."""
    from contract_tests.reports import terminal

    findings, verdict = terminal.render_parts(run, colour=is_coloured(sys.stdout), width=width())
    with log_group("findings", "Accord: what was found", write=output.command) if findings else nullcontext():
        output.document(findings)
    output.document(verdict)


def _explain(run: "Run", ids: Sequence[str], *, err: bool) -> None:
    from contract_tests.reports import explained

    text = explained.render(run, ids)
    if not err:
        output.document(text)
        return
    for line in text.splitlines():
        output.say(line, err=True)


def _show_json(run: "Run") -> None:
    from contract_tests.reports import report_json

    output.json_document(report_json.render(run))
