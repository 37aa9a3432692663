"""A page of conversations, what it says of the list that it is a part of, and following a list to its end."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.contract.mismatch import Mismatch
from contract_tests.judging.check_log import Blocked
from contract_tests.transport.exchange import Exchange

_MOST_PAGES = 200
"""Pages of one list that are followed before it is called endless."""

_MOST_PAGES_ONCE_ENDLESS = 10
"""The same limit once one list of the server had no end: fewer pages are read of its other lists."""

_MOST_BYTES = 64 * 1024 * 1024
"""Bytes of all pages of one list that are read."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of conversations: `count` as the server gave it, the results, and the exchange that shows them.

    `asked` says which part of a list was asked for, as in `limit=2, offset=4`; `before` are the exchanges that showed the pages
    before, where it stands for several.
    """

    count: int
    items: list[dict[str, Any]]
    exchange: Exchange
    offset: int = 0
    asked: str = ""
    before: tuple[Exchange, ...] = ()

    @property
    def reaches_end(self) -> bool:
        """Whether nothing was behind it when it was given."""
        return self.offset + len(self.items) >= self.count

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]


def items_of(listing: Exchange) -> list[dict[str, Any]]:
    """Return the results of a page that are objects; none where it has no list of results."""
    results = listing.members.get("results")
    return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []


def part_asked_for(query: Mapping[str, Any]) -> str:
    """Say which part of a list a query asks for."""
    return ", ".join(f"{name}={query[name]}" for name in ("limit", "offset") if name in query) or "the first page"


def too_short(page: Page, following: Page, limit: int) -> Mismatch | None:
    """Return what is wrong if a page ended before its limit. None if the next page repeats an item: then one was only left out."""
    held = len(page.items)
    if held >= limit or not following.items or following.items[0]["id"] in page.ids:
        return None
    return Mismatch(f"limit={limit}: the page holds {held} conversations, and there are more", str(limit), str(held), "/results")


class Follower:
    """Follows lists page by page, and remembers whether one of them had no end."""

    def __init__(self) -> None:
        self._endless = False

    def follow(self) -> Iterator[Callable[[Exchange], None]]:
        """Yield a callback for each page of a list. Raises Blocked if the list has no end, or is too large.

        Call each with the exchange that returned the page.
        """
        left = _MOST_BYTES

        def count(exchange: Exchange) -> None:
            nonlocal left
            left -= len(exchange.body)

        most = _MOST_PAGES_ONCE_ENDLESS if self._endless else _MOST_PAGES
        for _ in range(most):
            yield count
            if left < 0:
                self._endless = True
                raise Blocked(f"The pages of a list are larger than {_MOST_BYTES >> 20} MiB together: reading stopped.")
        self._endless = True
        raise Blocked(f"The pages of a list did not end after {most}.")
