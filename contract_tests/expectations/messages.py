"""What the messages of a conversation must look like, compared with those that were sent."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from contract_tests.expectations import Mismatch, shown
from contract_tests.expectations.timestamps import in_order, moment

Items = Sequence[dict[str, Any]]


def oldest_first(items: Items, positions: Sequence[int]) -> Mismatch | None:
    """Ascending in created_at, and those that were sent one after another (at `positions`) in that order."""
    for earlier, later in pairwise(items):
        if found := in_order(earlier.get("created_at"), later.get("created_at"), "the messages"):
            return found
    if list(positions) != sorted(positions):
        sent = [shown(items[position].get("body"))[:80] for position in positions]
        listed = [shown(items[position].get("body"))[:80] for position in sorted(positions)]
        return Mismatch("messages are not in the order in which they were sent", ", ".join(sent), ", ".join(listed))
    return None


def before(items: Items, earlier: str, later: str) -> Mismatch | None:
    """A message by what it is known by is listed before another that was sent later, unless it says that it is younger."""
    places = [next((at for at, item in enumerate(items) if mark in str(item.get("body"))), None) for mark in (earlier, later)]
    if (first := places[0]) is None or (second := places[1]) is None or first < second:
        return None
    moments = [moment(items[at].get("created_at")) for at in (first, second)]
    if moments[0] is None or moments[1] is None or moments[0] > moments[1]:
        return None
    return Mismatch("the description is listed after a message that was sent later", f"before place {second + 1}", str(first + 1))


def distinct_ids(items: Items) -> Mismatch | None:
    ids = [shown(item.get("id")) for item in items]
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
    return Mismatch(f"messages share the id {twice[0]}", "an id for each", ", ".join(twice)) if twice else None


def count_is(count: Any, listed: int) -> Mismatch | None:
    if count == listed:
        return None
    return Mismatch(f"the count is {shown(count)} and {listed} messages are listed", str(listed), shown(count))


def holds_whole(sent: str, body: Any) -> Mismatch | None:
    """A message that holds the beginning of a description holds all of it; white space around it may have been trimmed."""
    if isinstance(body, str) and sent.strip() in body:
        return None
    return Mismatch("the description was cut or changed on its way into the messages", shown(sent), shown(body))


def listed_times(expected: int, actual: int, what: str) -> Mismatch | None:
    if expected == actual:
        return None
    return Mismatch(f"{what} is listed {actual} times", f"{expected} times", f"{actual} times")
