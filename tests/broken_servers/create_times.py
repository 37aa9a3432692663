"""Servers whose times are written wrongly, or are the wrong ones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
            skewed = created._replace(updated_at=created.created_at - 1_000_000)
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
            touched = found._replace(updated_at=found.updated_at + 1_000_000)
            self.store.replace_conversation(touched)
            return touched

    return broken(conversations=Touching)


@defect("times-with-a-comma", "create.timestamps", difficulty=RARE)
def _() -> WsgiApp:
    """Fractions of seconds come after a comma, as ISO 8601 has it and RFC 3339 does not."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S},{moment.microsecond // 1000:03}Z")


@defect("times-basic", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Times have no dashes and colons: 20260226T100000Z."""
    return timed(lambda moment: f"{moment:%Y%m%dT%H%M%SZ}")


@defect("times-without-seconds", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Times end with the minute."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%MZ}")


@defect("times-of-hours-only", "create.timestamps", difficulty=RARE)
def _() -> WsgiApp:
    """The offset is hours only: +00."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}+00")


@defect("times-with-a-name", "create.timestamps", difficulty=RARE)
def _() -> WsgiApp:
    """After the offset comes the name of the zone, as one language writes it by itself."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z[UTC]")


@defect("times-without-offset-for-clients", "create.timestamps", difficulty=RARE)
def _() -> WsgiApp:
    """Shown to a client key, times have no offset."""

    def change(value: Any, event: Event) -> Any:
        if event.tier == "client":
            for shown in value["results"] if event.operation == LIST else [value]:
                shown["created_at"] = shown["created_at"].removesuffix("Z")
        return value

    return broken(pipeline=answering(change, CREATE, GET, LIST))


@defect("times-updated-back-by-a-message", "create.timestamps", difficulty=RARE)
def _() -> WsgiApp:
    """A message sets updated_at by another clock, which is an hour slow: it goes back, to before created_at."""

    class Slow(Conversations):
        def after_reply(self, conversation: Conversation, message: Any) -> Conversation:
            after = super().after_reply(conversation, message)
            return after._replace(updated_at=after.updated_at - 3_600_000_000)

    return broken(conversations=Slow)


@defect("times-rounded-in-lists", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """In a list, times are rounded to the next second; elsewhere they have fractions."""

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"]:
            moment = datetime.fromisoformat(shown["created_at"]) + timedelta(milliseconds=500)
            shown["created_at"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        return value

    return broken(choices={"timestamp_fraction": "microseconds"}, pipeline=answering(change, LIST))


@defect("times-zone-forgotten-in-lists", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """In a list, created_at is the time of Berlin with the offset of Greenwich."""

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"]:
            moment = datetime.fromisoformat(shown["created_at"]) + timedelta(hours=1)
            shown["created_at"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        return value

    return broken(pipeline=answering(change, LIST))
