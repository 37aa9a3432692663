"""What a list must hold: these conversations, all of them, each once."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import zip_longest

from contract_tests.judging.mismatches import Mismatch

_NAMED = 3
"""Ids that a sentence names; of more it says how many."""


def ids_mismatch(expected: Collection[str], actual: Sequence[str], *, exactly: bool = True) -> Mismatch | None:
    """Return why a list does not hold each of the expected ones once and, if `exactly`, nothing else; in any order."""
    found = Counter(actual)
    twice = [one for one, times in found.items() if times > 1]
    strange = sorted(found.keys() - set(expected)) if exactly else []
    mismatch = _wrong_ids("the list", expected, found, twice=twice, strange=strange)
    wrong = [*twice, *strange]
    return mismatch and replace(mismatch, where="" if wrong else "/results", item=wrong[0] if wrong else None)


def partition_mismatch(expected: Collection[str], pages: Sequence[tuple[str, Sequence[str]]]) -> Mismatch | None:
    """Return why pages, each with what was asked for, do not together hold each of the expected ones once and nothing else."""
    found = Counter(one for _, held in pages for one in held)
    twice = []
    for one, times in found.items():
        if times > 1:
            places = [asked for asked, held in pages for other in held if other == one]
            twice.append(f"{one} (on {' and on '.join(places[:_NAMED])})")
    strange = []
    for one in found.keys() - set(expected):
        strange.append(f"{one} (on {next(asked for asked, held in pages if one in held)})")
    return _wrong_ids("the list, page by page,", expected, found, twice=twice, strange=strange)


def _wrong_ids(
    what: str, expected: Collection[str], found: Counter[str], *, twice: list[str], strange: list[str]
) -> Mismatch | None:
    missing = sorted(set(expected) - found.keys())
    said = [
        f"{wrong} {', '.join(sorted(ids)[:_NAMED])}{f' and {len(ids) - _NAMED} others' if len(ids) > _NAMED else ''}"
        for wrong, ids in (("lacks", missing), ("has twice", twice), ("has, and should not,", strange))
        if ids
    ]
    if not said:
        return None
    count = found.total()
    return Mismatch(
        f"{what} {'; '.join(said)}", f"{len(expected)} conversations, each once", f"{count} conversations; {'; '.join(said)}"
    )


def length_mismatch(expected: int, actual: int, asked: str) -> Mismatch | None:
    if expected == actual:
        return None
    return Mismatch(f"{asked}: the page holds {actual} conversations", str(expected), str(actual), "/results")


def count_mismatch(actual: int, expected: int) -> Mismatch | None:
    if actual == expected:
        return None
    return Mismatch(f"the count is {actual} where {expected} match", str(expected), str(actual), "/count")


def order_mismatch(expected: Sequence[str], actual: Sequence[str], asked: str) -> Mismatch | None:
    if list(expected) == list(actual):
        return None
    strange = [one for one, wanted in zip_longest(actual, expected) if one is not None and one != wanted]
    return Mismatch(
        f"{asked}: the page does not continue the list",
        " ".join(expected),
        " ".join(actual),
        where="" if strange else "/results",
        item=strange[0] if strange else None,
    )
