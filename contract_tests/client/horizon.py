"""How old the first writes must be when they are read for the last time, on any machine.

Some faults show only seconds after a write, such as data lost by a cache or undone by a late job. Only a run that lasts that
long finds them. So each effort says how old writes must be when they are read for the last time, and a run that would end
earlier waits.
"""

from collections import defaultdict
from collections.abc import Callable
from time import monotonic

REFUSED = "refused"
"""The kind of a write that was refused; that of any other is its operation."""

_OLDEST = 3
"""How many writes of each kind must be that old: the first ones, which are among those that are read again."""


class Horizon:
    """Knows when the first writes of each kind were made. `seconds` is how old they are to be at the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._written: defaultdict[str, list[float]] = defaultdict(list)

    def note(self, kind: str) -> None:
        """Note a write that was answered just now."""
        first = self._written[kind]
        if len(first) < _OLDEST:
            first.append(monotonic())

    def wait(self, sleep: Callable[[float], None], most: float) -> None:
        """Return when the first writes of each kind are old enough, or after so many seconds."""
        youngest = max((first[-1] for first in self._written.values()), default=None)
        left = 0.0 if youngest is None else youngest + self._seconds - monotonic()
        if min(left, most) > 0:
            sleep(min(left, most))
