"""Things to be done later, by one thread that sleeps until the first of them is due."""

import heapq
import logging
import threading
import time
from collections.abc import Callable
from itertools import count

_log = logging.getLogger("mockserver")


class Timers:
    """Calls functions later, on a thread that is started for the first of them: without any, it costs nothing.

    The functions must be short, since everything else that is due waits for them.
    """

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Call `act` after so many seconds, unless `stop` is called before."""
        entry = (time.monotonic() + seconds, next(self._numbers), act)
        with self._changed:
            if self._stopped:
                return
            heapq.heappush(self._due, entry)
            if self._thread is None:
                self._thread = threading.Thread(name="mockserver timers", target=self._run, daemon=True)
                self._thread.start()
            elif self._due[0] is entry:
                self._changed.notify()

    def stop(self) -> None:
        """Drop all calls that are still to come."""
        with self._changed:
            self._stopped = True
            self._due.clear()
            self._changed.notify()

    def _run(self) -> None:
        while (act := self._next()) is not None:
            try:
                act()
            except Exception:  # noqa: BLE001  Others are waiting for theirs.
                _log.exception("Something that was to be done later failed.")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._stopped:
                seconds = self._due[0][0] - time.monotonic() if self._due else None
                if seconds is not None and seconds <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(seconds)
            return None
