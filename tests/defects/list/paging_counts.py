"""Servers whose lists have wrong counts."""

import time
from collections import Counter
from dataclasses import replace
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.pages import Page
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import counting, everything
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("list.count", difficulty=EASY)
def paging_count_of_the_page() -> WsgiApp:
    """The count is that of the page."""
    return broken(conversations=counting(lambda page, *_: len(page.results)))


@defect("list.count", difficulty=MEDIUM)
def paging_count_of_the_page_later() -> WsgiApp:
    """On every page but the first, the count is that of the page."""
    return broken(conversations=counting(lambda page, *_: len(page.results) if page.offset else page.count))


@defect("list.count", difficulty=MEDIUM)
def paging_count_to_the_end_of_the_page() -> WsgiApp:
    """The count ends with the page: offset and results together."""
    return broken(conversations=counting(lambda page, *_: min(page.count, page.offset + len(page.results))))


@defect("list.count", difficulty=MEDIUM)
def paging_count_of_what_remains() -> WsgiApp:
    """The count is what remains from the offset on."""
    return broken(conversations=counting(lambda page, *_: max(0, page.count - page.offset)))


@defect("list.count", difficulty=MEDIUM)
def paging_count_never_over_100() -> WsgiApp:
    """The count stops at 100."""
    return broken(conversations=counting(lambda page, *_: min(page.count, 100)))


@defect("list.count", "list.past-the-end", difficulty=RARE)
def paging_count_is_zero_past_the_end() -> WsgiApp:
    """Past the end the count is 0, since it came with the rows."""
    return broken(conversations=counting(lambda page, *_: page.count if page.results else 0))


@defect("list.count", difficulty=RARE)
def paging_count_one_too_many_later() -> WsgiApp:
    """The count is one too large with an offset over 20."""
    return broken(conversations=counting(lambda page, *_: page.count + (page.offset > 20)))


