"""Servers that count messages wrongly, or show them in another form."""

from collections.abc import Callable
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import MESSAGES, Event, answering, broken
from mockserver.problems import Refusal
from mockserver.server import WsgiApp
from mockserver.store.memory import MemoryStore

EASY, MEDIUM, RARE = Difficulty


def listed(change_item: Callable[[dict[str, Any], Event], dict[str, Any]], **parts: Any) -> WsgiApp:
    """A server that shows each message of a list otherwise."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": [change_item(item, event) for item in value["results"]]}

    return broken(pipeline=answering(rewrite, MESSAGES), **parts)


# --- counts -----------------------------------------------------------------------------------------------------------------------


@defect("messages-count-one-less", "messages.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count of messages leaves one out."""
    return broken(pipeline=answering(lambda value, _: value | {"count": max(0, value["count"] - 1)}, MESSAGES))


@defect("messages-count-of-the-organisation", "messages.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count of messages is that of all conversations."""
    store = MemoryStore()
    everywhere = answering(lambda value, _: value | {"count": sum(map(len, store._messages.values()))}, MESSAGES)
    return broken(pipeline=everywhere, store=store)


@defect("messages-count-never-over-20", "messages.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count of messages stops at 20."""
    return broken(pipeline=answering(lambda value, _: value | {"count": min(20, value["count"])}, MESSAGES))


@defect("messages-count-of-senders", "messages.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count of messages is that of their senders."""
    return broken(
        pipeline=answering(lambda value, _: value | {"count": len({one["sender_email"] for one in value["results"]})}, MESSAGES)
    )


@defect("messages-count-late", "messages.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count of messages is that of the listing before."""
    known: dict[str, int] = {}

    def rewrite(value: Any, event: Event) -> Any:
        before = known.get(event.request.id, value["count"])
        known[event.request.id] = value["count"]
        return value | {"count": before}

    return broken(pipeline=answering(rewrite, MESSAGES))


# --- how messages are shown -------------------------------------------------------------------------------------------------------


@defect("messages-without-type", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Messages have no message_type."""
    return listed(lambda item, _: {name: value for name, value in item.items() if name != "message_type"})


@defect("messages-id-is-a-number", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The id of a message is a number."""
    return listed(lambda item, _: item | {"id": int(item["id"][:6], 16)})


@defect("messages-share-an-id", "messages.id-unique", difficulty=MEDIUM)
def _() -> WsgiApp:
    """All messages of a conversation have its id."""
    return listed(lambda item, event: item | {"id": event.request.id})


@defect("messages-ids-repeat-after-ten", "messages.id-unique", difficulty=RARE)
def _() -> WsgiApp:
    """The ids of messages repeat after ten."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [item | {"id": f"message-{at % 10}"} for at, item in enumerate(value["results"])]}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages-time-without-offset", "messages.timestamps", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The created_at of a message has no offset."""
    return listed(lambda item, _: item | {"created_at": item["created_at"].rstrip("Z")})


@defect("messages-time-with-a-space", "messages.timestamps", "messages.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The created_at of a message has a space in the place of the T."""
    return listed(lambda item, _: item | {"created_at": item["created_at"].replace("T", " ")})


@defect("messages-time-in-seconds", "messages.timestamps", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The created_at of a message is a number."""
    return listed(lambda item, _: item | {"created_at": 1790000000})


@defect("messages-bare-array", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The list of messages is an array, without count and results."""
    return broken(pipeline=answering(lambda value, _: value["results"], MESSAGES))


@defect("messages-none-is-not-found", "messages.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of a conversation that has none are answered with 404."""

    def rewrite(value: Any, _: Event) -> Any:
        if not value["results"]:
            raise Refusal(404, "No messages.")
        return value

    return broken(pipeline=answering(rewrite, MESSAGES))
