"""What a list must hold: these conversations, all of them, each once."""

from collections import Counter
from collections.abc import Collection, Sequence

from contract_tests.expectations import Mismatch


def same_ids(expected: Collection[str], actual: Sequence[str]) -> Mismatch | None:
    """The list holds each of the expected ones once and nothing else, in any order."""
    found = Counter(actual)
    twice = sorted(one for one, times in found.items() if times > 1)
    missing = sorted(set(expected) - found.keys())
    strange = sorted(found.keys() - set(expected))
    said = [
        f"{what} {', '.join(ids[:3])}{' and others' if len(ids) > 3 else ''}"
        for what, ids in (("lacks", missing), ("has twice", twice), ("has, and should not,", strange))
        if ids
    ]
    if not said:
        return None
    return Mismatch(f"the list {'; '.join(said)}", f"{len(expected)} conversations", f"{len(actual)} conversations")


def length_is(expected: int, actual: int, asked: str) -> Mismatch | None:
    if expected == actual:
        return None
    return Mismatch(f"{asked}: the page holds {actual} conversations", str(expected), str(actual))


def count_is(actual: int, expected: int) -> Mismatch | None:
    if actual == expected:
        return None
    return Mismatch(f"the count is {actual} where {expected} match", str(expected), str(actual))


def same_order(expected: Sequence[str], actual: Sequence[str], asked: str) -> Mismatch | None:
    if list(expected) == list(actual):
        return None
    return Mismatch(f"{asked}: the page does not continue the list", " ".join(expected), " ".join(actual))
