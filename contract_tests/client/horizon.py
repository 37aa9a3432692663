"""How long what was written is left alone before it is read again, on any machine.

What shows only some seconds after a write (lost by a cache, undone by a job that runs late) is found by a run that lasts as long
and by no shorter one. So each effort says how old writes are when they are read for the last time, and waits where the run would be
over before.
"""

from collections import defaultdict
from collections.abc import Callable
from time import monotonic

REFUSED = "refused"
"""The kind of a write that was refused; that of any other is its operation."""

_OLDEST = 3
"""So many writes of a kind are to be that old: the first ones, which are among those that are read again."""


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
