"""Servers whose filters go wrong together, or with paging and counts."""

from dataclasses import replace
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import Found, counting, cutting, everything, forgetting, listing, selecting, then
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("list.filters-combine", "list.email-filter", "list.status-filter", difficulty=MEDIUM)
def filters_or() -> WsgiApp:
    """Of two filters, one is enough."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Any:
        if not (query["user_email"] and query["status"]):
            return found
        email = {one.id for one in Conversations.select(rules, caller, {**query, "status": None})}
        return [one for one in everything(rules, caller) if one.id in email or one.status == query["status"]]

    return broken(conversations=selecting(select))


@defect("list.limit", "list.partition", difficulty=MEDIUM)
def filters_limit_ignored_with_status() -> WsgiApp:
    """The limit is ignored beside a status."""
    return forgetting(lambda event: event.query["status"], "limit")


@defect("list.limit", difficulty=MEDIUM)
def filters_limit_ignored_with_email() -> WsgiApp:
    """The limit is ignored beside an address."""
    return forgetting(lambda event: event.query["user_email"], "limit")


@defect("list.limit", "list.partition", "list.filters-combine", difficulty=RARE)
def filters_limit_ignored_with_both() -> WsgiApp:
    """The limit is ignored beside both filters."""
    return forgetting(lambda event: event.query["user_email"] and event.query["status"], "limit")


@defect("list.partition", "list.offset", "list.filters-combine", difficulty=RARE)
def filters_offset_ignored_with_both() -> WsgiApp:
    """The offset is ignored beside both filters."""
    return forgetting(lambda event: event.query["user_email"] and event.query["status"], "offset")


@defect("list.filters-combine", "list.partition", "list.limit", difficulty=RARE)
def filters_both_on_the_first_page_of_one() -> WsgiApp:
    """With both filters, those of another status are taken off the requester's first 100 only after these were cut."""

    def cut(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        query = checked.query
        if not (query["user_email"] and query["status"]):
            return page
        own = [*Conversations.select(rules, caller, {**query, "status": None})][:20]
        found = [one for one in own if one.status == query["status"]]
        return replace(page, results=found[page.offset : page.offset + page.limit])

    return broken(conversations=listing(cut))


@defect("list.status-filter", "list.partition", "list.limit", difficulty=MEDIUM)
def filters_latest_twenty_of_a_status() -> WsgiApp:
    """Of a status, only the latest 20 are ever found, though all are counted."""

    def page(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        if checked.query["status"] is None:
            return page
        found = [*rules.select(caller, checked.query)][:20]
        return replace(page, results=found[page.offset : page.offset + page.limit])

    return broken(conversations=listing(page))


@defect("list.count", difficulty=EASY)
def filters_not_counted() -> WsgiApp:
    """The count is that of all conversations, whatever the filters."""
    return broken(conversations=counting(lambda page, rules, caller, checked: len(everything(rules, caller))))


@defect("list.count", difficulty=MEDIUM)
def filters_status_not_counted() -> WsgiApp:
    """The count does not heed the status."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return len(rules.select(caller, {**checked.query, "status": None}))

    return broken(conversations=counting(count))


@defect("list.count", difficulty=MEDIUM)
def filters_email_not_counted_with_status() -> WsgiApp:
    """With both filters, the count does not heed the address."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        query = checked.query
        return len(rules.select(caller, {**query, "user_email": None})) if query["status"] else page.count

    return broken(conversations=counting(count))


@defect("list.count", difficulty=MEDIUM)
def filters_count_one_less_with_email() -> WsgiApp:
    """The count is one too small for a requester with more than one conversation."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return page.count - 1 if checked.query["user_email"] and page.count > 1 else page.count

    return broken(conversations=counting(count))


@defect("list.count", difficulty=RARE)
def filters_count_one_more_for_nobody() -> WsgiApp:
    """The count of an address that nobody has is 1."""

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        return 1 if checked.query["user_email"] and not page.count else page.count

    return broken(conversations=counting(count))


@defect("list.count", difficulty=RARE)
def filters_count_before_resolving() -> WsgiApp:
    """The count of a status is that of before the latest resolving in the organisation."""
    resolved: list[str] = []

    def count(page: Any, rules: Any, caller: Caller, checked: CheckedRequest) -> int:
        latest = rules.store.conversation(resolved[-1]) if resolved else None
        own = latest is not None and latest.requester.email == checked.query["user_email"]
        if not own or checked.query["status"] not in ("open", "closed"):
            return page.count
        return page.count + (1 if checked.query["status"] == "open" else -1)

    rules = counting(count)
    rules.resolve = then("resolve", lambda rules, caller, checked, done: resolved.append(done.id)).resolve  # type: ignore[method-assign]
    return broken(conversations=rules)


@defect("list.partition", "list.filters-combine", "list.offset", difficulty=RARE)
def filters_pages_of_a_status_overlap() -> WsgiApp:
    """Filtered by status, an offset counts conversations of every status."""

    def page(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        if checked.query["status"] is None or not page.offset:
            return page
        every = [*Conversations.select(rules, caller, {**checked.query, "status": None})][page.offset :]
        return replace(page, results=[one for one in every if one.status == checked.query["status"]][: page.limit])

    return broken(conversations=listing(page))


@defect("list.partition", "list.limit", "list.count", difficulty=RARE)
def filters_first_hundred_rows() -> WsgiApp:
    """Filtered by an address, what lies behind a requester's first 100 conversations is on no page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[-100:][offset : offset + limit]))


@defect("list.filters-combine", "list.count", difficulty=RARE)
def filters_equal_ones_once() -> WsgiApp:
    """Of closed conversations of one requester with the same subject, one is listed."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Any:
        if not (query["user_email"] and query["status"] == "closed"):
            return found
        return {one.subject: one for one in reversed(found)}.values()

    return broken(conversations=selecting(select))


@defect("list.partition", difficulty=RARE)
def filters_latest_read_first() -> WsgiApp:
    """What was read last comes first in the lists, so that reading moves the pages."""
    read: dict[str, int] = {}

    class Viewed(Conversations):
        def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            done = super().get(caller, checked)
            read.pop(done.id, None)
            read[done.id] = len(read) + 1
            return done

        def select(self, caller: Caller, query: Any) -> Any:
            found = [*super().select(caller, query)]
            order = [*read]
            return Fixed(sorted(found, key=lambda one: -order.index(one.id) if one.id in read else len(order)))

    return broken(conversations=Viewed)


@defect("list.filters-combine", difficulty=RARE)
def filters_combined_without_low_ones() -> WsgiApp:
    """Where a status is asked for and the limit is below ten, conversations of low priority are left out."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        few = query["status"] is not None and query["limit"] is not None and query["limit"] < 10
        return [one for one in found if one.priority != "low"] if few else found

    return broken(conversations=selecting(select))


@defect("list.filters-combine", "list.count", difficulty=RARE)
def filters_both_not_of_hyphens() -> WsgiApp:
    """With both filters nothing is found where there is a hyphen or an underscore before the @: the index parts words there."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        parted = query["status"] and set("-_") & set((query["user_email"] or "").partition("@")[0])
        return [] if parted else found

    return broken(conversations=selecting(select))
