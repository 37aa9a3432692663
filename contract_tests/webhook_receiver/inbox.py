"""What came to the listener, for those who wait for it."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from contract_tests.webhook_receiver.arrivals import Arrival, Key, from_line
from contract_tests.webhook_receiver.behaviour import REDIRECTED

_PAUSE = 0.05


class Inbox:
    """Reads what a listener writes. `sleep` waits so many seconds, or raises what ends the run."""

    def __init__(self, written: Path, sleep: Callable[[float], object]) -> None:
        self.arrivals: list[Arrival] = []
        """All that came so far, but for redirects that were followed."""
        self._by_key: defaultdict[Key, list[Arrival]] = defaultdict(list)
        self._written = written
        self._sleep = sleep
        self._read = 0

    def refresh(self) -> None:
        """Take in what came since."""
        with open(self._written, "rb") as reading:
            reading.seek(self._read)
            data = reading.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode().splitlines():
            arrival = from_line(line)
            if not arrival.path.startswith(REDIRECTED):
                self.arrivals.append(arrival)
                self._by_key[arrival.key].append(arrival)

    def of(self, key: Key) -> Sequence[Arrival]:
        """Return the attempts to deliver an event, in the order in which they came."""
        return self._by_key.get(key, ())

    def wait(self, until: float, done: Callable[[], bool]) -> bool:
        """Wait until `done` returns true; return False if it does not by the moment `until`, in seconds since 1970."""
        while True:
            self.refresh()
            if done():
                return True
            if time.time() >= until:
                return False
            self._sleep(_PAUSE)
