"""Where messages are broken: as they are sent, and in which order they are listed."""

from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import reading, then
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.validation import Request


def ordered(order: Callable[[list[Message]], list[Message]], **parts: Any) -> WsgiApp:
    """A server that lists messages in another order, or others."""
    return broken(conversations=reading(order), **parts)


def sent(effect: Callable[[Any, Caller, Request, Message], Any], **parts: Any) -> WsgiApp:
    """A server on which sending a message has an effect besides."""
    return broken(conversations=then("send", effect), **parts)


def conversation_of(rules: Conversations, message: Message) -> Conversation:
    found = rules.store.conversation(message.conversation)
    assert found is not None
    return found
