"""Servers whose times are written wrongly, or are the wrong ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from broken_servers.create_seams import answered
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, Event, answering, broken
from mockserver.clock import Clock, system_time
from mockserver.conversations import Conversations
from mockserver.records import Conversation
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


def timed(show: Callable[[datetime], str], *members: str) -> WsgiApp:
    """A server that shows these times of a conversation in another way."""

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            for member in members or ("created_at", "updated_at"):
                shown[member] = show(datetime.fromisoformat(shown[member]))
        return value

    return broken(pipeline=answering(change, CREATE, GET, LIST))


@defect("times-without-offset", "create.timestamps", difficulty=EASY)
def _() -> WsgiApp:
    """Times have no offset."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}")


@defect("times-updated-without-offset", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """updated_at has no offset; created_at has one."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}", "updated_at")


@defect("times-with-a-space", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Times have no T: 2026-02-26 10:00:00+0000."""
    return timed(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S%z}")


@defect("times-offset-without-colon", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The offset has no colon: +0000."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S%z}")


@defect("times-unix", "create.timestamps", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Times are seconds since 1970."""
    return timed(lambda moment: int(moment.timestamp()))  # type: ignore[arg-type, return-value]


@defect("times-http", "create.timestamps", difficulty=EASY)
def _() -> WsgiApp:
    """Times are written as in HTTP headers."""
    return timed(lambda moment: f"{moment.astimezone(UTC):%a, %d %b %Y %H:%M:%S GMT}")


@defect("times-updated-before-created", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """updated_at is a second before created_at: it is taken from another clock."""

    class Skewed(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            created = super().create(caller, request)
            skewed = replace(created, updated_at=created.created_at - 1_000_000)
            self.store.replace_conversation(skewed)
            return skewed

    return broken(conversations=Skewed)


@defect("times-twelve-hours", "create.timestamps", difficulty=RARE)
def _() -> WsgiApp:
    """updated_at is written with hours to twelve: in the afternoon it is before created_at."""
    noon = 1_772_100_000_000_000  # 2026-02-26T10:00:00Z, to be after noon whenever this runs
    began = system_time()
    clock = Clock(lambda: noon + 6 * 3_600_000_000 + system_time() - began)

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            shown["updated_at"] = f"{datetime.fromisoformat(shown['updated_at']):%Y-%m-%dT%I:%M:%SZ}"
        return value

    return broken(clock=clock, pipeline=answering(change, CREATE, GET, LIST))


@defect("times-of-now", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """created_at is the time at which it is read."""

    def change(value: Any, event: Event) -> Any:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        return value | {"created_at": now, "updated_at": now}

    return answered(change, GET)


@defect("times-read-touches", "get.as-created", "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """Reading a conversation sets its updated_at."""

    class Touching(Conversations):
        def get(self, caller: Any, request: Any) -> Conversation:
            found = super().get(caller, request)
            touched = replace(found, updated_at=found.updated_at + 1_000_000)
            self.store.replace_conversation(touched)
            return touched

    return broken(conversations=Touching)
