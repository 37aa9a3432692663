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


class Times:
    """Writes times as RFC 3339, in UTC. `digits` is how many there are of a second's fraction, which is cut; `offset` is `Z` or
    `+00:00`.

    Put together from parts that repeat, which takes a sixth of what `datetime` and its formatting take: a page of conversations
    has forty times.
    """

    def __init__(self, digits: int, offset: str) -> None:
        self._digits = digits
        self._offset = offset
        self._days: dict[int, str] = {}

    def text(self, microseconds: int) -> str:
        """The time so many microseconds after 1970."""
        minutes, rest = divmod(microseconds, 60_000_000)
        days, minute = divmod(minutes, 1440)
        day = self._days.get(days)
        if day is None:
            if len(self._days) > _MANY_DAYS:
                self._days.clear()
            day = self._days[days] = f"{to_datetime(days * 86_400_000_000):%Y-%m-%dT}"
        seconds = _TWO_DIGITS[rest // 1_000_000]
        if not self._digits:
            return f"{day}{_MINUTES[minute]}{seconds}{self._offset}"
        fraction = f"{rest % 1_000_000:06d}000"[: self._digits]
        return f"{day}{_MINUTES[minute]}{seconds}.{fraction}{self._offset}"


_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))
_MINUTES = tuple(f"{hour:02d}:{minute:02d}:" for hour in range(24) for minute in range(60))
_MANY_DAYS = 10_000


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
