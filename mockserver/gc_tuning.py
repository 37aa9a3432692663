"""Python's garbage collector, which is to leave state alone that stays.

A collection looks at all objects that could be part of a cycle. At a million conversations that takes a second, during which
no request is handled, and it finds nothing: records are freed by their reference counts.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLD = 5_000
"""How many more objects than before start a collection, which then takes about a millisecond."""


@contextmanager
def at_rest() -> Iterator[None]:
    """No collection while the block runs, in which all that is made is to stay, unless something in it calls `spare`."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def spare() -> None:
    """Collect from now on, and put aside what is there, and what is left after each collection.

    So each object is looked at once. What is left is the state, which needs no collector, and the few requests that are being
    handled. Should one of these end in a cycle, that cycle stays: with one collection in hundreds of requests, next to nothing.
    """
    # Not collected before: what is garbage by now, some hundred objects of the imports, is not worth the look at all others.
    gc.freeze()
    gc.set_threshold(_THRESHOLD)
    gc.enable()
    gc.callbacks.append(_put_aside)


def _put_aside(phase: str, _: dict[str, int]) -> None:
    if phase == "stop":
        gc.freeze()
