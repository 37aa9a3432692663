"""Which test comes first, and which tests go to the same worker: what the markers in the files of the tests say."""

from functools import cache

import pytest

from contract_tests.contract.citations import SUITE

MARKERS = (
    "last(place): the tests run after all others, in the order of the places",
    "long(place): the tests take longest, those of the first place most of all",
    "together: the tests go to the same worker",
)

_KINDS = ("requester]", "open]", "closed]")
"""Parameters that split the tests of one file into groups, because it has enough tests for several workers."""


def place(item: pytest.Item) -> int:
    """Return a key to sort by where one worker runs all tests.

    Quick looks at everything come first, so that defects show early; what is generated and what is only observed comes last.
    """
    return _place_of(item, "last") or 0


def place_beside_others(item: pytest.Item) -> tuple[bool, int]:
    """Return a key to sort by where several workers share the tests.

    What takes longest comes first, so that no worker is left with it while all others are done.
    """
    long = _place_of(item, "long")
    return (long is None, long if long is not None else int(item.get_closest_marker("last") is not None))


def _place_of(item: pytest.Item, name: str) -> int | None:
    marker = item.get_closest_marker(name)
    return int(marker.args[0]) if marker is not None else None


def together(nodeid: str) -> str:
    """Return what a test has in common with those that go to the same worker."""
    file = nodeid.rpartition("/")[2].partition("::")[0]
    kind = nodeid.partition("[")[2]
    return f"{file} {kind if kind in _KINDS else ''}" if file in files_together() else nodeid


@cache
def files_together() -> frozenset[str]:
    """Return the names of the files whose tests are marked as `together`.

    They are read as text: the process that gives out the tests does not import them.
    """
    return frozenset(path.name for path in SUITE.glob("test_*.py") if b"pytest.mark.together" in path.read_bytes())
