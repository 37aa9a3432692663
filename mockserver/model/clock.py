"""Where times come from. Times are whole microseconds since 1970-01-01T00:00:00Z."""

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache, partial
from typing import NamedTuple

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

LAST_MOMENT = (datetime(9999, 12, 31, 23, 59, 59, 999999, UTC) - _EPOCH) // _MICROSECOND
"""The latest time that can be written, in microseconds."""


def system_time() -> int:
    """The time of the machine's clock, in microseconds."""
    return time.time_ns() // 1000


def to_microseconds(moment: datetime) -> int:
    """A moment with an offset, in microseconds."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(microseconds: int) -> datetime:
    """Microseconds as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def read_moment(text: str) -> int:
    """The microseconds of a time in RFC 3339, such as `2026-03-01T09:00:00.25Z`. Raises ValueError for anything else."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("This is no time with an offset.")
    moment = to_microseconds(datetime.fromisoformat(text.upper()).astimezone(UTC))
    if not 0 <= moment <= LAST_MOMENT:
        raise ValueError("This is before 1970.")
    return moment


class Times:
    """Writes times as RFC 3339, in UTC. `digits` is the number of fraction digits, the rest being cut; `offset` is `Z` or
    `+00:00`.

    Formatting the forty times on a page of conversations would be most of the work. So a time is put together from the hour and
    the rest, which takes a sixth of the time of `datetime` and its formatting, and recent results are cached.
    """

    def __init__(self, digits: int, offset: str) -> None:
        # Not a method of this object: the cache would refer to the object, and the object to the cache.
        self.text: Callable[[int], str] = lru_cache(_MANY_TIMES)(partial(_text, digits, offset))
        """Returns a time as text, given its microseconds since 1970."""


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


FASTEST = 1_000_000
"""The highest speed of a clock."""


def _check_speed(speed: float) -> None:
    if not 0 < speed <= FASTEST:
        raise ValueError(f"The speed of a clock is above 0 and at most {FASTEST}; to stop it, freeze it.")


class ClockState(NamedTuple):
    """The state from which a clock goes on: it showed `then` when its source showed `source_then`, in microseconds.

    It is frozen, or runs `faster` / `slower` times as fast as the source.
    """

    then: int = 0
    source_then: int = 0
    frozen: bool = False
    faster: int = 1
    slower: int = 1


class Clock:
    """A clock that never goes back, so that what happened later is never dated earlier. Thread-safe.

    `source` gives microseconds; replace it in tests by any function. The clock runs with it until it is frozen, moved on or made
    faster or slower; all of that is exact to the microsecond. Only `reset` may take it back.

    It is in the memory of one process. Mocks that share a database pass on what is done to one, by `state` and `go_on_from`.
    """

    def __init__(self, source: Callable[[], int] = system_time) -> None:
        self._source = source
        self._lock = threading.Lock()
        self.moved: Callable[[], None] | None = None
        """Called after it was moved on, frozen or resumed, or runs at another speed, by whoever did that."""
        self._start_again()

    def _start_again(self) -> None:
        self._latest = 0
        self._frozen = False
        # The speed as two whole numbers: comparing fractions would be most of the cost of reading the clock.
        self._faster, self._slower = 1, 1
        # What this clock showed when the source showed what: it goes on from there.
        self._source_then = 0
        self._then = 0

    def of_its_own(self) -> "Clock":
        """Return a clock that runs with this one. What is done to it leaves this one alone."""
        return Clock(self.now)

    def now(self) -> int:
        """The time, in microseconds."""
        with self._lock:
            return self._show(self._source())

    def _show(self, source: int) -> int:
        if self._frozen:
            moment = self._then
        else:
            passed = source - self._source_then
            moment = self._then + (passed if self._faster == self._slower else passed * self._faster // self._slower)
        if moment > self._latest:
            self._latest = moment if moment < LAST_MOMENT else LAST_MOMENT
        return self._latest

    def not_before(self, moment: int) -> None:
        """Never show a time before that one, in microseconds, as something is already dated with it."""
        with self._lock:
            self._latest = max(self._latest, moment)

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._frozen

    @property
    def speed(self) -> float:
        """How many of its seconds pass in a second of the source, while it is not frozen."""
        return self._faster / self._slower

    def freeze(self) -> None:
        """Stand still at the time that it is now."""
        self.change(frozen=True)

    def resume(self) -> None:
        """Run again, from the time at which it was frozen."""
        self.change(frozen=False)

    def change(self, now: int | None = None, frozen: bool | None = None, speed: float | None = None) -> None:
        """Move on to a moment, in microseconds, freeze or resume, and run at a speed: all that is not None, or nothing.

        Raises ValueError as `move_to` and `run_at` do.
        """
        if speed is not None:
            _check_speed(speed)
        with self._lock:
            if now is None:
                self._go_on_from_here()
            else:
                self._move_to(now)
            self._frozen = self._frozen if frozen is None else frozen
            if speed is not None:
                # As it was written: 0.1 is a tenth.
                self._faster, self._slower = Fraction(str(speed)).as_integer_ratio()
        self._tell()

    def run_at(self, speed: float) -> None:
        """Let so many seconds pass in one of the source, from now on: above 0, at most 1,000,000. Raises ValueError otherwise."""
        self.change(speed=speed)

    def advance(self, microseconds: int) -> None:
        """Move on by so many microseconds, frozen or not. Raises ValueError if that is backwards, or beyond the year 9999."""
        with self._lock:
            self._move_to(self._show(self._source()) + microseconds)
        self._tell()

    def move_to(self, moment: int) -> None:
        """Move on to a moment, in microseconds, frozen or not. Raises ValueError if it is in the past, or beyond the year 9999."""
        self.change(moment)

    def reset(self) -> None:
        """Run with the source again, as in the beginning. This may take it back."""
        with self._lock:
            self._start_again()

    def state(self) -> "ClockState | None":
        """Return the state of the clock; None if it runs as it did in the beginning."""
        with self._lock:
            if (self._then, self._source_then, self._frozen, self._faster, self._slower) == (0, 0, False, 1, 1):
                return None
            return ClockState(self._then, self._source_then, self._frozen, self._faster, self._slower)

    def go_on_from(self, state: "ClockState | None") -> None:
        """Run from now on as a clock of that state does; as in the beginning where it is None, which may take it back."""
        if state == self.state():
            return
        if state is None:
            # Only a reset can bring a clock back to its beginning.
            self.reset()
            return
        with self._lock:
            self._then, self._source_then, self._frozen = state.then, state.source_then, state.frozen
            self._faster, self._slower = state.faster, state.slower
        self._tell()

    def _tell(self) -> None:
        if self.moved is not None:
            self.moved()

    def _go_on_from_here(self) -> int:
        source = self._source()
        self._then = self._show(source)
        self._source_then = source
        return self._then

    def _move_to(self, moment: int) -> None:
        if moment > LAST_MOMENT:
            raise ValueError("A clock ends with the year 9999.")
        if moment < self._go_on_from_here():
            raise ValueError("A clock does not go back, unless it is reset.")
        self._then = self._latest = moment
