"""Servers whose pages begin or end in the wrong place."""

import random
from dataclasses import replace
from typing import Any

from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.refusal import not_found
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import SECOND, Found, asked, cutting, listing, selecting
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def offsets(change: Any) -> WsgiApp:
    """Make a server that begins pages elsewhere: `change` gets offset and limit, and returns the offset to use."""
    return asked(lambda event, sent: {"offset": change(event.query["offset"] or 0, event.query["limit"])})


@defect("list.partition", difficulty=EASY)
def paging_offset_ignored() -> WsgiApp:
    """Every page is the first."""
    return offsets(lambda offset, limit: 0)


@defect("list.partition", difficulty=MEDIUM)
def paging_offset_ignored_by_email() -> WsgiApp:
    """A list of one requester is always at its first page."""
    return asked(lambda event, sent: {"offset": 0} if event.query["user_email"] else {})


@defect("list.partition", "list.filters-combine", difficulty=MEDIUM)
def paging_offset_ignored_by_status() -> WsgiApp:
    """A list of one status is always at its first page."""
    return asked(lambda event, sent: {"offset": 0} if event.query["status"] else {})


@defect("list.offset", "list.default-page", difficulty=RARE)
def paging_offset_ignored_without_limit() -> WsgiApp:
    """An offset without a limit is ignored."""
    return asked(lambda event, sent: {} if "limit" in sent else {"offset": 0})


@defect("list.partition", "list.offset", "list.past-the-end", difficulty=MEDIUM)
def paging_offset_ignored_for_clients() -> WsgiApp:
    """Client keys are always at the first page."""
    return asked(lambda event, sent: {"offset": 0} if event.tier == "client" else {})


@defect("list.partition", "list.offset", difficulty=EASY)
def paging_offset_counts_pages() -> WsgiApp:
    """The offset is taken for the number of a page, from 0."""
    return offsets(lambda offset, limit: offset * limit)


@defect("list.partition", "list.offset", difficulty=MEDIUM)
def paging_offset_from_one() -> WsgiApp:
    """Offsets count from 1: 0 and 1 are the same page."""
    return offsets(lambda offset, limit: max(0, offset - 1))


@defect("list.partition", "list.offset", difficulty=MEDIUM)
def paging_offset_skips_one() -> WsgiApp:
    """Every page but the first begins one later."""
    return offsets(lambda offset, limit: offset + (offset > 0))


@defect("list.offset", difficulty=MEDIUM)
def paging_offset_in_whole_pages() -> WsgiApp:
    """An offset that is no multiple of the limit is rounded down to one."""
    return offsets(lambda offset, limit: offset // limit * limit)


@defect("list.partition", "list.offset", difficulty=MEDIUM)
def paging_offset_never_beyond_100() -> WsgiApp:
    """Offsets over 100 are taken for 100."""
    return offsets(lambda offset, limit: min(100, offset))


@defect("list.partition", difficulty=MEDIUM)
def paging_offset_of_the_limit_ignored() -> WsgiApp:
    """An offset that equals the limit is overlooked, so that the second page is the first again."""
    return offsets(lambda offset, limit: 0 if offset == limit else offset)


@defect("list.partition", "list.limit", difficulty=MEDIUM)
def paging_limit_is_the_end() -> WsgiApp:
    """A page ends where the limit is, counted from the beginning of the list."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset:limit]))


@defect("list.partition", "list.limit", "list.email-filter", difficulty=EASY)
def paging_last_is_missing() -> WsgiApp:
    """The last conversation of a list is on no page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[:-1][offset : offset + limit]))


@defect("list.partition", difficulty=RARE)
def paging_last_page_of_one_is_empty() -> WsgiApp:
    """A last page that would hold a single conversation is empty."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        return [] if offset and limit > 1 and len(found) - offset == 1 else found[offset : offset + limit]

    return broken(conversations=cutting(cut))


@defect("list.partition", "list.offset", difficulty=MEDIUM)
def paging_borders_twice() -> WsgiApp:
    """Every page but the first begins with the last conversation of the one before."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        start = max(0, offset - 1)
        return found[start : start + limit] if offset < len(found) else []

    return broken(conversations=cutting(cut))


@defect("list.partition", difficulty=RARE)
def paging_border_lost_at_100() -> WsgiApp:
    """The conversation at position 100 is on no page."""
    return broken(conversations=cutting(lambda found, limit, offset: [*found[:100], *found[101:]][offset : offset + limit]))


@defect("list.partition", difficulty=MEDIUM)
def paging_only_the_first_100() -> WsgiApp:
    """Pages end after 100 conversations of a list, though all are counted."""
    return broken(conversations=cutting(lambda found, limit, offset: found[:100][offset : offset + limit]))


@defect("list.partition", difficulty=EASY)
def paging_order_by_chance() -> WsgiApp:
    """The list is in another order each time."""
    chance = random.Random(3)
    return broken(conversations=selecting(lambda rules, caller, query, found: chance.sample(found, len(found))))


@defect("list.partition", difficulty=MEDIUM)
def paging_order_by_chance_within_a_second() -> WsgiApp:
    """The list is ordered by the second of creation, and by chance within one."""
    chance = random.Random(4)

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        return sorted(found, key=lambda one: (-(one.created_at // SECOND), chance.random()))

    return broken(conversations=selecting(select))


@defect("list.partition", difficulty=RARE)
def paging_ties_of_priority_by_chance() -> WsgiApp:
    """Filtered by status, the list is ordered by priority, and by chance among those of the same one."""
    chance = random.Random(5)

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        return sorted(found, key=lambda one: (one.priority, chance.random())) if query["status"] else found

    return broken(conversations=selecting(select))


@defect("list.partition", difficulty=MEDIUM)
def paging_later_pages_run_backwards() -> WsgiApp:
    """The first page is in one order, and the others are of the opposite one."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        return (found[::-1] if offset else found)[offset : offset + limit]

    return broken(conversations=cutting(cut))


@defect("list.limit", "list.filters-combine", "list.partition", "list.status-filter", difficulty=MEDIUM)
def paging_cut_before_the_status() -> WsgiApp:
    """A page is cut first, and then those of another status are taken off it."""

    def page(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        every = [*rules.select(caller, {**checked.query, "status": None})]
        cut = every[page.offset : page.offset + page.limit]
        return replace(page, results=[one for one in cut if checked.query["status"] in (None, one.status)])

    return broken(conversations=listing(page))


@defect("list.past-the-end", difficulty=MEDIUM)
def paging_past_the_end_not_found() -> WsgiApp:
    """An offset past the end is answered with 404."""

    def page(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        if page.offset and page.offset >= page.count:
            raise not_found()
        return page

    return broken(conversations=listing(page))


@defect("list.past-the-end", difficulty=RARE)
def paging_far_past_the_end_not_found() -> WsgiApp:
    """An offset more than 500 past the end is answered with 404."""

    def page(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        if page.offset > page.count + 500:
            raise not_found()
        return page

    return broken(conversations=listing(page))


@defect("list.past-the-end", difficulty=MEDIUM)
def paging_past_the_end_is_the_last() -> WsgiApp:
    """An offset past the end gives the last page."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        return found[offset : offset + limit] or found[-limit:]

    return broken(conversations=cutting(cut))


@defect("list.past-the-end", difficulty=MEDIUM)
def paging_past_the_end_is_the_first() -> WsgiApp:
    """An offset past the end gives the first page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset : offset + limit] or found[:limit]))
