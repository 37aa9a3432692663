"""Where times come from. Times are whole microseconds since 1970-01-01T00:00:00Z."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

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

    A page of conversations has forty times, which would take most of the work. So one is put together from the hour and the rest
    of it, in a sixth of what `datetime` and its formatting take, and those that were asked for lately are kept.
    """

    def __init__(self, digits: int, offset: str) -> None:
        # Not a method of this object: what is kept would keep the object, and the object what is kept.
        self.text: Callable[[int], str] = lru_cache(_MANY_TIMES)(partial(_text, digits, offset))
        """The time so many microseconds after 1970."""


def _text(digits: int, offset: str, microseconds: int) -> str:
    hour, rest = divmod(microseconds, _HOUR)
    text = _hour(hour) + _SECONDS[rest // 1_000_000]
    if not digits:
        return text + offset
    return f"{text}.{rest % 1_000_000:06d}000"[: len(text) + 1 + digits] + offset


@lru_cache(maxsize=100_000)
def _hour(number: int) -> str:
    return f"{to_datetime(number * _HOUR):%Y-%m-%dT%H:}"


_HOUR = 3_600_000_000
_MANY_TIMES = 50_000
_SECONDS = tuple(f"{minute:02d}:{second:02d}" for minute in range(60) for second in range(60))


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
