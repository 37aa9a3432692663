"""Servers whose pages are wrong for some callers, some numbers, or after something else."""

from dataclasses import replace
from typing import Any

from broken_servers.list_seams import Found, asked, cutting, listing
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import LIST, Counter, answering, broken
from mockserver.auth import Caller
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


@defect("paging-past-the-end-wraps", "list.past-the-end", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An offset past the end begins again at the beginning."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        start = offset % len(found) if found else 0
        return found[start : start + limit]

    return broken(conversations=cutting(cut))


@defect("paging-past-the-end-wraps-for-clients", "list.past-the-end", difficulty=RARE)
def _() -> WsgiApp:
    """For client keys, an offset past the end gives the first page."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if caller.key.tier != "client" or page.offset < page.count:
            return page
        return replace(page, results=[*rules.select(caller, request.query)][: page.limit])

    return broken(conversations=listing(page))


@defect("paging-at-the-end-is-the-last", "list.past-the-end", "list.offset", difficulty=RARE)
def _() -> WsgiApp:
    """An offset that equals the count gives the last conversation again; greater ones give none."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset - (offset == len(found)) :][:limit]))


@defect("paging-pages-filled-up", "list.partition", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """A last page that is not full begins earlier, so that it is."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        start = max(0, len(found) - limit) if offset < len(found) < offset + limit else offset
        return found[start : start + limit]

    return broken(conversations=cutting(cut))


@defect("paging-offset-of-seven-bits", "list.past-the-end", "list.partition", "list.offset", difficulty=RARE)
def _() -> WsgiApp:
    """Offsets are kept in seven bits: 128 is 0."""
    return asked(lambda event, sent: {"offset": event.query["offset"] % 128} if event.query.get("offset") else {})


@defect("paging-offset-ignored-with-large-limits", "list.partition", "list.offset", difficulty=RARE)
def _() -> WsgiApp:
    """With a limit of 100 the offset is overlooked: everything is expected to be on one page."""
    return asked(lambda event, sent: {"offset": None} if event.query.get("limit") == 100 else {})


@defect("paging-offset-ignored-by-bearer", "list.partition", "list.offset", "list.past-the-end", difficulty=RARE)
def _() -> WsgiApp:
    """Where the key comes after Bearer, every page is the first."""
    return asked(lambda event, sent: {"offset": None} if event.by_bearer else {})


@defect("paging-every-ninth-page-is-the-first", "list.partition", "list.offset", difficulty=RARE)
def _() -> WsgiApp:
    """Every ninth list overlooks its offset."""
    return asked(lambda event, sent: {"offset": None} if event.number % 9 == 0 else {})


@defect("paging-limit-ignored-beside-offset-zero", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """An offset of 0 that is sent makes the limit be overlooked."""
    return asked(lambda event, sent: {"limit": 20} if sent.query.get("offset") == "0" else {})


@defect("paging-limit-halved-for-clients-by-bearer", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """A client key after Bearer gets half of what it asks for, from a limit of 10 on."""

    def change(event: Any, sent: Any) -> dict[str, Any]:
        halved = event.tier == "client" and event.by_bearer and "limit" in sent and event.query["limit"] >= 10
        return {"limit": event.query["limit"] // 2} if halved else {}

    return asked(change)


@defect("paging-limit-64", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """A page holds at most 64: the rest of a batch is never read."""
    return asked(lambda event, sent: {"limit": min(event.query["limit"], 64)})


@defect("paging-limit-two-is-three", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """With a limit of 2, there are 3."""
    return asked(lambda event, sent: {"limit": 3} if event.query["limit"] == 2 else {})


@defect("paging-limit-is-remembered", "list.limit", "list.default-page", difficulty=RARE)
def _() -> WsgiApp:
    """The limit is remembered: a list without one has that of the list before."""
    last = {"limit": 20}

    def change(event: Any, sent: Any) -> dict[str, Any]:
        if "limit" in sent:
            last["limit"] = event.query["limit"]
            return {}
        return {"limit": last["limit"]}

    return asked(change)


@defect("paging-middle-is-missing", "list.partition", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """A page of more than fifty lacks the conversation in its middle."""

    def rewrite(value: Any, _: Any) -> Any:
        found = value["results"]
        return value | {"results": [*found[:25], *found[26:]]} if len(found) > 50 else value

    return broken(pipeline=answering(rewrite, LIST))


@defect("paging-twice-on-large-pages", "list.partition", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """On a page of more than fifty, the fiftieth stands in the place of the fifty-first too."""

    def rewrite(value: Any, _: Any) -> Any:
        found = value["results"]
        return value | {"results": [*found[:50], found[49], *found[51:]]} if len(found) > 50 else value

    return broken(pipeline=answering(rewrite, LIST))


@defect("paging-every-seventh-list-backwards", "list.partition", difficulty=RARE)
def _() -> WsgiApp:
    """Every seventh list is answered by a replica, which has another order."""
    counter = Counter()

    def cut(found: Found, limit: int, offset: int) -> Found:
        ordered = found[::-1] if counter.next() % 7 == 0 else found
        return ordered[offset : offset + limit]

    return broken(conversations=cutting(cut))
