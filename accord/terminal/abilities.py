"""What a stream may be sent: colours, and lines that are written over."""

import os
import shutil
import sys
from collections.abc import Mapping
from typing import TextIO


def colour_wish(environ: Mapping[str, str] | None = None) -> bool | None:
    """Whether the surroundings ask for colours (True) or refuse them (False); None where the stream decides.

    `NO_COLOR` (no-color.org) and `FORCE_COLOR` (force-color.org) count when they are not empty, whatever their value; where both
    are given, `NO_COLOR` does, as in Python itself. A dumb terminal shows no colours.
    """
    given = os.environ if environ is None else environ
    if given.get("NO_COLOR"):
        return False
    if given.get("FORCE_COLOR"):
        return True
    return False if given.get("TERM") == "dumb" else None


def is_coloured(stream: TextIO) -> bool:
    """Whether a stream gets colours."""
    wish = colour_wish()
    return stream.isatty() if wish is None else wish


def is_overwritable(stream: TextIO) -> bool:
    """Whether a line of a stream can be written over: it is a terminal that knows how to go back."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """The columns of the terminal, or 80."""
    return shutil.get_terminal_size().columns


def write_over(text: str, *, last: bool = False) -> None:
    """Write a line on stderr in place of the one before."""
    room = width() - 1
    sys.stderr.write(f"\r{text[:room]:<{room}}" + ("\n" if last else ""))
    sys.stderr.flush()
