"""What the messages of a conversation must look like, compared with those that were sent."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from contract_tests.expectations import Mismatch, shown
from contract_tests.expectations.timestamps import in_order

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


def distinct_ids(items: Items) -> Mismatch | None:
    ids = [shown(item.get("id")) for item in items]
    twice = sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else []
    return Mismatch(f"messages share the id {twice[0]}", "an id for each", ", ".join(twice)) if twice else None


def count_is(count: Any, listed: int) -> Mismatch | None:
    if count == listed:
        return None
    return Mismatch(f"the count is {shown(count)} and {listed} messages are listed", str(listed), shown(count))
