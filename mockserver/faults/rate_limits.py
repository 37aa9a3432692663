"""Rate limits: a token bucket for each key, exact to the microsecond of the namespace's clock."""

from dataclasses import dataclass
from fractions import Fraction

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The number of requests that are allowed per number of microseconds."""

    requests: int
    per_microseconds: int


class Buckets:
    """The buckets of a rate limit. To be used by one thread at a time."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        # By key: what is left in the bucket, and at which time. A request costs `per_microseconds`, and each microsecond
        # adds `requests`. These are whole numbers, so that nothing is rounded.
        self._left: dict[str | None, tuple[int, int]] = {}

    def take(self, key: str | None, now: int, speed: float = 1.0) -> int | None:
        """Take a token from the key's bucket. Return None or, if the bucket is empty, in how many seconds it will have a token.

        now: in microseconds. speed: seconds of the clock per second of the client. Where the clock is the slower one, the result
        is in seconds of the client, so that waiting that long is enough by both.
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
