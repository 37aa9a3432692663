"""Servers whose pages are wrong for some callers, some numbers, or after something else."""

from dataclasses import replace
from typing import Any

from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import LIST, Counter, answering, broken
from tests.defects.kit.rules import Found, asked, cutting, listing
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("list.past-the-end", difficulty=MEDIUM)
def paging_past_the_end_wraps() -> WsgiApp:
    """An offset past the end begins again at the beginning."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        start = offset % len(found) if found else 0
        return found[start : start + limit]

    return broken(conversations=cutting(cut))


@defect("list.past-the-end", difficulty=RARE)
def paging_past_the_end_wraps_for_clients() -> WsgiApp:
    """For client keys, an offset past the end gives the first page."""

    def page(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        if caller.key.tier != "client" or page.offset < page.count:
            return page
        return replace(page, results=[*rules.select(caller, checked.query)][: page.limit])

    return broken(conversations=listing(page))


@defect("list.past-the-end", "list.offset", difficulty=RARE)
def paging_at_the_end_is_the_last() -> WsgiApp:
    """An offset that equals the count gives the last conversation again; greater ones give none."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset - (offset == len(found)) :][:limit]))


@defect("list.partition", "list.limit", difficulty=RARE)
def paging_pages_filled_up() -> WsgiApp:
    """A last page that is not full begins earlier, so that it is."""

    def cut(found: Found, limit: int, offset: int) -> Found:
        start = max(0, len(found) - limit) if offset < len(found) < offset + limit else offset
        return found[start : start + limit]

    return broken(conversations=cutting(cut))


@defect("list.past-the-end", "list.partition", "list.offset", difficulty=RARE)
def paging_offset_of_seven_bits() -> WsgiApp:
    """Offsets are kept in seven bits: 128 is 0."""
    return asked(lambda event, sent: {"offset": event.query["offset"] % 128} if event.query.get("offset") else {})


@defect("list.partition", "list.offset", difficulty=RARE)
def paging_offset_ignored_with_large_limits() -> WsgiApp:
    """With a limit of 100 the offset is overlooked: everything is expected to be on one page."""
    return asked(lambda event, sent: {"offset": None} if event.query.get("limit") == 100 else {})


@defect("list.partition", "list.offset", "list.past-the-end", difficulty=RARE)
def paging_offset_ignored_by_bearer() -> WsgiApp:
    """Where the key comes after Bearer, every page is the first."""
    return asked(lambda event, sent: {"offset": None} if event.by_bearer else {})


@defect("list.partition", "list.offset", difficulty=RARE)
def paging_every_ninth_page_is_the_first() -> WsgiApp:
    """Every ninth list overlooks its offset."""
    return asked(lambda event, sent: {"offset": None} if event.number % 9 == 0 else {})


@defect("list.limit", difficulty=RARE)
def paging_limit_ignored_beside_offset_zero() -> WsgiApp:
    """An offset of 0 that is sent makes the limit be overlooked."""
    return asked(lambda event, sent: {"limit": 20} if sent.query.get("offset") == "0" else {})


@defect("list.limit", difficulty=RARE)
def paging_limit_halved_for_clients_by_bearer() -> WsgiApp:
    """A client key after Bearer gets half of what it asks for, from a limit of 10 on."""

    def change(event: Any, sent: Any) -> dict[str, Any]:
        halved = event.tier == "client" and event.by_bearer and "limit" in sent and event.query["limit"] >= 10
        return {"limit": event.query["limit"] // 2} if halved else {}

    return asked(change)


@defect("list.limit", difficulty=RARE)
def paging_limit_64() -> WsgiApp:
    """A page holds at most 64: the rest of a batch is never read."""
    return asked(lambda event, sent: {"limit": min(event.query["limit"], 64)})


@defect("list.limit", difficulty=RARE)
def paging_limit_two_is_three() -> WsgiApp:
    """With a limit of 2, there are 3."""
    return asked(lambda event, sent: {"limit": 3} if event.query["limit"] == 2 else {})


@defect("list.limit", "list.default-page", difficulty=RARE)
def paging_limit_is_remembered() -> WsgiApp:
    """The limit is remembered: a list without one has that of the list before."""
    last = {"limit": 20}

    def change(event: Any, sent: Any) -> dict[str, Any]:
        if "limit" in sent:
            last["limit"] = event.query["limit"]
            return {}
        return {"limit": last["limit"]}

    return asked(change)


@defect("list.partition", "list.limit", difficulty=RARE)
def paging_middle_is_missing() -> WsgiApp:
    """A page of more than fifty lacks the conversation in its middle."""

    def rewrite(value: Any, _: Any) -> Any:
        found = value["results"]
        return value | {"results": [*found[:25], *found[26:]]} if len(found) > 50 else value

    return broken(pipeline=answering(rewrite, LIST))


@defect("list.partition", "list.limit", difficulty=RARE)
def paging_twice_on_large_pages() -> WsgiApp:
    """On a page of more than fifty, the fiftieth stands in the place of the fifty-first too."""

    def rewrite(value: Any, _: Any) -> Any:
        found = value["results"]
        return value | {"results": [*found[:50], found[49], *found[51:]]} if len(found) > 50 else value

    return broken(pipeline=answering(rewrite, LIST))


@defect("list.partition", difficulty=RARE)
def paging_every_seventh_list_backwards() -> WsgiApp:
    """Every seventh list is answered by a replica, which has another order."""
    counter = Counter()

    def cut(found: Found, limit: int, offset: int) -> Found:
        ordered = found[::-1] if counter.next() % 7 == 0 else found
        return ordered[offset : offset + limit]

    return broken(conversations=cutting(cut))
