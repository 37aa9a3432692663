"""Servers whose filter by status selects too much or too little."""

from typing import Any

from broken_servers.list_seams import SECOND, Found, forgetting, selecting
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.answers import Call
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Validator

EASY, MEDIUM, RARE = Difficulty


def by_status(matches: Any) -> WsgiApp:
    """A server that compares statuses otherwise: `matches` gets the conversation and the status that is asked for."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["status"] is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "status": None})
        return [one for one in chosen if matches(one, query["status"])]

    return broken(conversations=selecting(select))


@defect("filters-status-ignored", "list.status-filter", difficulty=EASY)
def _() -> WsgiApp:
    """The filter status is ignored."""
    return forgetting(lambda event: True, "status")


@defect("filters-status-ignored-for-clients", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status is ignored for client keys."""
    return forgetting(lambda event: event.tier == "client", "status")


@defect("filters-status-ignored-with-email", "list.filters-combine", "list.status-filter", "resolve.lists-agree", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status is ignored beside an address."""
    return forgetting(lambda event: event.query["user_email"], "status")


@defect("filters-status-ignored-on-later-pages", "list.status-filter", "list.filters-combine", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status is forgotten from the second page on."""
    return forgetting(lambda event: event.query["offset"], "status")


@defect("filters-pending-ignored", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status=pending is ignored, and everything listed."""
    return forgetting(lambda event: event.query["status"] == "pending", "status")


@defect("filters-open-is-everything", "list.status-filter", difficulty=EASY)
def _() -> WsgiApp:
    """Filtered by open, everything is listed."""
    return by_status(lambda one, asked: asked == "open" or one.status == asked)


@defect("filters-closed-is-empty", "list.status-filter", "resolve.lists-agree", difficulty=EASY)
def _() -> WsgiApp:
    """Filtered by closed, nothing is listed."""
    return by_status(lambda one, asked: asked != "closed" and one.status == asked)


@defect("filters-resolved-is-closed", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Filtered by resolved, closed conversations are listed."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("resolved", "closed"))


@defect("filters-pending-is-open", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Filtered by pending, open conversations are listed."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("pending", "open"))


@defect("filters-pending-is-refused", "list.answer", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The documented status pending is refused as an unknown one."""

    class Refusing(Validator):
        def sent_parameters(self, call: Call) -> dict[str, str]:
            sent = super().sent_parameters(call)
            return sent | {"status": "unknown"} if sent.get("status") == "pending" else sent

    return broken(validator=Refusing)


@defect("filters-status-of-creation", "list.status-filter", "resolve.lists-agree", difficulty=EASY)
def _() -> WsgiApp:
    """The filter looks at the status with which a conversation was created, which is open."""
    return by_status(lambda one, asked: asked == "open")


@defect("filters-status-late", "resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter knows of a status 200 ms after it changed."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["status"] is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "status": None})
        now = rules.clock.now()

        def known(one: Conversation) -> str:
            return "open" if one.status == "closed" and now - one.updated_at < 0.2 * SECOND else one.status

        return [one for one in chosen if known(one) == query["status"]]

    return broken(conversations=selecting(select))


@defect("filters-closed-and-still-open", "resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A closed conversation is listed among the closed ones and among the open ones."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("open", "closed"))


@defect("filters-closed-without-callbacks", "list.status-filter", "resolve.lists-agree", difficulty=RARE)
def _() -> WsgiApp:
    """Closed conversations of the channel callback are not found by their status."""
    return by_status(lambda one, asked: one.status == asked and (asked, one.channel) != ("closed", "callback"))


@defect("filters-open-without-urgent", "list.status-filter", difficulty=RARE)
def _() -> WsgiApp:
    """Open conversations of the priority urgent are not found by their status."""
    return by_status(lambda one, asked: one.status == asked and (asked, one.priority) != ("open", "urgent"))
