"""Servers that name the wrong sender of a message."""

from dataclasses import replace
from typing import Any

from broken_servers.list_seams import ruling
from broken_servers.message_seams import conversation_of, ordered, sent
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.store import Fixed
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


@defect("messages-sender-is-requester", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The sender of every message is the requester."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> Message:
        other = replace(message, sender_email=conversation_of(rules, message).requester.email)
        rules.store._messages[message.conversation][-1] = other
        return other

    return sent(effect)


@defect("messages-sender-is-requester-for-clients", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """The sender of a message that came with a client key is the requester, whoever was named."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.key.tier == "client":
            other = replace(message, sender_email=conversation_of(rules, message).requester.email)
            rules.store._messages[message.conversation][-1] = other

    return sent(effect)


@defect("messages-sender-is-the-key", "messages.sender", difficulty=EASY)
def _() -> WsgiApp:
    """The sender of a message with a server key is an agent."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.key.tier == "server":
            rules.store._messages[message.conversation][-1] = replace(message, sender_email="agent@yourcompany.com")

    return sent(effect)


@defect("messages-sender-of-the-latest", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """All messages of a conversation are shown with the sender of the latest."""
    return ordered(lambda found: [replace(one, sender_email=found[-1].sender_email) for one in found])


@defect("messages-sender-null-for-strangers", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A sender who is not the requester is shown as null."""

    def found(self: Any, conversation: Conversation) -> Any:
        own = conversation.requester.email
        right = self.store.messages(conversation.id)
        return Fixed([one if one.sender_email == own else replace(one, sender_email=None) for one in right])

    return broken(conversations=ruling(ordered_messages=found))
