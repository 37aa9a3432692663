"""Servers whose times are written wrongly, or are the wrong ones."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.clock import Clock, system_time
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered
from tests.defects.kit.parts import CREATE, GET, LIST, RESOLVE, Event, answering, broken
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def timed(show: Callable[[datetime], str], *members: str) -> WsgiApp:
    """A server that shows these times of a conversation in another way."""

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            for member in members or ("created_at", "updated_at"):
                shown[member] = show(datetime.fromisoformat(shown[member]))
        return value

    return broken(pipeline=answering(change, CREATE, GET, LIST))


@defect("create.timestamps", difficulty=EASY)
def times_without_offset() -> WsgiApp:
    """Times have no offset."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}")


@defect("create.timestamps", difficulty=MEDIUM)
def times_updated_without_offset() -> WsgiApp:
    """updated_at has no offset; created_at has one."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}", "updated_at")


@defect("create.timestamps", difficulty=MEDIUM)
def times_with_a_space() -> WsgiApp:
    """Times have no T: 2026-02-26 10:00:00+0000."""
    return timed(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S%z}")


@defect("any.timestamp-separator", difficulty=MEDIUM)
def times_with_a_space_and_an_offset() -> WsgiApp:
    """Times are written for people to read: 2026-02-26 10:00:00+00:00."""
    return timed(str)


@defect("any.timestamp-separator", difficulty=MEDIUM)
def times_with_a_space_when_created() -> WsgiApp:
    """The response to a create has a space for the T in created_at; whatever is read has the T."""
    return answered(lambda value, _: value | {"created_at": value["created_at"].replace("T", " ")}, CREATE)


@defect("any.timestamp-separator", difficulty=RARE)
def times_with_a_space_when_resolved() -> WsgiApp:
    """The response to a resolve has a space for the T in updated_at; whatever is read has the T."""
    return answered(lambda value, _: value | {"updated_at": value["updated_at"].replace("T", " ")}, RESOLVE)


@defect("any.timestamp-separator", difficulty=RARE)
def times_with_a_space_in_lists() -> WsgiApp:
    """Lists have a space for the T in updated_at; a conversation that is read by itself has the T."""

    def change(value: Any, event: Event) -> Any:
        return value | {"results": [item | {"updated_at": item["updated_at"].replace("T", " ")} for item in value["results"]]}

    return broken(pipeline=answering(change, LIST))


@defect("create.timestamps", difficulty=MEDIUM)
def times_offset_without_colon() -> WsgiApp:
    """The offset has no colon: +0000."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S%z}")


@defect("create.timestamps", "create.answer", difficulty=EASY)
def times_unix() -> WsgiApp:
    """Times are seconds since 1970."""
    return timed(lambda moment: int(moment.timestamp()))  # type: ignore[arg-type, return-value]


@defect("create.timestamps", difficulty=EASY)
def times_http() -> WsgiApp:
    """Times are written as in HTTP headers."""
    return timed(lambda moment: f"{moment.astimezone(UTC):%a, %d %b %Y %H:%M:%S GMT}")


@defect("create.timestamps", difficulty=MEDIUM)
def times_updated_before_created() -> WsgiApp:
    """updated_at is a second before created_at: it is taken from another clock."""

    class Skewed(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            created = super().create(caller, checked)
            skewed = created._replace(updated_at=created.created_at - 1_000_000)
            self.store.replace_conversation(skewed)
            return skewed

    return broken(conversations=Skewed)


@defect("create.timestamps", difficulty=RARE)
def times_twelve_hours() -> WsgiApp:
    """updated_at is written with hours to twelve: in the afternoon it is before created_at."""
    noon = 1_772_100_000_000_000  # 2026-02-26T10:00:00Z: with six hours more it is after noon, whenever this runs
    began = system_time()
    clock = Clock(lambda: noon + 6 * 3_600_000_000 + system_time() - began)

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            shown["updated_at"] = f"{datetime.fromisoformat(shown['updated_at']):%Y-%m-%dT%I:%M:%SZ}"
        return value

    return broken(clock=clock, pipeline=answering(change, CREATE, GET, LIST))


@defect("get.as-created", difficulty=MEDIUM)
def times_of_now() -> WsgiApp:
    """created_at is the time at which it is read."""

    def change(value: Any, event: Event) -> Any:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        return value | {"created_at": now, "updated_at": now}

    return answered(change, GET)


@defect("get.as-created", "list.reads-only", difficulty=RARE)
def times_read_touches() -> WsgiApp:
    """Reading a conversation sets its updated_at a second back."""

    class Touching(Conversations):
        def get(self, caller: Any, checked: Any) -> Conversation:
            found = super().get(caller, checked)
            touched = found._replace(updated_at=found.updated_at - 1_000_000)
            self.store.replace_conversation(touched)
            return touched

    return broken(conversations=Touching)


@defect("create.timestamps", difficulty=RARE)
def times_with_a_comma() -> WsgiApp:
    """Fractions of seconds come after a comma, as ISO 8601 has it and RFC 3339 does not."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S},{moment.microsecond // 1000:03}Z")


@defect("create.timestamps", difficulty=MEDIUM)
def times_basic() -> WsgiApp:
    """Times have no dashes and colons: 20260226T100000Z."""
    return timed(lambda moment: f"{moment:%Y%m%dT%H%M%SZ}")


@defect("create.timestamps", difficulty=MEDIUM)
def times_without_seconds() -> WsgiApp:
    """Times end with the minute."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%MZ}")


@defect("create.timestamps", difficulty=RARE)
def times_of_hours_only() -> WsgiApp:
    """The offset is hours only: +00."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}+00")


@defect("create.timestamps", difficulty=RARE)
def times_with_a_name() -> WsgiApp:
    """After the offset comes the name of the zone, as one language writes it by itself."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z[UTC]")


@defect("create.timestamps", difficulty=RARE)
def times_without_offset_for_clients() -> WsgiApp:
    """Shown to a client key, times have no offset."""

    def change(value: Any, event: Event) -> Any:
        if event.tier == "client":
            for shown in value["results"] if event.operation == LIST else [value]:
                shown["created_at"] = shown["created_at"].removesuffix("Z")
        return value

    return broken(pipeline=answering(change, CREATE, GET, LIST))


@defect("create.timestamps", difficulty=RARE)
def times_updated_back_by_a_message() -> WsgiApp:
    """A message sets updated_at by another clock, which is an hour slow: it goes back, to before created_at."""

    class Slow(Conversations):
        def after_reply(self, conversation: Conversation, message: Any) -> Conversation:
            after = super().after_reply(conversation, message)
            return after._replace(updated_at=after.updated_at - 3_600_000_000)

    return broken(conversations=Slow)


@defect("list.items-as-get", difficulty=RARE)
def times_rounded_in_lists() -> WsgiApp:
    """In a list, times are rounded to the next second; elsewhere they have fractions."""

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"]:
            moment = datetime.fromisoformat(shown["created_at"]) + timedelta(milliseconds=500)
            shown["created_at"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        return value

    return broken(choices={"timestamp_fraction": "microseconds"}, pipeline=answering(change, LIST))


@defect("list.items-as-get", difficulty=RARE)
def times_zone_forgotten_in_lists() -> WsgiApp:
    """In a list, created_at is the time of Berlin with the offset of Greenwich."""

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"]:
            moment = datetime.fromisoformat(shown["created_at"]) + timedelta(hours=1)
            shown["created_at"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        return value

    return broken(pipeline=answering(change, LIST))
