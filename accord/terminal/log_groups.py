"""The log of a CI system: its groups, and a guard against text from elsewhere that the system would take for a command.

GitHub's runner looks for `::` after the blanks that a line begins with, and for `##[` anywhere in it (actions/runner,
src/Runner.Common/ActionCommand.cs). GitLab's sections are control characters, which nobody else's text reaches a terminal with.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_COMMAND = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)", re.MULTILINE)
_OLD_COMMAND = "##["


def on_github() -> bool:
    """Whether a runner of GitHub reads what is written."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def in_log(text: str) -> str:
    """Return the text with every command to the CI runner that reads it made harmless, on any of its lines."""
    if not on_github():
        return text
    return _COMMAND.sub(r"\1\\x3a", text).replace(_OLD_COMMAND, r"\x23#[")


@contextmanager
def log_group(name: str, title: str, *, write: Callable[[str], None]) -> Iterator[None]:
    """Make a group of what the block writes, where a CI system has such groups. `write` writes a command as it is."""
    if on_github():
        write(f"::group::{title}\n")
        try:
            yield
        finally:
            write("::endgroup::\n")
    elif os.environ.get("GITLAB_CI") == "true":
        write(f"\x1b[0Ksection_start:{time.time():.0f}:accord_{name}\r\x1b[0K{title}\n")
        try:
            yield
        finally:
            write(f"\x1b[0Ksection_end:{time.time():.0f}:accord_{name}\r\x1b[0K\n")
    else:
        yield
