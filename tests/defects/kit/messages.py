"""Where messages are broken: as they are sent, and in which order they are listed."""

from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import reading, then


def ordered(order: Callable[[list[Message]], list[Message]], **parts: Any) -> WsgiApp:
    """Make a server that lists messages in another order, or other messages."""
    return broken(conversations=reading(order), **parts)


def sent(effect: Callable[[Any, Caller, CheckedRequest, Message], Any], **parts: Any) -> WsgiApp:
    """Make a server on which sending a message has a further effect."""
    return broken(conversations=then("send", effect), **parts)


def conversation_of(rules: Conversations, message: Message) -> Conversation:
    found = rules.store.conversation(message.conversation)
    assert found is not None
    return found
