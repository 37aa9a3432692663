"""Servers whose lists hold the wrong conversations."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, LIST, RESOLVE, SEND, Counter, Event, TwoProcesses, answering, broken
from tests.defects.kit.rules import SECOND, Sent, age, everything, listing, selecting
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("list.fresh", difficulty=MEDIUM)
def lists_after_a_while() -> WsgiApp:
    """A new conversation is listed after 300 ms."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if age(rules, one) > 0.3 * SECOND])
    )


@defect("list.fresh", difficulty=RARE)
def lists_after_a_while_by_email() -> WsgiApp:
    """A new conversation is listed at once, but by e-mail only after 50 ms, when the index was written."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if query["user_email"] is None or age(rules, one) > 0.05 * SECOND]

    return broken(conversations=selecting(select))


@defect("list.fresh", difficulty=MEDIUM)
def lists_after_the_next() -> WsgiApp:
    """The latest conversation of the organisation is listed once there is a later one."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        latest = next(iter(everything(rules, caller)), None)
        return [one for one in found if one is not latest]

    return broken(conversations=selecting(select))


@defect("list.unfiltered", difficulty=MEDIUM)
def lists_without_anonymous() -> WsgiApp:
    """Conversations of anonymous users are not listed."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if not one.requester.anonymous])
    )


@defect("list.unfiltered", difficulty=EASY)
def lists_without_closed() -> WsgiApp:
    """Closed conversations are listed only where they are asked for by status."""
    return broken(
        conversations=selecting(
            lambda rules, caller, query, found: [one for one in found if query["status"] or one.status != "closed"]
        )
    )


@defect("list.unfiltered", difficulty=MEDIUM)
def lists_without_closed_unfiltered() -> WsgiApp:
    """Closed conversations are not listed where there is no filter at all."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        filtered = query["status"] or query["user_email"]
        return [one for one in found if filtered or one.status != "closed"]

    return broken(conversations=selecting(select))


@defect("list.unfiltered", difficulty=RARE)
def lists_without_closed_for_clients() -> WsgiApp:
    """Closed conversations are listed for server keys only."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if query["status"] or caller.key.tier == "server" or one.status != "closed"]

    return broken(conversations=selecting(select))


@defect("list.unfiltered", "list.email-filter", "list.partition", difficulty=MEDIUM)
def lists_without_callbacks() -> WsgiApp:
    """Conversations of the channel callback are not listed."""
    return broken(conversations=selecting(lambda rules, caller, query, found: [one for one in found if one.channel != "callback"]))


@defect("list.unfiltered", "list.email-filter", "list.partition", "list.count", difficulty=RARE)
def lists_without_low_priority() -> WsgiApp:
    """Conversations of the priority low are not listed for client keys."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if caller.key.tier == "server" or one.priority != "low"]

    return broken(conversations=selecting(select))


@defect("list.fresh", "list.email-filter", difficulty=MEDIUM)
def lists_only_with_messages() -> WsgiApp:
    """Conversations without a message are not listed, since an inner join leaves them out."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if len(rules.store.messages(one.id))])
    )


@defect("list.email-filter", "list.partition", "list.count", difficulty=MEDIUM)
def lists_once_for_each_message() -> WsgiApp:
    """A conversation with several messages is listed once for each."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found for _ in range(max(1, len(rules.store.messages(one.id))))]

    return broken(conversations=selecting(select))


@defect("list.fresh", "list.email-filter", difficulty=MEDIUM)
def lists_own_creations_only() -> WsgiApp:
    """A client key lists what was created by that key only."""
    return own_creations_only(lambda key: key.tier == "client")


@defect("list.fresh", difficulty=RARE)
def lists_own_creations_only_from_an_origin() -> WsgiApp:
    """A client key that is restricted to origins lists what was created by that key only."""
    return own_creations_only(lambda key: bool(key.origins))


def own_creations_only(concerned: Callable[[ApiKey], bool]) -> WsgiApp:
    """A server on which some keys list what was created by that key only."""
    creators: dict[str, str] = {}

    class Own(Pipeline):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            value = super().handle(operation, caller, checked, request)
            if operation.id == CREATE:
                creators[value["id"]] = caller.key.key
            return value

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        return [one for one in found if not concerned(caller.key) or creators.get(one.id) == caller.key.key]

    return broken(pipeline=Own, conversations=selecting(select))


@defect("list.fresh", "list.email-filter", "resolve.lists-agree", difficulty=MEDIUM)
def lists_cached_for_a_while() -> WsgiApp:
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


@defect("resolve.lists-agree", "resolve.get-agrees", "list.status-filter", difficulty=MEDIUM)
def lists_cached_until_the_next_create() -> WsgiApp:
    """The answers of lists are kept until a conversation is created: resolving does not renew them."""
    return kept_until(lambda event: tuple(sorted(map(str, event.query.items()))), CREATE)


