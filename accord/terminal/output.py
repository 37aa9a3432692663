"""The last writer of stdout and stderr: no key leaves whole, and nothing that came from a server commands the terminal.

What a command says, it says by these functions. `guard` is for everything else that a process writes: usage errors, warnings,
tracebacks.
"""

import sys
from pathlib import Path
from typing import Any, TextIO, cast

import click

from accord.base.errors import AccordError
from accord.base.redaction import redact
from accord.base.visible import on_one_line
from accord.terminal.abilities import colour_wish
from accord.terminal.log_groups import in_log, on_github

LONGEST_MESSAGE = 2000
"""Characters of a message that are shown."""


def problem(message: str, hint: str = "") -> None:
    """Write what a command ends with when it cannot go on to stderr: a line, and a line about what to do next."""
    click.secho(in_log(f"accord: {line_of(message)}"), err=True, fg="red", color=colour_wish())
    if hint:
        click.echo(in_log(f"        {line_of(hint)}"), err=True)


def say(message: str, *, err: bool = False) -> None:
    """Write a message of one line."""
    click.echo(in_log(line_of(message)), err=err)


def document(text: str) -> None:
    """Write what was laid out already, its control characters escaped: a report, a profile, a table."""
    click.echo(in_log(redact(text)), nl=False)


def json_document(text: str) -> None:
    """Write a document of JSON."""
    # In JSON, a number sign occurs only within strings, and no line begins with a colon.
    click.echo(redact(text).replace("##[", "\\u0023#[") if on_github() else redact(text), nl=False)


def command(text: str) -> None:
    """Write a command to the log of a CI system. Its text must come from Accord alone."""
    click.echo(text, nl=False, color=True)


def public(text: str) -> None:
    """Write to stdout what may hold whole keys: those that the mock made, which everybody may know."""
    click.echo(text, file=getattr(sys.stdout, "unguarded", sys.stdout))


def document_to(file: Path | None, text: str, what: str) -> bool:
    """Write a text to a file, or to stdout where there is none. Whether it went to a file. Raises AccordError if it cannot."""
    if file is None:
        document(text)
        return False
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AccordError(f"The {what} {file} cannot be written: {error.strerror}.", "Check --output.") from error
    return True


def line_of(message: str) -> str:
    """Return the message as one line without keys and control characters, and of no more than `LONGEST_MESSAGE` characters."""
    line = on_one_line(redact(message))
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}…"


def guard() -> None:
    """Redact keys from now on in everything that this process writes to stdout and stderr.

    What an encoding cannot hold, such as half a surrogate pair, is written as an escape.
    """
    sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)


def _guarded(stream: TextIO) -> TextIO:
    # Either is None where the process was started without.
    if stream is None or isinstance(stream, _Guarded):
        return stream
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return cast(TextIO, _Guarded(stream))


class _Guarded:
    """A stream that writes nothing with a key in it. `unguarded` is the stream beneath."""

    def __init__(self, stream: TextIO) -> None:
        self.unguarded = stream

    def write(self, text: str) -> int:
        self.unguarded.write(redact(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unguarded, name)
