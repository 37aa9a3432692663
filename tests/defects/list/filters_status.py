"""Servers whose filter by status selects too much or too little."""

from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request
from mockserver.model.caller import Caller
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import SECOND, Found, forgetting, selecting
from tests.defects.kit.stores import is_answered
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def by_status(matches: Any) -> WsgiApp:
    """Make a server that compares statuses otherwise: `matches` gets the conversation and the status in the query."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["status"] is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "status": None})
        return [one for one in chosen if matches(one, query["status"])]

    return broken(conversations=selecting(select))


@defect("list.status-filter", difficulty=EASY)
def filters_status_ignored() -> WsgiApp:
    """The filter status is ignored."""
    return forgetting(lambda event: True, "status")


@defect("list.status-filter", difficulty=MEDIUM)
def filters_status_ignored_for_clients() -> WsgiApp:
    """The filter status is ignored for client keys."""
    return forgetting(lambda event: event.tier == "client", "status")


@defect("list.filters-combine", "list.status-filter", "resolve.lists-agree", difficulty=MEDIUM)
def filters_status_ignored_with_email() -> WsgiApp:
    """The filter status is ignored beside an address."""
    return forgetting(lambda event: event.query["user_email"], "status")


@defect("list.status-filter", "list.filters-combine", "list.partition", difficulty=MEDIUM)
def filters_status_ignored_on_later_pages() -> WsgiApp:
    """The filter status is forgotten from the second page on."""
    return forgetting(lambda event: event.query["offset"], "status")


@defect("list.status-filter", difficulty=MEDIUM)
def filters_pending_ignored() -> WsgiApp:
    """The filter status=pending is ignored, and everything listed."""
    return forgetting(lambda event: event.query["status"] == "pending", "status")


@defect("list.status-filter", difficulty=EASY)
def filters_open_is_everything() -> WsgiApp:
    """Filtered by open, everything is listed."""
    return by_status(lambda one, asked: asked == "open" or one.status == asked)


@defect("list.status-filter", "resolve.lists-agree", difficulty=EASY)
def filters_closed_is_empty() -> WsgiApp:
    """Filtered by closed, nothing is listed."""
    return by_status(lambda one, asked: asked != "closed" and one.status == asked)


@defect("list.status-filter", difficulty=MEDIUM)
def filters_resolved_is_closed() -> WsgiApp:
    """Filtered by resolved, closed conversations are listed."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("resolved", "closed"))


@defect("list.status-filter", difficulty=MEDIUM)
def filters_pending_is_open() -> WsgiApp:
    """Filtered by pending, open conversations are listed."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("pending", "open"))


@defect("list.answer", "list.status-filter", difficulty=MEDIUM)
def filters_pending_is_refused() -> WsgiApp:
    """The documented status pending is refused as an unknown one."""

    class Refusing(Validator):
        def sent_parameters(self, request: Request) -> dict[str, str]:
            sent = super().sent_parameters(request)
            return sent | {"status": "unknown"} if sent.get("status") == "pending" else sent

    return broken(validator=Refusing)


@defect("list.status-filter", "resolve.lists-agree", difficulty=EASY)
def filters_status_of_creation() -> WsgiApp:
    """The filter looks at the status with which a conversation was created, which is open."""
    return by_status(lambda one, asked: asked == "open")


@defect("resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def filters_status_late() -> WsgiApp:
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


@defect("resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def filters_closed_and_still_open() -> WsgiApp:
    """A closed conversation is listed among the closed ones and among the open ones."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("open", "closed"))


@defect("list.status-filter", "resolve.lists-agree", difficulty=RARE)
def filters_closed_without_callbacks() -> WsgiApp:
    """Closed conversations of the channel callback are not found by their status."""
    return by_status(lambda one, asked: one.status == asked and (asked, one.channel) != ("closed", "callback"))


@defect("list.status-filter", difficulty=RARE)
def filters_open_without_urgent() -> WsgiApp:
    """Open conversations of the priority urgent are not found by their status."""
    return by_status(lambda one, asked: one.status == asked and (asked, one.priority) != ("open", "urgent"))


@defect("list.status-filter", difficulty=RARE)
def filters_pending_is_answered() -> WsgiApp:
    """Filtered by pending, open conversations are listed to which somebody else has written."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["status"] != "pending":
            return found
        every = Conversations.select(rules, caller, {**query, "status": None})
        return [one for one in every if one in found or (one.status == "open" and is_answered(rules.store, one))]

    return broken(conversations=selecting(select))


@defect("list.status-filter", difficulty=RARE)
def filters_status_without_anonymous_callbacks() -> WsgiApp:
    """Anonymous conversations of the channel callback are not found by their status."""
    return by_status(lambda one, asked: one.status == asked and not (one.requester.anonymous and one.channel == "callback"))
