"""Servers whose pages begin or end in the wrong place."""

import random
from dataclasses import replace
from typing import Any

from broken_servers.list_seams import SECOND, Found, asked, cutting, listing, selecting
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.problems import not_found
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


def offsets(change: Any) -> WsgiApp:
    """A server that begins pages elsewhere: `change` gets offset and limit."""
    return asked(lambda event, sent: {"offset": change(event.query["offset"] or 0, event.query["limit"])})


@defect("paging-offset-ignored", "list.partition", difficulty=EASY)
def _() -> WsgiApp:
    """Every page is the first."""
    return offsets(lambda offset, limit: 0)


@defect("paging-offset-ignored-by-email", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A list of one requester is always at its first page."""
    return asked(lambda event, sent: {"offset": 0} if event.query["user_email"] else {})


@defect("paging-offset-ignored-by-status", "list.partition", "list.filters-combine", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A list of one status is always at its first page."""
    return asked(lambda event, sent: {"offset": 0} if event.query["status"] else {})


@defect("paging-offset-ignored-without-limit", "list.offset", "list.default-page", difficulty=RARE)
def _() -> WsgiApp:
    """An offset without a limit is ignored."""
    return asked(lambda event, sent: {} if "limit" in sent else {"offset": 0})


@defect("paging-offset-ignored-for-clients", "list.partition", "list.offset", "list.past-the-end", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Client keys are always at the first page."""
    return asked(lambda event, sent: {"offset": 0} if event.tier == "client" else {})


@defect("paging-offset-counts-pages", "list.partition", "list.offset", difficulty=EASY)
def _() -> WsgiApp:
    """The offset is taken for the number of a page, from 0."""
    return offsets(lambda offset, limit: offset * limit)


@defect("paging-offset-from-one", "list.partition", "list.offset", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Offsets count from 1: 0 and 1 are the same page."""
    return offsets(lambda offset, limit: max(0, offset - 1))


@defect("paging-offset-skips-one", "list.partition", "list.offset", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every page but the first begins one later."""
    return offsets(lambda offset, limit: offset + (offset > 0))


@defect("paging-offset-in-whole-pages", "list.offset", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An offset that is no multiple of the limit is rounded down to one."""
    return offsets(lambda offset, limit: offset // limit * limit)


@defect("paging-offset-never-beyond-100", "list.partition", "list.offset", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Offsets over 100 are taken for 100."""
    return offsets(lambda offset, limit: min(100, offset))


@defect("paging-offset-of-the-limit-ignored", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An offset that equals the limit is overlooked, so that the second page is the first again."""
    return offsets(lambda offset, limit: 0 if offset == limit else offset)


@defect("paging-limit-is-the-end", "list.partition", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A page ends where the limit is, counted from the beginning of the list."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset:limit]))


@defect("paging-last-is-missing", "list.partition", "list.limit", "list.email-filter", difficulty=EASY)
def _() -> WsgiApp:
    """The last conversation of a list is on no page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[:-1][offset : offset + limit]))


@defect("paging-last-page-of-one-is-empty", "list.partition", difficulty=RARE)
def _() -> WsgiApp:
    """A last page that would hold a single conversation is empty."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        return [] if offset and limit > 1 and len(found) - offset == 1 else found[offset : offset + limit]

    return broken(conversations=cutting(cut))


@defect("paging-borders-twice", "list.partition", "list.offset", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every page but the first begins with the last conversation of the one before."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        start = max(0, offset - 1)
        return found[start : start + limit] if offset < len(found) else []

    return broken(conversations=cutting(cut))


@defect("paging-border-lost-at-100", "list.partition", difficulty=RARE)
def _() -> WsgiApp:
    """The conversation at position 100 is on no page."""
    return broken(conversations=cutting(lambda found, limit, offset: [*found[:100], *found[101:]][offset : offset + limit]))


@defect("paging-only-the-first-100", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Pages end after 100 conversations of a list, though all are counted."""
    return broken(conversations=cutting(lambda found, limit, offset: found[:100][offset : offset + limit]))


@defect("paging-order-by-chance", "list.partition", difficulty=EASY)
def _() -> WsgiApp:
    """The list is in another order each time."""
    chance = random.Random(3)
    return broken(conversations=selecting(lambda rules, caller, query, found: chance.sample(found, len(found))))


@defect("paging-order-by-chance-within-a-second", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The list is ordered by the second of creation, and by chance within one."""
    chance = random.Random(4)

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        return sorted(found, key=lambda one: (-(one.created_at // SECOND), chance.random()))

    return broken(conversations=selecting(select))


@defect("paging-ties-of-priority-by-chance", "list.partition", difficulty=RARE)
def _() -> WsgiApp:
    """Filtered by status, the list is ordered by priority, and by chance among those of the same one."""
    chance = random.Random(5)

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        return sorted(found, key=lambda one: (one.priority, chance.random())) if query["status"] else found

    return broken(conversations=selecting(select))


@defect("paging-later-pages-run-backwards", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The first page is in one order, and the others are of the opposite one."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        return (found[::-1] if offset else found)[offset : offset + limit]

    return broken(conversations=cutting(cut))


@defect(
    "paging-cut-before-the-status", "list.limit", "list.filters-combine", "list.partition", "list.status-filter", difficulty=MEDIUM
)
def _() -> WsgiApp:
    """A page is cut first, and then those of another status are taken off it."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        every = [*rules.select(caller, {**request.query, "status": None})]
        cut = every[page.offset : page.offset + page.limit]
        return replace(page, results=[one for one in cut if request.query["status"] in (None, one.status)])

    return broken(conversations=listing(page))


@defect("paging-past-the-end-not-found", "list.past-the-end", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An offset past the end is answered with 404."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if page.offset and page.offset >= page.count:
            raise not_found()
        return page

    return broken(conversations=listing(page))


@defect("paging-far-past-the-end-not-found", "list.past-the-end", difficulty=RARE)
def _() -> WsgiApp:
    """An offset more than 500 past the end is answered with 404."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if page.offset > page.count + 500:
            raise not_found()
        return page

    return broken(conversations=listing(page))


@defect("paging-past-the-end-is-the-last", "list.past-the-end", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An offset past the end gives the last page."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        return found[offset : offset + limit] or found[-limit:]

    return broken(conversations=cutting(cut))


@defect("paging-past-the-end-is-the-first", "list.past-the-end", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An offset past the end gives the first page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset : offset + limit] or found[:limit]))
