"""Python's garbage collector, which is to leave state alone that stays.

A collection looks at all objects that could be part of a cycle. At a million conversations that takes a second, during which
no request is handled, and it finds nothing: records are freed by their reference counts.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (10_000, 10, 10)


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
    """Collect from now on, and put aside what is there, and what is left after each full collection."""
    # Not collected before: what is garbage by now, some hundred objects of the imports, is not worth the look at all others.
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
    gc.callbacks.append(_put_aside)


def _put_aside(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
