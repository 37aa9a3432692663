"""Servers that count wrong what their pages are cut from."""

from typing import Any

from broken_servers.list_seams import counting
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


@defect("paging-count-of-the-page", "list.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count is that of the page."""
    return broken(conversations=counting(lambda page, *_: len(page.results)))


@defect("paging-count-of-the-page-later", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """On every page but the first, the count is that of the page."""
    return broken(conversations=counting(lambda page, *_: len(page.results) if page.offset else page.count))


@defect("paging-count-to-the-end-of-the-page", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count ends with the page: offset and results together."""
    return broken(conversations=counting(lambda page, *_: min(page.count, page.offset + len(page.results))))


@defect("paging-count-of-what-remains", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count is what remains from the offset on."""
    return broken(conversations=counting(lambda page, *_: max(0, page.count - page.offset)))


@defect("paging-count-never-over-100", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count stops at 100."""
    return broken(conversations=counting(lambda page, *_: min(page.count, 100)))


@defect("paging-count-is-zero-past-the-end", "list.count", "list.past-the-end", difficulty=RARE)
def _() -> WsgiApp:
    """Past the end the count is 0, since it came with the rows."""
    return broken(conversations=counting(lambda page, *_: page.count if page.results else 0))


@defect("paging-count-one-too-many-later", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count is one too large with an offset over 20."""
    return broken(conversations=counting(lambda page, *_: page.count + (page.offset > 20)))


@defect("paging-count-of-pages", "list.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count is the number of pages."""
    return broken(conversations=counting(lambda page, *_: -(-page.count // (page.limit or 1))))


@defect("paging-count-of-clients-is-rounded", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """Counts over 50 are rounded to tens for client keys."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return round(page.count, -1) if caller.key.tier == "client" and page.count > 50 else page.count

    return broken(conversations=counting(count))
