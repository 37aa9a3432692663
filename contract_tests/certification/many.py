"""Work on many bundles in parallel: checking one takes seconds, and none depends on another."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def side_by_side(function: Callable[[Path], T], folders: Sequence[Path], told: Callable[[str], object]) -> Iterator[T]:
    """Yield the result of a module-level function for each folder, in order, using one process per processor.

    `told` is called a few times with a line that says how many are done, if there are several folders.
    """
    every = max(2, len(folders) // 10)
    if len(folders) < 2:
        yield from map(function, folders)
        return
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(folders))) as pool:
        for done, one in enumerate(pool.map(function, folders), 1):
            if done % every == 0:
                told(f"{done} of {len(folders)} checked")
            yield one
