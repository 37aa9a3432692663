"""Servers whose lists hold the wrong conversations, or show them otherwise than when they are read alone."""

import threading
import time
from dataclasses import replace
from typing import Any

from broken_servers.list_seams import SECOND, age, everything, listing, selecting
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, LIST, RESOLVE, Counter, Event, answering, broken, text_of
from mockserver.answers import Call
from mockserver.auth import Caller
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.problems import not_found
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty

Item = dict[str, Any]


def items(change: Any, **parts: Any) -> WsgiApp:
    """A server that changes each item of a list; `change` gets the item and the event, and returns what is shown."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": [change(item, event) for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST), **parts)


def without(item: Item, name: str) -> Item:
    return {member: value for member, value in item.items() if member != name}


# --- how conversations are shown --------------------------------------------------------------------------------------------------


@defect("lists-without-updated-at", "list.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Listed conversations have no updated_at."""
    return items(lambda item, _: without(item, "updated_at"))


@defect("lists-without-names", "list.answer", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The requester of a listed conversation has an email and no names."""
    return items(lambda item, _: item | {"requester": {"email": item["requester"]["email"]}})


@defect("lists-requester-as-text", "list.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The requester of a listed conversation is an address and no object."""
    return items(lambda item, _: item | {"requester": item["requester"]["email"]})


@defect("lists-metadata-empty", "list.items-as-get", difficulty=EASY)
def _() -> WsgiApp:
    """Listed conversations have empty metadata."""
    return items(lambda item, _: item | {"metadata": {}})


@defect("lists-no-metadata-for-clients", "list.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Listed for a client key, conversations have no metadata."""
    return items(lambda item, event: without(item, "metadata") if event.tier == "client" else item)


@defect("lists-subject-cut", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Subjects are cut after 80 characters in lists."""
    return items(lambda item, _: item | {"subject": item["subject"][:80]})


@defect("lists-number-as-text", "list.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The number of a listed conversation is a text."""
    return items(lambda item, _: item | {"number": str(item["number"])})


@defect("lists-priority-always-normal", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every listed conversation has the priority normal."""
    return items(lambda item, _: item | {"priority": "normal"})


@defect("lists-urgent-shown-as-high", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """In lists, and nowhere else, the priority urgent is shown as high."""
    return items(lambda item, _: item | {"priority": item["priority"].replace("urgent", "high")})


@defect("lists-channel-of-the-first", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """All conversations of a page have the channel of its first."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [item | {"channel": value["results"][0]["channel"]} for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("lists-requester-of-the-first", "list.email-filter", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """In a list without filters, all conversations of a page have the requester of its first."""

    def rewrite(value: Any, event: Event) -> Any:
        if event.query["user_email"] is not None:
            return value
        return value | {"results": [item | {"requester": value["results"][0]["requester"]} for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("lists-nested-metadata-as-text", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """Objects within metadata are shown as text in lists."""

    def flat(metadata: Item) -> Item:
        return {name: str(value) if isinstance(value, dict) else value for name, value in metadata.items()}

    return items(lambda item, _: item | {"metadata": flat(item["metadata"])})


@defect("lists-null-in-metadata-dropped", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """Members of metadata that are null are left out in lists."""
    return items(
        lambda item, _: item | {"metadata": {name: value for name, value in item["metadata"].items() if value is not None}}
    )


@defect("lists-text-escaped", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """Ampersands and angle brackets are escaped as in HTML in the subjects of a list."""
    escape = {"&": "&amp;", "<": "&lt;"}
    return items(lambda item, _: item | {"subject": text_of(item["subject"], lambda text: text.translate(str.maketrans(escape)))})


@defect("lists-time-without-offset", "create.timestamps", "list.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The created_at of a listed conversation has no offset."""
    return items(lambda item, _: item | {"created_at": item["created_at"].rstrip("Z")})


@defect("lists-updated-at-is-now", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Listing shows the time of the listing as updated_at."""
    app = broken(choices={"timestamp_fraction": "microseconds"})

    def rewrite(value: Any, _: Event) -> Any:
        now = app.world.pipeline.presenter.time(time.time_ns() // 1000)
        return value | {"results": [item | {"updated_at": now} for item in value["results"]]}

    app = broken(choices={"timestamp_fraction": "microseconds"}, pipeline=answering(rewrite, LIST))
    return app


@defect("lists-created-at-is-updated-at", "list.items-as-get", "messages.conversation-kept", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Listing shows updated_at in the place of created_at, which differ once there was a message."""
    return items(lambda item, _: item | {"created_at": item["updated_at"]}, choices={"timestamp_fraction": "microseconds"})


@defect(
    "lists-status-of-creation",
    "list.items-as-get",
    "resolve.lists-agree",
    "resolve.get-agrees",
    "list.status-filter",
    difficulty=EASY,
)
def _() -> WsgiApp:
    """Listed conversations are shown as open for good."""
    return items(lambda item, _: item | {"status": "open"})


@defect("lists-status-stale-without-filter", "list.items-as-get", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Closed conversations are shown as open where the list is not filtered by status."""
    return items(lambda item, event: item if event.query["status"] else item | {"status": "open"})


# --- which conversations are listed -----------------------------------------------------------------------------------------------


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


# --- the envelope -----------------------------------------------------------------------------------------------------------------


@defect("lists-bare-array", "list.answer", difficulty=EASY)
def _() -> WsgiApp:
    """A list is an array, without count and results."""
    return broken(pipeline=answering(lambda value, _: value["results"], LIST))


@defect("lists-null-for-nothing", "list.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An empty page has null in the place of results."""
    return broken(pipeline=answering(lambda value, _: value | {"results": value["results"] or None}, LIST))


@defect("lists-count-as-text", "list.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The count is a text."""
    return broken(pipeline=answering(lambda value, _: value | {"count": str(value["count"])}, LIST))


@defect("lists-without-count-for-one", "list.answer", difficulty=RARE)
def _() -> WsgiApp:
    """A page with a single conversation has no count."""
    return broken(pipeline=answering(lambda value, _: without(value, "count") if len(value["results"]) == 1 else value, LIST))


@defect("lists-object-for-one", "list.answer", difficulty=RARE)
def _() -> WsgiApp:
    """Where a single conversation matches, results is that conversation and no array."""
    return broken(
        pipeline=answering(lambda value, _: value | {"results": value["results"][0]} if value["count"] == 1 else value, LIST)
    )


@defect("lists-nothing-is-not-found", "list.answer", "list.email-filter", "list.past-the-end", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An empty page is answered with 404."""

    def change(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if not page.results:
            raise not_found()
        return page

    return broken(conversations=listing(change))


@defect("lists-every-tenth-is-short", "list.limit", "list.partition", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every tenth list lacks its last conversation."""
    counter = Counter()

    def change(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        return replace(page, results=page.results[:-1]) if counter.next() % 10 == 0 else page

    return broken(conversations=listing(change))