@defect("list.count", difficulty=EASY)
def paging_count_of_pages() -> WsgiApp:
    """The count is the number of pages."""
    return broken(conversations=counting(lambda page, *_: -(-page.count // (page.limit or 1))))


@defect("list.count", difficulty=RARE)
def paging_count_of_clients_is_rounded() -> WsgiApp:
    """Counts over 50 are rounded to tens for client keys."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return round(page.count, -1) if caller.key.tier == "client" and page.count > 50 else page.count

    return broken(conversations=counting(count))


@defect("list.count", difficulty=RARE)
def paging_count_unfiltered_for_clients() -> WsgiApp:
    """For client keys, the count is made before the filters are."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return len(everything(rules, caller)) if caller.key.tier == "client" else page.count

    return broken(conversations=counting(count))


@defect("list.count", difficulty=RARE)
def paging_count_without_status_by_bearer() -> WsgiApp:
    """Where the key came after Bearer, the count does not heed the status."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        if caller.scheme == "apiKey" or checked.query.get("status") is None:
            return page.count
        return len(rules.select(caller, {**checked.query, "status": None}))

    return broken(conversations=counting(count))


@defect("list.count", "list.unfiltered", difficulty=RARE)
def paging_count_of_open_ones() -> WsgiApp:
    """Without a status, the count is that of the open ones; closed ones are listed and not counted."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return page.count if checked.query.get("status") else len(rules.select(caller, {**checked.query, "status": "open"}))

    return broken(conversations=counting(count))


@defect("list.count", "list.fresh", difficulty=RARE)
def paging_count_kept_for_a_while() -> WsgiApp:
    """The count is kept for half a second for each filter, so that it lags behind the page."""
    kept: dict[Any, tuple[float, int]] = {}

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        key = (caller.organisation, checked.query.get("user_email"), checked.query.get("status"))
        at, known = kept.get(key, (0.0, 0))
        if time.monotonic() - at < 0.5:
            return known
        kept[key] = (time.monotonic(), page.count)
        return page.count

    return broken(conversations=counting(count))


@defect("list.count", difficulty=RARE)
def paging_count_estimated() -> WsgiApp:
    """From 100 on, the count of a list is an estimate: the next lower hundred."""
    return broken(conversations=counting(lambda page, *_: page.count if page.count < 100 else page.count // 100 * 100))


@defect("list.count", difficulty=RARE)
def paging_count_one_less_on_the_last_page() -> WsgiApp:
    """On a last page that is not full, the count is one too small."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return page.count - (bool(page.offset) and 0 < len(page.results) < (page.limit or 0))

    return broken(conversations=counting(count))


@defect("list.count", difficulty=RARE)
def paging_count_follows_the_limit_one() -> WsgiApp:
    """With a limit of 1, which is taken for a question whether there is any, the count is 1."""
    return broken(conversations=counting(lambda page, *_: min(page.count, 1) if page.limit == 1 else page.count))


def _capped(most: int, held: int = 0) -> WsgiApp:
    """Make a server with `held` older conversations that counts up to `most`, unless the list is filtered by address."""
    filled: list[bool] = []

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Any:
        if not filled:
            filled.append(True)
            for number in range(held):
                older = {"subject": f"From before {number}", "user_email": f"before{number % 50}@helpdesk.example"}
                Conversations.create(self, caller, CheckedRequest("", {}, older))
        return Conversations.create(self, caller, checked)

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return page.count if checked.query.get("user_email") else min(page.count, most)

    return broken(conversations=type("Capped", (counting(count),), {"create": create}))


@defect("list.count", difficulty=MEDIUM)
def paging_count_never_over_1000_of_many() -> WsgiApp:
    """The count never exceeds 1000, though 1500 conversations are there from before, and an offset of 1000 still has items."""
    return _capped(1000, 1500)


@defect("list.count", difficulty=RARE)
def paging_count_never_over_400() -> WsgiApp:
    """The count of the unfiltered list never exceeds 400."""
    return _capped(400)


@defect("list.count", difficulty=RARE, effort="standard")
def paging_count_never_over_1000() -> WsgiApp:
    """The count of the unfiltered list never exceeds 1000, which nobody sees before there are more."""
    return _capped(1000)


@defect("list.count", difficulty=RARE)
def paging_count_of_a_status_kept_until_the_next_create() -> WsgiApp:
    """How many have a status is counted anew only when a conversation was created."""
    kept: dict[Any, int] = {}

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        query = checked.query
        newest = next((one.id for one in rules.select(caller, {})), "")
        key = (caller.organisation, query.get("user_email"), query.get("status"), newest)
        return kept.setdefault(key, page.count) if query.get("status") else page.count

    return broken(conversations=counting(count))


@defect("resolve.lists-agree", "list.count", difficulty=RARE)
def paging_count_of_all_closed_kept_until_the_next_create() -> WsgiApp:
    """How many are closed in all is counted anew only when a conversation was created."""
    kept: dict[Any, int] = {}

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        if checked.query["status"] != "closed" or checked.query["user_email"]:
            return page.count
        newest = next((one.id for one in rules.select(caller, {})), "")
        return kept.setdefault((caller.organisation, newest), page.count)

    return broken(conversations=counting(count))


@defect("list.count", difficulty=RARE)
def paging_count_of_open_ones_less_each_resolve() -> WsgiApp:
    """How many are open is counted down by each resolve, also by that of what is closed already."""
    resolved_again: Counter[str] = Counter()

    class Counted(Conversations):
        def resolve(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            resolved_again[caller.organisation] += self.is_closed(self.find(caller, checked.id))
            return super().resolve(caller, checked)

        def list(self, caller: Caller, checked: CheckedRequest) -> Page[Conversation]:
            page = super().list(caller, checked)
            whole = checked.query["status"] == "open" and not checked.query["user_email"]
            return replace(page, count=max(0, page.count - resolved_again[caller.organisation])) if whole else page

    return broken(conversations=Counted)