def kept_until(place_of: Callable[[Event], tuple[Any, ...] | None], *renewing: str) -> WsgiApp:
    """Make a server that caches lists by organisation and `place_of`, until an operation in `renewing`. None is not cached."""
    lock, kept = threading.Lock(), dict[tuple[Any, ...], Any]()

    def rewrite(value: Any, event: Event) -> Any:
        with lock:
            if event.operation in renewing:
                kept.clear()
                return value
            place = place_of(event)
            return value if place is None else kept.setdefault((event.caller.organisation, *place), value)

    return broken(pipeline=answering(rewrite, LIST, *renewing))


@defect("list.fresh", "list.email-filter", difficulty=RARE)
def lists_by_email_kept_by_two_processes() -> WsgiApp:
    """Two processes take turns at lists of an address and keep what they answered; a create clears the memory of one only."""
    processes = TwoProcesses()

    def rewrite(value: Any, event: Event) -> Any:
        if event.operation == LIST:
            if event.query["user_email"] is None:
                return value
            place = (event.caller.organisation, *sorted(map(str, event.query.items())))
            return processes.kept(place, value)
        for memory in processes.concerned(both=event.operation != CREATE):
            memory.clear()
        return value

    return broken(pipeline=answering(rewrite, CREATE, LIST, SEND, RESOLVE))


@defect(
    "resolve.only-that",
    "list.email-filter",
    "list.unfiltered",
    "list.partition",
    difficulty=RARE,
)
def lists_lose_the_one_before_the_resolved() -> WsgiApp:
    """Resolving takes the requester's next older conversation off the lists."""
    lost: set[str] = set()

    class Losing(Pipeline):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            value = super().handle(operation, caller, checked, request)
            if operation.id == RESOLVE:
                own = [*self.store.conversations(caller.organisation, self.store.conversation(checked.id).requester.id)]
                lost.update(one.id for one in own[[one.id for one in own].index(checked.id) + 1 :][:1])
            return value

    return broken(
        pipeline=Losing,
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if one.id not in lost]),
    )


@defect("list.limit", "list.partition", "list.email-filter", difficulty=MEDIUM)
def lists_every_tenth_is_short() -> WsgiApp:
    """Every tenth list lacks its last conversation."""
    counter = Counter()

    def change(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        return replace(page, results=page.results[:-1]) if counter.next() % 10 == 0 else page

    return broken(conversations=listing(change))


@defect("list.fresh", difficulty=RARE)
def lists_of_nobody_remembered() -> WsgiApp:
    """That an address has no conversation is remembered, and not asked again."""
    nobody: set[tuple[str, str]] = set()

    def found(rules: Any, caller: Caller, query: dict[str, Any], found: Any) -> Any:
        asked = caller.organisation, query["user_email"] or ""
        if not found and asked[1] and query["status"] is None:
            nobody.add(asked)
        return [] if asked in nobody else found

    return broken(conversations=selecting(found))


@defect("list.fresh", "list.unfiltered", difficulty=RARE)
def lists_unfiltered_kept_by_their_query() -> WsgiApp:
    """What an unfiltered list answers to a query is kept, until something is resolved."""

    def place(event: Event) -> tuple[Any, ...] | None:
        query = event.query
        return None if query["user_email"] or query["status"] else (query["limit"], query["offset"])

    return kept_until(place, RESOLVE)


@defect("list.unfiltered", "list.status-filter", difficulty=RARE)
def lists_without_closed_anonymous() -> WsgiApp:
    """What an anonymous user opened is not listed any more once it was resolved."""
    return broken(
        conversations=selecting(lambda *given: [one for one in given[-1] if one.status != "closed" or not one.requester.anonymous])
    )


@defect("list.unfiltered", difficulty=RARE)
def lists_without_closed_of_low_priority() -> WsgiApp:
    """Closed conversations of the priority low are not listed where there is no filter at all."""

    def select(rules: Any, caller: Caller, query: Any, found: Any) -> Any:
        filtered = query["status"] or query["user_email"]
        return [one for one in found if filtered or (one.status, one.priority) != ("closed", "low")]

    return broken(conversations=selecting(select))


@defect("list.items-as-get", "resolve.get-agrees", difficulty=RARE)
def lists_without_a_query_kept_by_key() -> WsgiApp:
    """The list without any query is kept for each key until the next create, and shows as open what was closed meanwhile."""
    return kept_until(lambda event: None if event.request.query else (event.caller.key.key,), CREATE)


@defect("list.limit", "list.offset", difficulty=RARE)
def lists_kept_by_the_values_of_their_query() -> WsgiApp:
    """Until the next write, lists are kept by the values of their query alone: limit=2&offset=1 is limit=1&offset=2."""
    return kept_until(lambda event: tuple(sorted(Sent(event).query.values())), CREATE, SEND, RESOLVE)
