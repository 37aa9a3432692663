"""Rate limits: a token bucket for each key, exact to the microsecond of the namespace's clock."""

from dataclasses import dataclass
from fractions import Fraction

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in so many microseconds."""

    requests: int
    per_microseconds: int


class Buckets:
    """The buckets of a rate limit. To be used by one thread at a time."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        # What is left in each, and when that was. A request costs `per_microseconds`, and each microsecond brings
        # `requests` of it back: whole numbers, so that nothing is rounded.
        self._left: dict[str | None, tuple[int, int]] = {}

    def take(self, key: str | None, now: int, speed: float = 1.0) -> int | None:
        """Take a token of the key's bucket: None, or, if there is none, after how many seconds there will be one.

        now: microseconds. speed: how many seconds of the clock pass in one of the client, who is told seconds of its own where
        the clock is the slower one, so that waiting so long is enough by either.
        """
        limit = self._limit
        cost, most = limit.per_microseconds, limit.per_microseconds * limit.requests
        left, then = self._left.get(key, (most, now))
        left = min(most, left + (now - then) * limit.requests)
        if left >= cost:
            self._left[key] = (left - cost, now)
            return None
        self._left[key] = (left, now)
        seconds = Fraction(cost - left, limit.requests * _MICROSECONDS) / min(Fraction(1), Fraction(str(speed)))
        return max(1, -(-seconds.numerator // seconds.denominator))
