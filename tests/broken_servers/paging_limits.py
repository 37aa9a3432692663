"""Servers whose pages are of the wrong size."""

from dataclasses import replace
from typing import Any

from broken_servers.list_seams import asked, cutting, listing
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.contract import Parameter
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


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
