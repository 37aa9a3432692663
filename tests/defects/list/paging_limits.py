"""Servers whose pages are of the wrong size."""

from dataclasses import replace
from typing import Any

from mockserver.contract.document import Parameter
from mockserver.handling.validation import Validator
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import asked, cutting, listing
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def default_of(size: int, **parts: Any) -> WsgiApp:
    """A server with another default for the limit."""
    return asked(lambda event, sent: {} if "limit" in sent else {"limit": size}, **parts)


def limiting(accept: Any) -> type[Validator]:
    """Return a validator that accepts some undocumented limits: `accept` gets the number, and returns the one to use or None."""

    class Limiting(Validator):
        def invalid_number(self, parameter: Parameter, value: Any, violations: Any) -> Any:
            if parameter.name == "limit" and isinstance(value, int):
                accepted = accept(value)
                if accepted is not None:
                    return accepted
            return super().invalid_number(parameter, value, violations)

    return Limiting


@defect("list.default-page", difficulty=EASY)
def paging_default_10() -> WsgiApp:
    """Without a limit a page holds 10."""
    return default_of(10)


@defect("list.default-page", difficulty=EASY)
def paging_default_25() -> WsgiApp:
    """Without a limit a page holds 25."""
    return default_of(25)


@defect("list.default-page", difficulty=MEDIUM)
def paging_default_21() -> WsgiApp:
    """Without a limit a page holds 21."""
    return default_of(21)


@defect("list.default-page", difficulty=EASY)
def paging_default_is_maximum() -> WsgiApp:
    """Without a limit a page holds 100."""
    return default_of(100)


@defect("list.default-page", difficulty=MEDIUM)
def paging_default_50_for_clients() -> WsgiApp:
    """Without a limit a page holds 50 for client keys."""
    return asked(lambda event, sent: {"limit": 50} if event.tier == "client" and "limit" not in sent else {})


@defect("list.default-page", difficulty=RARE)
def paging_default_10_after_an_offset() -> WsgiApp:
    """Without a limit, a page with an offset holds 10."""
    return asked(lambda event, sent: {"limit": 10} if event.query["offset"] and "limit" not in sent else {})


@defect("list.default-page", difficulty=RARE)
def paging_default_10_with_a_status() -> WsgiApp:
    """Without a limit, a page filtered by status holds 10."""
    return asked(lambda event, sent: {"limit": 10} if event.query["status"] and "limit" not in sent else {})


@defect("list.limit", difficulty=EASY)
def paging_limit_ignored() -> WsgiApp:
    """A page holds 20, whatever limit is asked for."""
    return asked(lambda event, sent: {"limit": 20})


@defect("list.limit", difficulty=MEDIUM)
def paging_limit_ignored_for_clients() -> WsgiApp:
    """Client keys get pages of 20, whatever limit they ask for."""
    return asked(lambda event, sent: {"limit": 20} if event.tier == "client" else {})


@defect("list.limit", difficulty=RARE)
def paging_limit_ignored_with_bearer() -> WsgiApp:
    """Server keys after Bearer get pages of 20, whatever limit they ask for."""
    return asked(lambda event, sent: {"limit": 20} if event.tier == "server" and event.by_bearer else {})


@defect("list.limit", difficulty=EASY)
def paging_limit_capped_at_50() -> WsgiApp:
    """A page never holds more than 50."""
    return asked(lambda event, sent: {"limit": min(50, event.query["limit"])})


@defect("list.limit", difficulty=MEDIUM)
def paging_limit_capped_at_99() -> WsgiApp:
    """A page of 100 holds 99."""
    return asked(lambda event, sent: {"limit": min(99, event.query["limit"])})


@defect("list.limit", difficulty=MEDIUM)
def paging_limit_below_ten_raised() -> WsgiApp:
    """A page holds at least 10."""
    return asked(lambda event, sent: {"limit": max(10, event.query["limit"])})


@defect("list.limit", "list.partition", difficulty=MEDIUM)
def paging_limit_one_is_default() -> WsgiApp:
    """A limit of 1 is taken for true, and the page holds 20."""
    return asked(lambda event, sent: {"limit": 20} if event.query["limit"] == 1 else {})


