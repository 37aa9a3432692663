"""Servers that show something else later: a copy that is out of date, or what a read has changed."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import GET, LIST, MESSAGES, RESOLVE, SEND, Counter, Event, TwoProcesses, answering, broken
from tests.defects.kit.rules import SECOND, change, ruling, then
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
DURABLE = "any.durable"


def read(effect: Callable[[Event, dict[str, Any]], Any], *operations: str, **parts: Any) -> WsgiApp:
    """Make a server that shows conversations otherwise; `effect` gets the event and the correct conversation."""
    return broken(pipeline=answering(lambda value, event: effect(event, value), *operations), **parts)


@defect(DURABLE, "get.as-created", "list.items-as-get", difficulty=RARE)
def persistence_channel_gone_after_a_while() -> WsgiApp:
    """A second after its create, a conversation of the channel callback has the channel web."""

    def effect(event: Event, value: dict[str, Any]) -> Any:
        found = app.namespace.store.conversation(value["id"])
        old = found is not None and time.time_ns() // 1000 - found.created_at > SECOND
        return value | {"channel": "web"} if old and value["channel"] == "callback" else value

    app = read(effect, GET)
    return app


@defect("get.as-created", "list.items-as-get", DURABLE, difficulty=MEDIUM)
def persistence_subject_gone_after_get() -> WsgiApp:
    """Reading a conversation cuts its subject after 20 characters, which the next reading shows."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, found: Conversation) -> None:
        change(rules, found, subject=found.subject[:20])

    return broken(conversations=then("get", effect))


@defect("get.as-created", DURABLE, "list.reads-only", difficulty=RARE)
def persistence_priority_gone_after_five_readings() -> WsgiApp:
    """The fifth reading of a conversation, and those after it, show the priority low."""
    times = Counter()
    return read(lambda event, value: value | {"priority": "low"} if times.next(value["id"]) > 4 else value, GET)


@defect("resolve.get-agrees", difficulty=RARE)
def persistence_a_replica_flips_back() -> WsgiApp:
    """Every third reading of a conversation once it is closed comes from a replica on which it is open."""
    times = Counter()

    def effect(event: Event, value: dict[str, Any]) -> Any:
        flipped = value["status"] == "closed" and times.next(value["id"]) % 3 == 0
        return value | {"status": "open"} if flipped else value

    return read(effect, GET)


@defect("resolve.get-agrees", difficulty=MEDIUM)
def persistence_get_is_cached() -> WsgiApp:
    """A conversation that was read is answered from a copy for a second."""
    kept: dict[str, tuple[float, Any]] = {}

    def effect(event: Event, value: dict[str, Any]) -> Any:
        at, copy = kept.get(value["id"], (0.0, value))
        if time.monotonic() - at < 1:
            return copy
        kept[value["id"]] = (time.monotonic(), value)
        return value

    return read(effect, GET)


@defect("resolve.get-agrees", difficulty=RARE)
def persistence_get_is_cached_by_key() -> WsgiApp:
    """A conversation that a client key read is answered to it from a copy ever after."""
    kept: dict[str, Any] = {}

    def effect(event: Event, value: dict[str, Any]) -> Any:
        return kept.setdefault(value["id"], value) if event.tier == "client" else value

    return read(effect, GET)


@defect("resolve.get-agrees", DURABLE, difficulty=RARE)
def persistence_two_processes_keep_what_they_read() -> WsgiApp:
    """Two processes take turns at gets and keep what they have read; a message clears both memories, a resolve that of one."""
    processes = TwoProcesses()

    def rewrite(value: Any, event: Event) -> Any:
        if event.operation == GET:
            return processes.kept(event.checked.id, value)
        for memory in processes.concerned(both=event.operation == SEND):
            memory.pop(event.checked.id, None)
        return value

    return broken(pipeline=answering(rewrite, GET, SEND, RESOLVE))


@defect("messages.listed-once", difficulty=MEDIUM)
def persistence_messages_are_cached() -> WsgiApp:
    """The messages of a conversation are answered from a copy for half a second."""
    kept: dict[str, tuple[float, Any]] = {}

    def rewrite(value: Any, event: Event) -> Any:
        at, copy = kept.get(event.checked.id, (0.0, value))
        if time.monotonic() - at < 0.5:
            return copy
        kept[event.checked.id] = (time.monotonic(), value)
        return value

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("list.items-as-get", "resolve.get-agrees", "resolve.lists-agree", difficulty=MEDIUM)
def persistence_list_shows_old_copies() -> WsgiApp:
    """Lists show conversations as they were when they were listed first."""
    kept: dict[str, Any] = {}

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": [kept.setdefault(item["id"], item) for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST))


@defect(DURABLE, "get.as-created", "list.items-as-get", difficulty=MEDIUM)
def persistence_numbers_move_up() -> WsgiApp:
    """The number of a conversation is its place among those that are open, and moves when one before it is closed."""

    def effect(event: Event, value: dict[str, Any]) -> Any:
        closed = app.namespace.store.conversations(event.caller.organisation, None, "closed")
        return value | {"number": value["number"] - sum(one.number < value["number"] for one in closed)}

    app = read(effect, GET)
    return app


@defect("get.as-created", difficulty=RARE)
def persistence_ids_change() -> WsgiApp:
    """Read with a key after Bearer, a conversation has its id in capitals."""
    return read(lambda event, value: value | {"id": value["id"].upper()} if event.by_bearer else value, GET)


@defect("get.as-created", difficulty=MEDIUM)
def persistence_created_at_is_read_at() -> WsgiApp:
    """The created_at of a conversation is the time at which it is read."""

    def effect(event: Event, value: dict[str, Any]) -> Any:
        now = app.namespace.pipeline.serializer.time(time.time_ns() // 1000)
        return value | {"created_at": now, "updated_at": now}

    app = read(effect, GET, choices={"timestamp_fraction": "microseconds"})
    return app


@defect("any.durable", "list.reads-only", difficulty=RARE)
def messages_timed_by_reading() -> WsgiApp:
    """The time of a message is that at which it is listed."""

    def messages(self: Any, caller: Any, checked: Any) -> Any:
        page = Conversations.messages(self, caller, checked)
        now = self.clock.now()
        return replace(page, results=[message._replace(created_at=now) for message in page.results])

    return broken(conversations=ruling(messages=messages))
