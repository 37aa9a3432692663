"""Servers that cut lists into the wrong pages, or count wrong."""

import random
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from broken_servers.list_seams import SECOND, Found, counting, cutting, listing, selecting
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import LIST, Event, broken, handling, with_query
from mockserver.auth import Caller
from mockserver.contract import Parameter
from mockserver.problems import not_found
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


class Sent:
    """What was asked for: the parameters of the query string as they were sent."""

    def __init__(self, event: Event) -> None:
        self.query = {name: values[-1] for name, values in parse_qs(event.call.query).items()}

    def __contains__(self, name: str) -> bool:
        return name in self.query


def asked(change: Any, **parts: Any) -> WsgiApp:
    """A server that takes other limits and offsets: `change` gets the event and what was sent, and returns what is to differ."""

    def other(event: Event) -> Event:
        return with_query(event, **change(event, Sent(event)))

    return broken(pipeline=handling(other, LIST), **parts)


def default_of(size: int, **parts: Any) -> WsgiApp:
    """A server with another default for the limit."""
    return asked(lambda event, sent: {} if "limit" in sent else {"limit": size}, **parts)


def limiting(accept: Any) -> type[Validator]:
    """A validator of limits that takes some that are not as documented: `accept` gets the number and returns one, or None."""

    class Limiting(Validator):
        def invalid_number(self, parameter: Parameter, value: Any, violations: Any) -> Any:
            if parameter.name == "limit" and isinstance(value, int):
                accepted = accept(value)
                if accepted is not None:
                    return accepted
            return super().invalid_number(parameter, value, violations)

    return Limiting


# --- the size of a page -----------------------------------------------------------------------------------------------------------


@defect("paging-default-10", "list.default-page", difficulty=EASY)
def _() -> WsgiApp:
    """Without a limit a page holds 10."""
    return default_of(10)


@defect("paging-default-25", "list.default-page", difficulty=EASY)
def _() -> WsgiApp:
    """Without a limit a page holds 25."""
    return default_of(25)


