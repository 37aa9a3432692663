"""Servers that are right while one request follows the other, or most of the time: faults that only load can find."""

import itertools
import time
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, Event, answering, broken
from tests.defects.registry import all_defects


def messages_lost_in_a_crowd() -> WsgiApp:
    """A message that comes within 20 ms of another to the same conversation is acknowledged and not kept."""
    last: dict[str, float] = {}
    lost: set[str] = set()

    def change(value: Any, event: Event) -> Any:
        if event.operation == SEND:
            now = time.monotonic()
            if now - last.get(event.checked.id, 0.0) < 0.02:
                lost.add(event.body["body"])
            last[event.checked.id] = now
            return value
        kept = [item for item in value["results"] if item["body"] not in lost]
        return value | {"results": kept, "count": len(kept)}

    return broken(pipeline=answering(change, SEND, MESSAGES))


def numbers_given_twice() -> WsgiApp:
    """Every twentieth number is that of the conversation before."""

    def change(value: Any, event: Event) -> Any:
        for item in value["results"] if event.operation == LIST else [value]:
            item["number"] -= item["number"] % 20 == 0
        return value

    return broken(pipeline=answering(change, CREATE, GET, LIST, RESOLVE))


def lists_that_leak() -> WsgiApp:
    """Every tenth list of an organisation holds what another organisation has just created: they share a cache."""
    latest: dict[str, Any] = {}
    due = itertools.count(1)

    def change(value: Any, event: Event) -> Any:
        own = event.caller.key.organisation
        if event.operation == CREATE:
            latest[own] = dict(value)
            return value
        others = [item for organisation, item in latest.items() if organisation != own]
        if others and next(due) % 10 == 0:
            return value | {"results": [*others[:1], *value["results"]][:100]}
        return value

    return broken(pipeline=answering(change, CREATE, LIST))


def messages_reordered() -> WsgiApp:
    """Messages of the same tenth of a second are listed in any order."""

    def change(value: Any, event: Event) -> Any:
        by_moment = sorted(value["results"], key=lambda item: (item["created_at"][:21], item["id"]))
        return value | {"results": [item | {"created_at": f"{item['created_at'][:21]}Z"} for item in by_moment]}

    return broken(pipeline=answering(change, MESSAGES))


def resolved_and_open_again() -> WsgiApp:
    """Every twentieth resolving is acknowledged and not kept."""
    return all_defects()["persistence-every-twentieth-resolve-undone"].app()
