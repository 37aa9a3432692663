"""What is told on stderr while a command works: on a terminal a line that is written over, elsewhere a line every ten seconds."""

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from accord.terminal.abilities import is_overwritable, write_over

EVERY = 10.0
"""Seconds between two lines, where there is no terminal."""


class Ticker:
    """Prints a line every `EVERY` seconds, for as long as the block lasts: how long it has lasted, and what `line` says then.

    It has a thread of its own, so that it is heard during a single long test, too.
    """

    def __init__(self, line: Callable[[], str]) -> None:
        self._line = line
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="accord-progress", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _tick(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(EVERY):
            try:
                sys.stderr.write(f"{time.monotonic() - began:.0f} s  {self._line()}\n")
                sys.stderr.flush()
            except OSError:
                # Nobody reads stderr any more: there is nobody to tell, and the run goes on.
                return


class Shown:
    """A status line that changes: written over on a terminal, printed by `Ticker` elsewhere, or not shown at all."""

    def __init__(self, line: str = "starting", *, quiet: bool = False) -> None:
        self.line = line
        self._on_terminal = is_overwritable(sys.stderr) and not quiet
        self._ticks = not self._on_terminal and not quiet
        self._ticker = Ticker(self.now)

    def __enter__(self) -> Self:
        if self._ticks:
            self._ticker.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        if self._ticks:
            self._ticker.__exit__(kind, error, where)

    def now(self) -> str:
        """The line as it is at this moment."""
        return self.line

    def say(self, line: str, *, on_terminal: str | None = None, last: bool = False) -> None:
        """Change the line; a terminal may show another text. `last` ends the line on a terminal."""
        self.line = line
        if self._on_terminal:
            write_over(line if on_terminal is None else on_terminal, last=last)


class RunShown(Shown):
    """How far the tests of a verification are: what `contract_tests.run.runner.verify` takes as its progress."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._requests: Callable[[], int] = int

    def counts(self, requests: Callable[[], int]) -> None:
        """Learn what says how many requests were sent so far."""
        self._requests = requests

    def __call__(self, done: int, total: int, name: str) -> None:
        """Show that so many tests are done, of so many, and which one was the last."""
        test = name.removeprefix("test_").replace("_", " ")
        self.say(f"{done}/{total} tests", on_terminal=f"{done}/{total}  {test}", last=done == total)

    def now(self) -> str:
        sent = self._requests()
        return f"{self.line}  {sent:,} request{'' if sent == 1 else 's'}"
