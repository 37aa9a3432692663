"""For programs that try something with every broken server: their common options, and a process for each server."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from multiprocessing import get_context
from typing import TypeVar

from tests.defects.registry import all_defects
from tests.harness.trials import warm_up

T = TypeVar("T")


def options_of(description: str, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return which servers are to be tried (`only`, `every`), and how many at a time (`jobs`)."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--only", action="append", metavar="GLOB", help="defects by name; may be repeated; nothing is written then")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth of them, which the figures then say")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    return parser.parse_args(arguments)


def swept(task: Callable[[str], T], options: argparse.Namespace) -> Iterator[tuple[str, T]]:
    """Run a task with the name of each server; yield the progress, such as 3/40, and what the task returned."""
    chosen = [name for name in all_defects() if any(fnmatchcase(name, glob) for glob in options.only or ["*"])][:: options.every]
    warm_up()
    # Each server gets a process of its own, so nothing of it or of its run is left behind.
    with get_context("fork").Pool(options.jobs, maxtasksperchild=1) as pool:
        for number, found in enumerate(pool.imap_unordered(task, chosen), 1):
            yield f"{number:>4}/{len(chosen)}", found
