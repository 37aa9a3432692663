"""Servers that count wrong what their pages are cut from."""

import time
from typing import Any

from broken_servers.list_seams import counting, everything
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


@defect("paging-count-unfiltered-for-clients", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """For client keys, the count is made before the filters are."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return len(everything(rules, caller)) if caller.key.tier == "client" else page.count

    return broken(conversations=counting(count))


@defect("paging-count-without-status-by-bearer", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """Where the key came after Bearer, the count does not heed the status."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        if caller.scheme == "apiKey" or request.query.get("status") is None:
            return page.count
        return len(rules.select(caller, {**request.query, "status": None}))

    return broken(conversations=counting(count))


@defect("paging-count-of-open-ones", "list.count", "list.unfiltered", difficulty=RARE)
def _() -> WsgiApp:
    """Without a status, the count is that of the open ones; closed ones are listed and not counted."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return page.count if request.query.get("status") else len(rules.select(caller, {**request.query, "status": "open"}))

    return broken(conversations=counting(count))


@defect("paging-count-kept-for-a-while", "list.count", "list.fresh", difficulty=RARE)
def _() -> WsgiApp:
    """The count is kept for half a second for each filter, so that it lags behind the page."""
    kept: dict[Any, tuple[float, int]] = {}

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        key = (caller.organisation, request.query.get("user_email"), request.query.get("status"))
        at, known = kept.get(key, (0.0, 0))
        if time.monotonic() - at < 0.5:
            return known
        kept[key] = (time.monotonic(), page.count)
        return page.count

    return broken(conversations=counting(count))


@defect("paging-count-estimated", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """From 100 on, the count of a list is an estimate: the next lower hundred."""
    return broken(conversations=counting(lambda page, *_: page.count if page.count < 100 else page.count // 100 * 100))


@defect("paging-count-one-less-on-the-last-page", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """On a last page that is not full, the count is one too small."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return page.count - (bool(page.offset) and 0 < len(page.results) < (page.limit or 0))

    return broken(conversations=counting(count))


@defect("paging-count-follows-the-limit-one", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """With a limit of 1, which is taken for a question whether there is any, the count is 1."""
    return broken(conversations=counting(lambda page, *_: min(page.count, 1) if page.limit == 1 else page.count))
