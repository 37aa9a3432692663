"""How a command ends that has no result: what it says, its exit code, and what it leaves where reports go.

Imported when a command fails, and by nothing before.
"""

import os
import tempfile
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from accord.base.errors import SOFTWARE, USAGE, AccordError, Fault
from accord.terminal import output

_HINT = "Please report it with the traceback"
_LONGEST = 1000
"""Characters of a message; what is longer came from elsewhere, and nobody reads it."""


@dataclass
class Asked:
    """What the command line asks for, as far as it is known: `command` with its `arguments`, once it was found."""

    words: list[str]
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    context: click.Context | None = None
    name: str = ""
    command: click.Command | None = None
    arguments: list[str] = field(default_factory=list)

    def found(self, context: click.Context, name: str, command: click.Command | None, arguments: list[str]) -> None:
        """Note which command is asked for, below the group's context."""
        self.context, self.name, self.command, self.arguments = context, name, command, list(arguments)

    def report_directory(self) -> Path | None:
        """Where the reports of this run go; None for a command, or a use of it, that writes none.

        The command line is wrong somewhere and nothing in it can be relied on, so it is read without checks.
        """
        if self.command is None or not any(parameter.name == "report_dir" for parameter in self.command.params):
            return None
        with self.command.make_context(
            self.name,
            list(self.arguments),
            parent=self.context,
            resilient_parsing=True,
            ignore_unknown_options=True,
            allow_extra_args=True,
        ) as context:
            values = context.params
        if values.get("list_only") or values.get("worker") or not values.get("report_dir"):
            return None
        return Path(values["report_dir"])


def refused(asked: Asked, error: click.ClickException) -> int:
    """End a command that click does not understand."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else f"accord {asked.name}".rstrip()
    return ended(asked, AccordError(error.format_message(), f"See `{path} --help`."))


def crashed(asked: Asked, error: BaseException) -> int:
    """End a command that met with an exception that nobody foresaw."""
    kind = type(error).__name__
    message = f"An error of Accord itself: {kind}: {error}" if str(error) else f"An error of Accord itself: {kind}"
    return ended(asked, Fault(message, details="".join(traceback.format_exception(error))))


def ended(asked: Asked, error: AccordError) -> int:
    """Say what happened, leave a report without a verdict where reports go, and return the exit code."""
    message, hint = _line(error.message), _line(error.hint)
    directory = None
    if not (isinstance(error, Fault) and error.reports_stand):
        directory = _leave(asked, error.exit_code, message, hint)
    if isinstance(error, Fault) and error.details:
        kept = _keep(error.details, directory)
        hint = f"{hint} {_HINT}, which is in {kept}.".lstrip() if kept else f"{hint} {_HINT}; it could not be written.".lstrip()
    output.problem(message, hint)
    return error.exit_code


def _leave(asked: Asked, code: int, message: str, hint: str) -> Path | None:
    """Replace an earlier run's reports by one that says why there is no verdict; return its directory where that was possible."""
    directory = asked.report_directory()
    if directory is None:
        return None
    try:
        from contract_tests.reports.files import remove_created, replace_all
        from contract_tests.reports.no_verdict import NAME, render

        text = render(exit_code=code, message=message, hint=hint, started_at=asked.began)
        replace_all(directory, {NAME: text}, keep_earlier=False)
        remove_created(directory, asked.began.timestamp())
    except (OSError, ValueError) as error:
        if code != USAGE or _holds_reports(directory):
            output.problem(f"The report without a verdict cannot be written: {_line(str(error))}.")
        return None
    return directory


def _holds_reports(directory: Path) -> bool:
    """Whether an earlier run's reports are there, which nobody should take for this one's."""
    try:
        return os.path.lexists(directory / "report.json")
    except ValueError:
        return False


def _keep(details: str, directory: Path | None) -> str:
    """Write a traceback to where reports go, or else where temporary files go; return its path, empty where neither is possible."""
    from contract_tests.reports.files import CRASH
    from contract_tests.reports.text import without_keys

    text = without_keys(details).encode("utf-8", "backslashreplace")
    if directory is not None:
        path = directory / CRASH
        try:
            path.write_bytes(text)
            return str(path)
        except OSError:
            # The other place may have room.
            pass
    try:
        number, name = tempfile.mkstemp(prefix="accord-crash-", suffix=".txt")
        with os.fdopen(number, "wb") as file:
            file.write(text)
    except OSError:
        return ""
    return name


def _line(text: str) -> str:
    """The text on one line, without anything that commands a terminal."""
    line = " ".join(text.split())
    line = line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)


__all__ = ["SOFTWARE", "USAGE", "Asked", "crashed", "ended", "refused"]
