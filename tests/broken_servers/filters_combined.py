"""Servers whose filters go wrong together, or with paging and counts."""

from dataclasses import replace
from typing import Any

from broken_servers.list_seams import Found, counting, cutting, everything, forgetting, listing, selecting, then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


@defect("filters-or", "list.filters-combine", "list.email-filter", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Of two filters, one is enough."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Any:
        if not (query["user_email"] and query["status"]):
            return found
        email = {one.id for one in Conversations.select(rules, caller, {**query, "status": None})}
        return [one for one in everything(rules, caller) if one.id in email or one.status == query["status"]]

    return broken(conversations=selecting(select))


@defect("filters-limit-ignored-with-status", "list.limit", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The limit is ignored beside a status."""
    return forgetting(lambda event: event.query["status"], "limit")


@defect("filters-limit-ignored-with-email", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The limit is ignored beside an address."""
    return forgetting(lambda event: event.query["user_email"], "limit")


@defect("filters-limit-ignored-with-both", "list.limit", "list.partition", "list.filters-combine", difficulty=RARE)
def _() -> WsgiApp:
    """The limit is ignored beside both filters."""
    return forgetting(lambda event: event.query["user_email"] and event.query["status"], "limit")


@defect("filters-offset-ignored-with-both", "list.partition", "list.offset", "list.filters-combine", difficulty=RARE)
def _() -> WsgiApp:
    """The offset is ignored beside both filters."""
    return forgetting(lambda event: event.query["user_email"] and event.query["status"], "offset")


@defect("filters-both-on-the-first-page-of-one", "list.filters-combine", "list.partition", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """With both filters, those of another status are taken off the requester's first 100 only after these were cut."""

    def cut(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        query = request.query
        if not (query["user_email"] and query["status"]):
            return page
        own = [*Conversations.select(rules, caller, {**query, "status": None})][:20]
        found = [one for one in own if one.status == query["status"]]
        return replace(page, results=found[page.offset : page.offset + page.limit])

    return broken(conversations=listing(cut))


@defect("filters-latest-twenty-of-a-status", "list.status-filter", "list.partition", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Of a status, only the latest 20 are ever found, though all are counted."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if request.query["status"] is None:
            return page
        found = [*rules.select(caller, request.query)][:20]
        return replace(page, results=found[page.offset : page.offset + page.limit])

    return broken(conversations=listing(page))


@defect("filters-not-counted", "list.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count is that of all conversations, whatever the filters."""
    return broken(conversations=counting(lambda page, rules, caller, request: len(everything(rules, caller))))


@defect("filters-status-not-counted", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count does not heed the status."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return len(rules.select(caller, {**request.query, "status": None}))

    return broken(conversations=counting(count))


@defect("filters-email-not-counted-with-status", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With both filters, the count does not heed the address."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        query = request.query
        return len(rules.select(caller, {**query, "user_email": None})) if query["status"] else page.count

    return broken(conversations=counting(count))


@defect("filters-count-one-less-with-email", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count is one too small for a requester with more than one conversation."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return page.count - 1 if request.query["user_email"] and page.count > 1 else page.count

    return broken(conversations=counting(count))


@defect("filters-count-one-more-for-nobody", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count of an address that nobody has is 1."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return 1 if request.query["user_email"] and not page.count else page.count

    return broken(conversations=counting(count))


@defect("filters-count-before-resolving", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count of a status is that of before the latest resolving in the organisation."""
    resolved: list[str] = []

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        latest = rules.store.conversation(resolved[-1]) if resolved else None
        own = latest is not None and latest.requester.email == request.query["user_email"]
        if not own or request.query["status"] not in ("open", "closed"):
            return page.count
        return page.count + (1 if request.query["status"] == "open" else -1)

    rules = counting(count)
    rules.resolve = then("resolve", lambda rules, caller, request, done: resolved.append(done.id)).resolve  # type: ignore[method-assign]
    return broken(conversations=rules)


@defect("filters-pages-of-a-status-overlap", "list.partition", "list.filters-combine", "list.offset", difficulty=RARE)
def _() -> WsgiApp:
    """Filtered by status, an offset counts conversations of every status."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if request.query["status"] is None or not page.offset:
            return page
        every = [*Conversations.select(rules, caller, {**request.query, "status": None})][page.offset :]
        return replace(page, results=[one for one in every if one.status == request.query["status"]][: page.limit])

    return broken(conversations=listing(page))


@defect("filters-first-hundred-rows", "list.partition", "list.limit", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """Filtered by an address, what lies behind a requester's first 100 conversations is on no page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[-100:][offset : offset + limit]))
