"""When a delivery is tried again: exponential backoff with jitter, drawn from the delivery, so that a run can be repeated."""

from random import Random

from mockserver.model.deliveries import MOST_ATTEMPTS, Delivery

FIRST_PAUSE = 1_000_000
"""Microseconds between the first attempt and the second, but for the jitter. Each pause is twice as long as the one before."""

_JITTER = 0.25
_OUT_OF_ORDER = 2_000_000


def next_attempt(delivery: Delivery, failed: int, now: int) -> int | None:
    """Return when the attempt after the `failed`-th one is due, in microseconds; None if that was the last."""
    if failed >= MOST_ATTEMPTS:
        return None
    factor = Random(f"{delivery.id}:{delivery.conversation}:{failed}").uniform(1 - _JITTER, 1 + _JITTER)
    return now + int(FIRST_PAUSE * 2 ** (failed - 1) * factor)


def held_back(conversation: str, number: int) -> int:
    """Return for how many microseconds to hold back an event that should arrive out of order."""
    return Random(f"{conversation}:{number}").randrange(_OUT_OF_ORDER)
