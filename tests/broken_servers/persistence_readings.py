"""Servers that show something else later: a copy that is older than what it copies, or what a reading changed."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken_servers.list_seams import SECOND, change, ruling, then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, LIST, MESSAGES, Counter, Event, answering, broken
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty
DURABLE = "any.durable"


def read(effect: Callable[[Event, dict[str, Any]], Any], *operations: str, **parts: Any) -> WsgiApp:
    """A server that shows conversations otherwise; `effect` gets the event and the conversation that is right."""
    return broken(pipeline=answering(lambda value, event: effect(event, value), *operations), **parts)


@defect("persistence-channel-gone-after-a-while", DURABLE, "get.as-created", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """A second after its create, a conversation of the channel callback has the channel web."""

    def effect(event: Event, value: dict[str, Any]) -> Any:
        found = app.world.store.conversation(value["id"])
        old = found is not None and time.time_ns() // 1000 - found.created_at > SECOND
        return value | {"channel": "web"} if old and value["channel"] == "callback" else value

    app = read(effect, GET)
    return app


@defect("persistence-subject-gone-after-get", "get.as-created", "list.items-as-get", DURABLE, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Reading a conversation cuts its subject after 20 characters, which the next reading shows."""

    def effect(rules: Any, caller: Caller, request: Request, found: Conversation) -> None:
        change(rules, found, subject=found.subject[:20])

    return broken(conversations=then("get", effect))


@defect("persistence-priority-gone-after-five-readings", "get.as-created", DURABLE, "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """The fifth reading of a conversation, and those after it, show the priority low."""
    times = Counter()
    return read(lambda event, value: value | {"priority": "low"} if times.next(value["id"]) > 4 else value, GET)


@defect("persistence-get-is-cached", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation that was read is answered from a copy for a second."""
    kept: dict[str, tuple[float, Any]] = {}

    def effect(event: Event, value: dict[str, Any]) -> Any:
        at, copy = kept.get(value["id"], (0.0, value))
        if time.monotonic() - at < 1:
            return copy
        kept[value["id"]] = (time.monotonic(), value)
        return value

    return read(effect, GET)


@defect("persistence-get-is-cached-by-key", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation that a client key read is answered to it from a copy ever after."""
    kept: dict[str, Any] = {}

    def effect(event: Event, value: dict[str, Any]) -> Any:
        return kept.setdefault(value["id"], value) if event.tier == "client" else value

    return read(effect, GET)


@defect("persistence-messages-are-cached", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of a conversation are answered from a copy for half a second."""
    kept: dict[str, tuple[float, Any]] = {}

    def rewrite(value: Any, event: Event) -> Any:
        at, copy = kept.get(event.request.id, (0.0, value))
        if time.monotonic() - at < 0.5:
            return copy
        kept[event.request.id] = (time.monotonic(), value)
        return value

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("persistence-list-shows-old-copies", "list.items-as-get", "resolve.get-agrees", "resolve.lists-agree", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Lists show conversations as they were when they were listed first."""
    kept: dict[str, Any] = {}

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": [kept.setdefault(item["id"], item) for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("persistence-numbers-move-up", DURABLE, "get.as-created", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The number of a conversation is its place among those that are open, and moves when one before it is closed."""

    def effect(event: Event, value: dict[str, Any]) -> Any:
        closed = app.world.store.conversations(event.caller.organisation, None, "closed")
        return value | {"number": value["number"] - sum(one.number < value["number"] for one in closed)}

    app = read(effect, GET)
    return app


@defect("persistence-ids-change", "get.as-created", difficulty=RARE)
def _() -> WsgiApp:
    """Read with a key after Bearer, a conversation has its id in capitals."""
    return read(lambda event, value: value | {"id": value["id"].upper()} if event.by_bearer else value, GET)


@defect("persistence-created-at-is-read-at", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The created_at of a conversation is the time at which it is read."""

    def effect(event: Event, value: dict[str, Any]) -> Any:
        now = app.world.pipeline.presenter.time(time.time_ns() // 1000)
        return value | {"created_at": now, "updated_at": now}

    app = read(effect, GET, choices={"timestamp_fraction": "microseconds"})
    return app


@defect("messages-timed-by-reading", "any.durable", "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """The time of a message is that at which it is listed."""

    def messages(self: Any, caller: Any, request: Any) -> Any:
        page = Conversations.messages(self, caller, request)
        now = self.clock.now()
        return replace(page, results=[message._replace(created_at=now) for message in page.results])

    return broken(conversations=ruling(messages=messages))
