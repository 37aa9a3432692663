"""Where times come from. Times are whole microseconds since 1970-01-01T00:00:00Z."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def system_time() -> int:
    """The time of the machine's clock, in microseconds."""
    return time.time_ns() // 1000


def to_microseconds(moment: datetime) -> int:
    """A moment with an offset, in microseconds."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(microseconds: int) -> datetime:
    """Microseconds as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Clock:
    """A clock that never goes back, so that what happened later is never dated earlier. Thread-safe.

    `source` gives microseconds; replace it in tests by any function.
    """

    def __init__(self, source: Callable[[], int] = system_time) -> None:
        self._source = source
        self._latest = 0
        self._lock = threading.Lock()

    def now(self) -> int:
        """The time, in microseconds."""
        with self._lock:
            self._latest = max(self._latest, self._source())
            return self._latest

    def not_before(self, moment: int) -> None:
        """Never tell a time before that one, in microseconds, which something is dated already."""
        with self._lock:
            self._latest = max(self._latest, moment)