@defect("list.limit", difficulty=RARE)
def paging_limit_of_the_default_is_less() -> WsgiApp:
    """A limit of exactly 20 that was sent gives 19."""
    return asked(lambda event, sent: {"limit": 19} if "limit" in sent and event.query["limit"] == 20 else {})


@defect("list.limit", difficulty=RARE)
def paging_limit_compared_as_text() -> WsgiApp:
    """The limit is compared with the maximum as text: "5" is more than "100"."""
    return asked(lambda event, sent: {"limit": int(min(str(event.query["limit"]), "100"))})


@defect("list.limit", difficulty=MEDIUM)
def paging_limit_in_steps() -> WsgiApp:
    """Limits above 20 are rounded down to tens."""
    return asked(lambda event, sent: {"limit": limit // 10 * 10} if (limit := event.query["limit"]) > 20 else {})


@defect("list.limit", "list.default-page", difficulty=EASY)
def paging_one_more() -> WsgiApp:
    """The page holds one more than asked for: the one that was read to see whether there is a next page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[offset : offset + limit + 1]))


@defect("list.maximum", difficulty=MEDIUM)
def paging_maximum_200() -> WsgiApp:
    """The maximum is 200."""
    return broken(validator=limiting(lambda limit: min(limit, 200) if limit > 100 else None))


@defect("list.maximum", difficulty=EASY)
def paging_no_maximum() -> WsgiApp:
    """A page holds as many as asked for."""
    return broken(validator=limiting(lambda limit: limit if limit > 100 else None))


@defect("list.maximum", difficulty=MEDIUM)
def paging_maximum_101() -> WsgiApp:
    """A limit of 101 gives 101, since the maximum is compared wrongly; larger ones give 100."""
    return broken(validator=limiting(lambda limit: 101 if limit == 101 else None))


@defect("list.maximum", difficulty=MEDIUM)
def paging_no_maximum_for_servers() -> WsgiApp:
    """Server keys get as many as they ask for."""

    def cut(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        found, limit = [*rules.select(caller, checked.query)], checked.query["limit"]
        most = limit if caller.key.tier == "server" else min(limit, 100)
        return replace(page, results=found[page.offset : page.offset + most])

    return broken(validator=limiting(lambda limit: limit if limit > 100 else None), conversations=listing(cut))


@defect("list.maximum", difficulty=MEDIUM)
def paging_no_maximum_without_filter() -> WsgiApp:
    """A list without filters has no maximum."""

    def cut(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        found, query = [*rules.select(caller, checked.query)], checked.query
        filtered = query["user_email"] or query["status"]
        most = min(query["limit"], 100) if filtered else query["limit"]
        return replace(page, results=found[page.offset : page.offset + most])

    return broken(validator=limiting(lambda limit: limit if limit > 100 else None), conversations=listing(cut))


@defect("list.maximum", difficulty=RARE)
def paging_huge_limits_wrap() -> WsgiApp:
    """Limits are cut to 32 bits after they were compared: those from 2 to the power of 31 on give everything."""
    return broken(validator=limiting(lambda limit: 10_000 if limit >= 2**31 else None))


@defect("list.maximum", difficulty=MEDIUM)
def paging_limit_zero_is_everything() -> WsgiApp:
    """A limit of 0 gives everything."""
    return broken(validator=limiting(lambda limit: 10_000 if limit == 0 else None))


@defect("list.maximum", difficulty=RARE)
def paging_limit_minus_one_is_everything() -> WsgiApp:
    """A limit of -1 gives everything, as in SQLite."""
    return broken(validator=limiting(lambda limit: 10_000 if limit == -1 else None))


@defect("list.maximum", difficulty=RARE)
def paging_blank_limit_is_everything() -> WsgiApp:
    """A limit that is sent without a value gives everything."""

    class Blank(Validator):
        def read_parameter(self, parameter: Parameter, text: str) -> tuple[Any, bool]:
            return (10_000, False) if parameter.name == "limit" and not text else super().read_parameter(parameter, text)

    return broken(validator=Blank)
