"""Servers whose filters are wrong for some callers or values, or find by something else besides."""

from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import Found, everything, forgetting, selecting
from tests.defects.list.filters_email import by_email
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("list.email-filter", difficulty=MEDIUM)
def filters_email_domain_only() -> WsgiApp:
    """Only what follows the @ is compared."""
    return by_email(lambda own, asked: own.partition("@")[2] == asked.partition("@")[2])


@defect("list.email-filter", difficulty=RARE)
def filters_email_first_24_characters() -> WsgiApp:
    """Of an address, the first 24 characters are compared."""
    return by_email(lambda own, asked: own[:24] == asked[:24])


@defect("list.email-filter", difficulty=RARE)
def filters_email_without_dashes() -> WsgiApp:
    """Dashes and underscores in an address do not count: the index drops them."""
    plain = str.maketrans("", "", "-_")
    return by_email(lambda own, asked: own.translate(plain) == asked.translate(plain))


@defect("list.email-filter", difficulty=RARE)
def filters_email_by_words() -> WsgiApp:
    """The filter is a search by words: an address is found where all its parts are in another, in any order."""

    def words(email: str) -> set[str]:
        return set(email.replace("@", ".").replace("-", ".").split("."))

    return by_email(lambda own, asked: words(asked) <= words(own))


@defect("list.email-filter", difficulty=RARE)
def filters_email_in_texts() -> WsgiApp:
    """The filter also finds conversations that have the address in their subject or metadata."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        email = query["user_email"]
        if email is None or query["status"] is not None:
            return found
        texts = [one for one in everything(rules, caller) if email in one.subject or email in str(one.metadata)]
        return [*found, *(one for one in texts if one not in found)]

    return broken(conversations=selecting(select))


@defect("list.email-filter", "list.partition", "list.count", difficulty=RARE)
def filters_email_latest_fifty_for_clients() -> WsgiApp:
    """For client keys, a requester has at most fifty conversations: the latest."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        return found[:50] if caller.key.tier == "client" and query["user_email"] else found

    return broken(conversations=selecting(select))


@defect("list.email-filter", "list.count", difficulty=RARE)
def filters_email_latest_ten_closed() -> WsgiApp:
    """Filtered by an address, only the ten latest closed conversations are found."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["user_email"] is None:
            return found
        closed = [one for one in found if one.status == "closed"]
        return [one for one in found if one.status != "closed" or one in closed[:10]]

    return broken(conversations=selecting(select))


@defect("list.status-filter", "list.partition", "list.filters-combine", difficulty=RARE)
def filters_status_closed_latest_ten() -> WsgiApp:
    """Filtered by closed, only the ten latest are found."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        return found[:10] if query["status"] == "closed" else found

    return broken(conversations=selecting(select))


@defect("list.status-filter", "resolve.lists-agree", difficulty=RARE)
def filters_open_includes_closed_for_clients() -> WsgiApp:
    """Filtered by open for a client key, what was closed is listed too: the customer may still want to see it."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["status"] != "open" or caller.key.tier != "client":
            return found
        return [*Conversations.select(rules, caller, {**query, "status": None})]

    return broken(conversations=selecting(select))


@defect("list.status-filter", difficulty=RARE)
def filters_status_by_bearer_ignored() -> WsgiApp:
    """The filter status is ignored where the key came after Bearer."""
    return forgetting(lambda event: event.by_bearer, "status")


@defect("list.email-filter", "list.filters-combine", difficulty=RARE)
def filters_email_ignored_with_large_limits() -> WsgiApp:
    """The filter user_email is ignored on pages of 100."""
    return forgetting(lambda event: event.query.get("limit") == 100, "user_email")


@defect("list.filters-combine", "list.email-filter", difficulty=RARE)
def filters_or_for_clients() -> WsgiApp:
    """Of two filters, one is enough for client keys."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        email, status = query["user_email"], query["status"]
        if caller.key.tier != "client" or email is None or status is None:
            return found
        own = [*Conversations.select(rules, caller, {**query, "status": None})]
        return [one for one in everything(rules, caller) if one in own or one.status == status]

    return broken(conversations=selecting(select))


@defect("list.email-filter", "list.status-filter", difficulty=RARE)
def filters_every_eighth_ignored() -> WsgiApp:
    """Every eighth list is answered without its filters."""
    return forgetting(lambda event: event.number % 8 == 0, "user_email", "status")


@defect("list.email-filter", "list.status-filter", "list.filters-combine", difficulty=RARE)
def filters_status_stays() -> WsgiApp:
    """A filter is kept where the next list has none of its kind: one query is built upon the one before."""
    last: dict[str, Any] = {}

    class Staying(Conversations):
        def select(self, caller: Caller, query: Any) -> Any:
            status = query.get("status") or (last.get("status") if query.get("user_email") else None)
            last["status"] = query.get("status")
            return super().select(caller, {**query, "status": status})

    return broken(conversations=Staying)


@defect("list.unfiltered", "list.count", difficulty=RARE)
def filters_status_stays_with_the_key() -> WsgiApp:
    """The status that a key asked for is that of its next list, too, if that has no filter at all; it is forgotten then."""
    last: dict[str, str] = {}

    class Staying(Conversations):
        def select(self, caller: Caller, query: Any) -> Any:
            before = last.pop(caller.key.key, None)
            if query.get("status"):
                last[caller.key.key] = query["status"]
            unfiltered = not query.get("status") and not query.get("user_email")
            return super().select(caller, {**query, "status": before} if unfiltered else query)

    return broken(conversations=Staying)