@defect("paging-default-21", "list.default-page", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Without a limit a page holds 21."""
    return default_of(21)


@defect("paging-default-is-maximum", "list.default-page", difficulty=EASY)
def _() -> WsgiApp:
    """Without a limit a page holds 100."""
    return default_of(100)


@defect("paging-default-50-for-clients", "list.default-page", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Without a limit a page holds 50 for client keys."""
    return asked(lambda event, sent: {"limit": 50} if event.tier == "client" and "limit" not in sent else {})


@defect("paging-default-10-after-an-offset", "list.default-page", difficulty=RARE)
def _() -> WsgiApp:
    """Without a limit, a page with an offset holds 10."""
    return asked(lambda event, sent: {"limit": 10} if event.query["offset"] and "limit" not in sent else {})


@defect("paging-default-10-with-a-status", "list.default-page", difficulty=RARE)
def _() -> WsgiApp:
    """Without a limit, a page filtered by status holds 10."""
    return asked(lambda event, sent: {"limit": 10} if event.query["status"] and "limit" not in sent else {})


@defect("paging-limit-ignored", "list.limit", difficulty=EASY)
def _() -> WsgiApp:
    """A page holds 20, whatever limit is asked for."""
    return asked(lambda event, sent: {"limit": 20})


@defect("paging-limit-ignored-for-clients", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Client keys get pages of 20, whatever limit they ask for."""
    return asked(lambda event, sent: {"limit": 20} if event.tier == "client" else {})


@defect("paging-limit-ignored-with-bearer", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """Server keys after Bearer get pages of 20, whatever limit they ask for."""
    return asked(lambda event, sent: {"limit": 20} if event.tier == "server" and event.by_bearer else {})


@defect("paging-limit-capped-at-50", "list.limit", difficulty=EASY)
def _() -> WsgiApp:
    """A page never holds more than 50."""
    return asked(lambda event, sent: {"limit": min(50, event.query["limit"])})


@defect("paging-limit-capped-at-99", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A page of 100 holds 99."""
    return asked(lambda event, sent: {"limit": min(99, event.query["limit"])})


@defect("paging-limit-below-ten-raised", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A page holds at least 10."""
    return asked(lambda event, sent: {"limit": max(10, event.query["limit"])})


@defect("paging-limit-one-is-default", "list.limit", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A limit of 1 is taken for true, and the page holds 20."""
    return asked(lambda event, sent: {"limit": 20} if event.query["limit"] == 1 else {})


@defect("paging-limit-of-the-default-is-less", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """A limit of exactly 20 that was sent gives 19."""
    return asked(lambda event, sent: {"limit": 19} if "limit" in sent and event.query["limit"] == 20 else {})


@defect("paging-limit-compared-as-text", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """The limit is compared with the maximum as text: "5" is more than "100"."""
    return asked(lambda event, sent: {"limit": int(min(str(event.query["limit"]), "100"))})


@defect("paging-limit-in-steps", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Limits above 20 are rounded down to tens."""
    return asked(lambda event, sent: {"limit": limit // 10 * 10} if (limit := event.query["limit"]) > 20 else {})


@defect("paging-one-more", "list.limit", "list.default-page", difficulty=EASY)
def _() -> WsgiApp:
    """The page holds one more than asked for: the one that was read to see whether there is a next page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset : offset + limit + 1]))


@defect("paging-maximum-200", "list.maximum", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The maximum is 200."""
    return broken(validator=limiting(lambda limit: min(limit, 200) if limit > 100 else None))


@defect("paging-no-maximum", "list.maximum", difficulty=EASY)
def _() -> WsgiApp:
    """A page holds as many as asked for."""
    return broken(validator=limiting(lambda limit: limit if limit > 100 else None))


@defect("paging-maximum-101", "list.maximum", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A limit of 101 gives 101, since the maximum is compared wrongly; larger ones give 100."""
    return broken(validator=limiting(lambda limit: 101 if limit == 101 else None))


@defect("paging-no-maximum-for-servers", "list.maximum", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Server keys get as many as they ask for."""

    def cut(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        found, limit = [*rules.select(caller, request.query)], request.query["limit"]
        most = limit if caller.key.tier == "server" else min(limit, 100)
        return replace(page, results=found[page.offset : page.offset + most])

    return broken(validator=limiting(lambda limit: limit if limit > 100 else None), conversations=listing(cut))


@defect("paging-no-maximum-without-filter", "list.maximum", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A list without filters has no maximum."""

    def cut(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        found, query = [*rules.select(caller, request.query)], request.query
        filtered = query["user_email"] or query["status"]
        most = min(query["limit"], 100) if filtered else query["limit"]
        return replace(page, results=found[page.offset : page.offset + most])

    return broken(validator=limiting(lambda limit: limit if limit > 100 else None), conversations=listing(cut))


@defect("paging-huge-limits-wrap", "list.maximum", difficulty=RARE)
def _() -> WsgiApp:
    """Limits are cut to 32 bits after they were compared: those from 2 to the power of 31 on give everything."""
    return broken(validator=limiting(lambda limit: 10_000 if limit >= 2**31 else None))


@defect("paging-limit-zero-is-everything", "list.maximum", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A limit of 0 gives everything."""
    return broken(validator=limiting(lambda limit: 10_000 if limit == 0 else None))


@defect("paging-limit-minus-one-is-everything", "list.maximum", difficulty=RARE)
def _() -> WsgiApp:
    """A limit of -1 gives everything, as in SQLite."""
    return broken(validator=limiting(lambda limit: 10_000 if limit == -1 else None))


@defect("paging-blank-limit-is-everything", "list.maximum", difficulty=RARE)
def _() -> WsgiApp:
    """A limit that is sent without a value gives everything."""

    class Blank(Validator):
        def read_parameter(self, parameter: Parameter, text: str) -> tuple[Any, bool]:
            return (10_000, False) if parameter.name == "limit" and not text else super().read_parameter(parameter, text)

    return broken(validator=Blank)


# --- where a page begins ----------------------------------------------------------------------------------------------------------


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


# --- counts -----------------------------------------------------------------------------------------------------------------------


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
