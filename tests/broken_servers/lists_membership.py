"""Servers whose lists hold the wrong conversations."""

import threading
import time
from dataclasses import replace
from typing import Any

from broken_servers.list_seams import SECOND, age, everything, listing, selecting
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, LIST, RESOLVE, Counter, Event, answering, broken
from mockserver.answers import Call
from mockserver.auth import Caller
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


@defect("lists-after-a-while", "list.fresh", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A new conversation is listed after 300 ms."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if age(rules, one) > 0.3 * SECOND])
    )


@defect("lists-after-a-while-by-email", "list.fresh", difficulty=RARE)
def _() -> WsgiApp:
    """A new conversation is listed at once, but by e-mail only after 50 ms, when the index was written."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if query["user_email"] is None or age(rules, one) > 0.05 * SECOND]

    return broken(conversations=selecting(select))


@defect("lists-after-the-next", "list.fresh", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The latest conversation of the organisation is listed once there is a later one."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        latest = next(iter(everything(rules, caller)), None)
        return [one for one in found if one is not latest]

    return broken(conversations=selecting(select))


@defect("lists-without-anonymous", "list.unfiltered", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Conversations of anonymous users are not listed."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if not one.requester.anonymous])
    )


@defect("lists-without-closed", "list.unfiltered", difficulty=EASY)
def _() -> WsgiApp:
    """Closed conversations are listed only where they are asked for by status."""
    return broken(
        conversations=selecting(
            lambda rules, caller, query, found: [one for one in found if query["status"] or one.status != "closed"]
        )
    )


@defect("lists-without-closed-unfiltered", "list.unfiltered", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Closed conversations are not listed where there is no filter at all."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        filtered = query["status"] or query["user_email"]
        return [one for one in found if filtered or one.status != "closed"]

    return broken(conversations=selecting(select))


@defect("lists-without-closed-for-clients", "list.unfiltered", difficulty=RARE)
def _() -> WsgiApp:
    """Closed conversations are listed for server keys only."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if query["status"] or caller.key.tier == "server" or one.status != "closed"]

    return broken(conversations=selecting(select))


@defect("lists-without-callbacks", "list.unfiltered", "list.email-filter", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Conversations of the channel callback are not listed."""
    return broken(conversations=selecting(lambda rules, caller, query, found: [one for one in found if one.channel != "callback"]))


@defect("lists-without-low-priority", "list.unfiltered", "list.email-filter", "list.partition", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """Conversations of the priority low are not listed for client keys."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if caller.key.tier == "server" or one.priority != "low"]

    return broken(conversations=selecting(select))


@defect("lists-only-with-messages", "list.fresh", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Conversations without a message are not listed, since an inner join leaves them out."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if len(rules.store.messages(one.id))])
    )


@defect("lists-once-for-each-message", "list.email-filter", "list.partition", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation with several messages is listed once for each."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found for _ in range(max(1, len(rules.store.messages(one.id))))]

    return broken(conversations=selecting(select))


@defect("lists-own-creations-only", "list.fresh", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key lists what was created by that key only."""
    creators: dict[str, str] = {}

    class Own(Pipeline):
        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            value = super().handle(operation, caller, request, call)
            if operation.id == CREATE:
                creators[value["id"]] = caller.key.key
            return value

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if caller.key.tier == "server" or creators.get(one.id) == caller.key.key]

    return broken(pipeline=Own, conversations=selecting(select))


@defect("lists-cached-for-a-while", "list.fresh", "list.email-filter", "resolve.lists-agree", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answer to the same query of a list is kept for half a second."""
    kept: dict[tuple[Any, ...], tuple[float, Any]] = {}

    def rewrite(value: Any, event: Event) -> Any:
        place = (event.caller.organisation, *sorted(map(str, event.query.items())))
        at, old = kept.get(place, (0.0, value))
        if time.monotonic() - at < 0.5:
            return old
        kept[place] = (time.monotonic(), value)
        return value

    return broken(pipeline=answering(rewrite, LIST))


@defect("lists-cached-until-the-next-create", "resolve.lists-agree", "resolve.get-agrees", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answers of lists are kept until a conversation is created: resolving does not renew them."""
    lock, kept = threading.Lock(), {}

    def rewrite(value: Any, event: Event) -> Any:
        with lock:
            if event.operation == CREATE:
                kept.clear()
                return value
            place = (event.caller.organisation, *sorted(map(str, event.query.items())))
            return kept.setdefault(place, value)

    return broken(pipeline=answering(rewrite, LIST, CREATE))


@defect(
    "lists-lose-the-one-before-the-resolved",
    "resolve.only-that",
    "list.email-filter",
    "list.unfiltered",
    "list.partition",
    difficulty=RARE,
)
def _() -> WsgiApp:
    """Resolving takes the requester's next older conversation off the lists."""
    lost: set[str] = set()

    class Losing(Pipeline):
        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            value = super().handle(operation, caller, request, call)
            if operation.id == RESOLVE:
                own = [*self.store.conversations(caller.organisation, self.store.conversation(request.id).requester.id)]
                lost.update(one.id for one in own[[one.id for one in own].index(request.id) + 1 :][:1])
            return value

    return broken(
        pipeline=Losing,
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if one.id not in lost]),
    )


@defect("lists-every-tenth-is-short", "list.limit", "list.partition", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every tenth list lacks its last conversation."""
    counter = Counter()

    def change(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        return replace(page, results=page.results[:-1]) if counter.next() % 10 == 0 else page

    return broken(conversations=listing(change))
