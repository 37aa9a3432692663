"""Servers that count messages wrongly, or show them in another form."""

from collections.abc import Callable
from typing import Any

from mockserver.handling.errors import HttpRefusal
from mockserver.serving.server import WsgiApp
from mockserver.store.memory import MemoryStore
from tests.defects.kit.parts import MESSAGES, Event, answering, broken
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def listed(change_item: Callable[[dict[str, Any], Event], dict[str, Any]], **parts: Any) -> WsgiApp:
    """A server that shows each message of a list otherwise."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": [change_item(item, event) for item in value["results"]]}

    return broken(pipeline=answering(rewrite, MESSAGES), **parts)


# --- counts -----------------------------------------------------------------------------------------------------------------------


@defect("messages.count", difficulty=EASY)
def messages_count_one_less() -> WsgiApp:
    """The count of messages leaves one out."""
    return broken(pipeline=answering(lambda value, _: value | {"count": max(0, value["count"] - 1)}, MESSAGES))


@defect("messages.count", difficulty=EASY)
def messages_count_of_the_organisation() -> WsgiApp:
    """The count of messages is that of all conversations."""
    store = MemoryStore()
    everywhere = answering(lambda value, _: value | {"count": sum(map(len, store._messages.values()))}, MESSAGES)
    return broken(pipeline=everywhere, store=store)


@defect("messages.count", difficulty=MEDIUM)
def messages_count_never_over_20() -> WsgiApp:
    """The count of messages stops at 20."""
    return broken(pipeline=answering(lambda value, _: value | {"count": min(20, value["count"])}, MESSAGES))


@defect("messages.count", difficulty=MEDIUM)
def messages_count_of_senders() -> WsgiApp:
    """The count of messages is that of their senders."""
    return broken(
        pipeline=answering(lambda value, _: value | {"count": len({one["sender_email"] for one in value["results"]})}, MESSAGES)
    )


@defect("messages.count", difficulty=RARE)
def messages_count_late() -> WsgiApp:
    """The count of messages is that of the listing before."""
    known: dict[str, int] = {}

    def rewrite(value: Any, event: Event) -> Any:
        before = known.get(event.checked.id, value["count"])
        known[event.checked.id] = value["count"]
        return value | {"count": before}

    return broken(pipeline=answering(rewrite, MESSAGES))


# --- how messages are shown -------------------------------------------------------------------------------------------------------


@defect("messages.answer", difficulty=EASY)
def messages_without_type() -> WsgiApp:
    """Messages have no message_type."""
    return listed(lambda item, _: {name: value for name, value in item.items() if name != "message_type"})


@defect("messages.answer", difficulty=EASY)
def messages_id_is_a_number() -> WsgiApp:
    """The id of a message is a number."""
    return listed(lambda item, _: item | {"id": int(item["id"][:6], 16)})


@defect("messages.id-unique", difficulty=MEDIUM)
def messages_share_an_id() -> WsgiApp:
    """All messages of a conversation have its id."""
    return listed(lambda item, event: item | {"id": event.checked.id})


@defect("messages.id-unique", difficulty=RARE)
def messages_ids_repeat_after_ten() -> WsgiApp:
    """The ids of messages repeat after ten."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [item | {"id": f"message-{at % 10}"} for at, item in enumerate(value["results"])]}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages.timestamps", "messages.answer", difficulty=EASY)
def messages_time_without_offset() -> WsgiApp:
    """The created_at of a message has no offset."""
    return listed(lambda item, _: item | {"created_at": item["created_at"].rstrip("Z")})


@defect("any.timestamp-separator", difficulty=MEDIUM)
def messages_time_with_a_space() -> WsgiApp:
    """The created_at of a message has a space in the place of the T."""
    return listed(lambda item, _: item | {"created_at": item["created_at"].replace("T", " ")})


@defect("messages.timestamps", "messages.answer", difficulty=EASY)
def messages_time_in_seconds() -> WsgiApp:
    """The created_at of a message is a number."""
    return listed(lambda item, _: item | {"created_at": 1790000000})


@defect("messages.answer", difficulty=EASY)
def messages_bare_array() -> WsgiApp:
    """The list of messages is an array, without count and results."""
    return broken(pipeline=answering(lambda value, _: value["results"], MESSAGES))


@defect("messages.answer", difficulty=MEDIUM)
def messages_none_is_not_found() -> WsgiApp:
    """The messages of a conversation that has none are answered with 404."""

    def rewrite(value: Any, _: Event) -> Any:
        if not value["results"]:
            raise HttpRefusal(404, "No messages.")
        return value

    return broken(pipeline=answering(rewrite, MESSAGES))
