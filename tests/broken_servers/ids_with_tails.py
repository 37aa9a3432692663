"""Servers that find a conversation by an id that has something more, or something else, than the id has."""

import re
from collections.abc import Callable
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, MESSAGES, RESOLVE, SEND, broken
from broken_servers.store_seams import all_conversations
from mockserver.answers import Call
from mockserver.contract import Operation
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty
_LENGTH = 36


def finding(change: Callable[[str], str], *operations: str) -> WsgiApp:
    """A server that looks up another text than the one in the path, for these operations."""

    class Lenient(Validator):
        def read(self, call: Call, operation: Operation) -> Request:
            if operation.id in operations:
                call = Call(call.environ, {**call.path, "id": change(call.path["id"])})
            return super().read(call, operation)

    return broken(validator=Lenient)


def first_letters(text: str) -> str:
    """The text as far as an id goes."""
    return text[:_LENGTH]


@defect("ids-with-a-tail-on-get", "get.unknown-id", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """Getting a conversation reads as many characters as an id has, and whatever follows is overlooked."""
    return finding(first_letters, GET)


@defect("ids-with-a-tail-on-messages", "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """Listing messages reads as many characters as an id has, and whatever follows is overlooked."""
    return finding(first_letters, MESSAGES)


@defect("ids-with-a-tail-on-send", "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """Sending a message reads as many characters as an id has, and whatever follows is overlooked."""
    return finding(first_letters, SEND)


@defect("ids-with-a-tail-on-resolve", "resolve.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving reads as many characters as an id has, and whatever follows is overlooked."""
    return finding(first_letters, RESOLVE)


@defect("ids-with-a-fraction", "get.unknown-id", "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """An id ends at its first dot: a fraction after it is cut off."""
    return finding(lambda text: re.sub(r"\.\d+$", "", text), GET, MESSAGES, SEND, RESOLVE)


@defect("ids-end-at-nul", "get.unknown-id", "get.malformed-id", "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """An id ends at a NUL, as a text does in C."""
    return finding(lambda text: text.partition("\0")[0], GET, MESSAGES, SEND, RESOLVE)


@defect("ids-by-their-digits", "get.unknown-id", "messages.unknown-conversation", "resolve.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Letters that no id has are taken out of an id before it is looked up."""
    clean: Callable[[Any], str] = lambda text: re.sub(r"[^0-9a-f-]", "", text)  # noqa: E731
    return finding(clean, GET, MESSAGES, SEND, RESOLVE)


@defect("ids-last-digit-rounded", "get.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Getting a conversation compares ids as floating-point numbers, whose last bits are not kept."""
    app = finding(lambda text: near(text), GET)

    def near(text: str) -> str:
        known = (one.id for one in all_conversations(app.world.store))  # type: ignore[attr-defined]
        return next((one for one in known if one[:-1] == text[:-1]), text)

    return app
