"""Looks, again and again, for what other processes changed."""

import logging
import threading
from collections.abc import Callable

from mockserver.store import StoreUnavailableError

_log = logging.getLogger(__name__)

_LOOK_AGAIN = 0.2
"""Seconds between two looks. The other mocks take over a change within this time, plus the time of the look itself."""

_AFTER_FAILURE = 2.0


class Follower:
    """Calls `look`, which raises StoreUnavailableError while the database cannot be reached, in a thread of its own."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        if self._thread is None:
            self._thread = threading.Thread(name="mockserver steering", target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)

    def _run(self) -> None:
        told = ""
        pause = _LOOK_AGAIN
        while not self._stopped.wait(pause):
            try:
                self._look()
                pause, told = _LOOK_AGAIN, ""
            except StoreUnavailableError as error:
                if str(error) != told:
                    told = str(error)
                    _log.warning("What other mocks are told is not known here: %s", told)
                pause = _AFTER_FAILURE
