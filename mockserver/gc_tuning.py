"""Tuning of Python's garbage collector, so that it does not scan long-lived state again and again.

A collection looks at all objects that could be part of a cycle. At a million conversations that takes a second, during which
no request is handled, and it finds nothing: records are freed by their reference counts.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLD = 5_000
"""How many new objects start a collection, which then takes about a millisecond."""


@contextmanager
def at_rest() -> Iterator[None]:
    """Turn collections off while the block runs, as all it makes is to stay, unless something in it calls `spare`."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def spare() -> None:
    """Turn collections on. Exclude from them all present objects, and those that are left after each collection.

    So each object is scanned once. What is left is the state, which needs no collector, and the few requests that are being
    handled. If one of these ends in a cycle, that cycle is never freed. With one collection in hundreds of requests, this is rare.
    """
    # No collection before that: the garbage so far, some hundred objects of the imports, is not worth scanning all others.
    gc.freeze()
    gc.set_threshold(_THRESHOLD)
    gc.enable()
    gc.callbacks.append(_put_aside)


def _put_aside(phase: str, _: dict[str, int]) -> None:
    if phase == "stop":
        gc.freeze()
