"""What the messages of a conversation must look like, compared with those that were sent."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from contract_tests.contract.timestamps import moment, not_ascending
from contract_tests.judging.mismatches import Mismatch, of_item, shown, within

Items = Sequence[dict[str, Any]]


def out_of_order(items: Items, positions: Sequence[int]) -> Mismatch | None:
    """Return why messages do not ascend in created_at, or those sent one after another (at `positions`) not in that order."""
    for earlier, later in pairwise(items):
        if found := not_ascending(earlier.get("created_at"), later.get("created_at"), "the messages"):
            return of_item(within(found, "created_at"), later)
    if list(positions) != sorted(positions):
        sent = [shown(items[position].get("body"))[:80] for position in positions]
        listed = [shown(items[position].get("body"))[:80] for position in sorted(positions)]
        early = next(after for before, after in pairwise(positions) if after < before)
        wrong = Mismatch("messages are not in the order in which they were sent", ", ".join(sent), ", ".join(listed))
        return of_item(wrong, items[early])
    return None


def listed_after(items: Items, earlier: str, later: str) -> Mismatch | None:
    """Return why a message is listed after another that was sent later. It may be if its `created_at` is later.

    Both are given by their marks.
    """
    places = [next((at for at, item in enumerate(items) if mark in str(item.get("body"))), None) for mark in (earlier, later)]
    if (first := places[0]) is None or (second := places[1]) is None or first < second:
        return None
    moments = [moment(items[at].get("created_at")) for at in (first, second)]
    if moments[0] is None or moments[1] is None or moments[0] > moments[1]:
        return None
    wrong = Mismatch("the description is listed after a message that was sent later", f"before place {second + 1}", str(first + 1))
    return of_item(wrong, items[first])


def shared_ids(items: Items) -> Mismatch | None:
    ids = [shown(item.get("id")) for item in items]
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
    if not twice:
        return None
    wrong = Mismatch(f"messages share the id {twice[0]}", "an id for each", ", ".join(twice), "/id")
    return of_item(wrong, items[ids.index(twice[0])])


def count_mismatch(count: Any, listed: int) -> Mismatch | None:
    if count == listed:
        return None
    return Mismatch(f"the count is {shown(count)} and {listed} messages are listed", str(listed), shown(count), "/count")


def description_mismatch(sent: str, mark: str, items: Items) -> Mismatch | None:
    """Return why a description that became a message is not whole. What quotes its beginning is the server's own."""
    holding = [item for item in items if mark in str(item.get("body"))]
    if any(cut_or_changed(sent, item) is None for item in holding):
        return None
    begun = [item for item in holding if str(item.get("body")).lstrip().startswith(sent.lstrip()[:10])]
    return cut_or_changed(sent, begun[0]) if begun else None


def cut_or_changed(sent: str, item: Mapping[str, Any]) -> Mismatch | None:
    """Return why a message that holds the beginning of a description lacks some of it; white space around it may be trimmed."""
    body = item.get("body")
    if isinstance(body, str) and sent.strip() in body:
        return None
    wrong = Mismatch("the description was cut or changed on its way into the messages", shown(sent), shown(body), "/body")
    return of_item(wrong, item)


def times_mismatch(expected: int, actual: int, what: str) -> Mismatch | None:
    if expected == actual:
        return None
    return Mismatch(f"{what} is listed {actual} times", f"{expected} times", f"{actual} times", "/results")
