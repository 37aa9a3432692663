"""When a run ends: by its time budget, by a signal, or because nothing gets through. Every wait of the suite asks here.

Nothing is interrupted from outside: a wait lasts at most `SLICE` seconds before it looks here again, in whichever thread it is.
"""

import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

SLICE = 0.2
"""Longest time in seconds to wait before checking again whether the run is over."""

SILENCE = 60.0
"""Seconds in which not one request gets through, after which a run ends."""

GRACE = 0.9
"""Seconds that tests have, once the run is over, to hand over what they found."""

READING_AGAIN = 2.0
"""Seconds that the reading at the end may go on after the time budget."""

LEFT_OUT, CUT_SHORT = "left out for want of ", "cut short: "
"""How the reason of a skipped test begins: if the run had no room for it, and if the run ended while the test was running."""

_SAME_SIGNAL = 0.5
"""Seconds within which a second signal counts as the first: a shell and the program that runs it may both pass it on."""

_SLACK = 0.5
"""Seconds that a server may be late to take requests again after the wait that it asked for."""


class Stopped(BaseException):
    """The run is over; the text says why. Like KeyboardInterrupt, it must not be caught by `except Exception`."""


class Deadline:
    """When a run ends. `ends_at` is a moment, in seconds since 1970, or None; `budget` is the seconds that led to it.

    Safe to use from several threads, and `stop` from a signal handler.
    """

    def __init__(self, ends_at: float | None = None, budget: float | None = None) -> None:
        self.ends_at = ends_at
        self.reason = ""
        self.processes = Processes()
        self.signalled_at = 0.0
        self.overdue = False
        self.interruptible = False
        self.silent = False
        self._budget = budget
        self._silent_since: float | None = None
        self._last_refusal = ""

    @property
    def out_of_time(self) -> bool:
        """Whether the time budget is used up."""
        return self.ends_at is not None and time.time() > self.ends_at

    @property
    def left(self) -> float:
        """Seconds until the time budget is used up; infinite where there is none."""
        return math.inf if self.ends_at is None else max(0.0, self.ends_at - time.time())

    @property
    def over(self) -> str:
        """Why the run is over; nothing while it is not."""
        if self.reason or not self.out_of_time:
            return self.reason
        seconds = f" of {self._budget:g} seconds" if self._budget else ""
        return f"The time budget{seconds} is used up."

    def stop(self, reason: str) -> None:
        """End the run. The first reason stays."""
        self.reason = self.reason or reason

    def check(self) -> None:
        """Raise Stopped where the run is over."""
        if self.reason or self.ends_at is not None:
            reason = self.over
            if reason:
                raise Stopped(reason)

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Stopped as soon as the run is over, also because nothing got through for too long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            self._check_silence(time.monotonic())
            time.sleep(min(left, SLICE))
        self.check()

    def limit(self, budget: float | None) -> None:
        """End the run after so many seconds from now; None: whenever it is done."""
        if budget is not None:
            self.ends_at, self._budget = time.time() + budget, budget

    def grant(self, seconds: float) -> None:
        """Extend a run with a time limit by so many seconds, so that it can finish what it began."""
        if self.ends_at is not None:
            self.ends_at += seconds

    def got_through(self) -> None:
        """Note that a request got a response that did not ask to wait."""
        self._silent_since = None

    def got_nothing(self, since: float, why: str) -> None:
        """Note that a request that was sent at a moment (of time.monotonic) got no response, or one that asks to wait.

        Raises Stopped where nothing got through for too long.
        """
        self._last_refusal = why
        if self._silent_since is None:
            self._silent_since = since
        self._check_silence(time.monotonic() + _SLACK)

    def _check_silence(self, now: float) -> None:
        since = self._silent_since
        if since is not None and now - since > SILENCE + _SLACK:
            self.silent = True
            self.stop(f"For {SILENCE:.0f} seconds not one request got through. The last: {self._last_refusal}")
            self.check()


class Processes:
    """The processes that work for a run, to be ended with it."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[Any]] = []

    def add(self, process: "subprocess.Popen[Any]") -> None:
        """Take a process in."""
        self._started.append(process)

    def send(self, number: int) -> None:
        """Send a signal to those that are running."""
        for process in self._started:
            # poll() is not used here: the code that started the process waits for it.
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.send_signal(number)

    def end(self) -> None:
        """Kill those that are running, and wait until they are gone."""
        self.send(_KILL)
        for process in self._started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE)


@contextmanager
def ended_by_signals(deadline: Deadline) -> Iterator[None]:
    """Let the first Ctrl-C, SIGTERM or SIGHUP end the run that goes on in the block, and a second one this process.

    Outside the main thread, where Python takes no signals, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if deadline.overdue:
            # This process sent the signal itself. It may arrive when the code that it should interrupt has just ended.
            deadline.overdue = False
            if deadline.interruptible:
                raise KeyboardInterrupt
        elif not deadline.signalled_at:
            deadline.signalled_at = time.monotonic()
            deadline.stop(f"The run was stopped by {_SIGNALS[signal.Signals(number)]}.")
        elif time.monotonic() - deadline.signalled_at > _SAME_SIGNAL:
            deadline.processes.send(_KILL)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    # What the shell has told this process to ignore stays ignored.
    before = {number: signal.signal(number, handle) for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def enforced(deadline: Deadline) -> Iterator[None]:
    """See to it that the block ends soon after the run is over.

    Processes are told by SIGTERM, and killed `GRACE` seconds later; what still goes on in the main thread after that is
    interrupted (KeyboardInterrupt).
    """
    finished = threading.Event()
    watch = threading.Thread(target=_enforce, args=(deadline, finished), daemon=True)
    watch.start()
    deadline.interruptible = True
    try:
        yield
    finally:
        deadline.interruptible = False
        finished.set()
        watch.join()


def _enforce(deadline: Deadline, finished: threading.Event) -> None:
    last = deadline.ends_at + READING_AGAIN + GRACE if deadline.ends_at is not None else math.inf
    while not deadline.reason and time.time() < last:
        if finished.wait(SLICE / 2):
            return
    deadline.stop(deadline.over)
    deadline.processes.send(signal.SIGTERM)
    if finished.wait(GRACE):
        return
    deadline.processes.send(_KILL)
    while not finished.wait(GRACE / 2):
        deadline.overdue = True
        if signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, signal.SIG_IGN, None):
            os.kill(os.getpid(), signal.SIGTERM)


def stopped_by_parent(deadline: Deadline) -> None:
    """In a process that works for a run: let SIGTERM end its part. Ctrl-C is for the parent alone to act on."""
    signal.signal(signal.SIGTERM, lambda *_: deadline.stop("The run was stopped."))
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def without_ctrl_c() -> Iterator[None]:
    """Hide Ctrl-C from processes that are started in the block: the terminal sends it to all, but only this process acts on it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_SIGNALS = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "SIGTERM",
    **({signal.SIGHUP: "SIGHUP (its terminal was closed)"} if hasattr(signal, "SIGHUP") else {}),
}

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
