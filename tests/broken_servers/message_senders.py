"""Servers that name the wrong sender of a message."""

import re
from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import ruling
from broken_servers.message_seams import conversation_of, ordered, sent
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from broken_servers.store_seams import kept_messages
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.store import Fixed
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


@defect("messages-sender-is-requester", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The sender of every message is the requester."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> Message:
        other = message._replace(sender_email=conversation_of(rules, message).requester.email)
        kept_messages(rules.store, message.conversation)[-1] = other
        return other

    return sent(effect)


@defect("messages-sender-is-requester-for-clients", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """The sender of a message that came with a client key is the requester, whoever was named."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.key.tier == "client":
            other = message._replace(sender_email=conversation_of(rules, message).requester.email)
            kept_messages(rules.store, message.conversation)[-1] = other

    return sent(effect)


@defect("messages-sender-is-the-key", "messages.sender", difficulty=EASY)
def _() -> WsgiApp:
    """The sender of a message with a server key is an agent."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.key.tier == "server":
            kept_messages(rules.store, message.conversation)[-1] = message._replace(sender_email="agent@yourcompany.com")

    return sent(effect)


@defect("messages-sender-of-the-latest", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """All messages of a conversation are shown with the sender of the latest."""
    return ordered(lambda found: [one._replace(sender_email=found[-1].sender_email) for one in found])


@defect("messages-sender-null-for-strangers", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A sender who is not the requester is shown as null."""

    def found(self: Any, conversation: Conversation) -> Any:
        own = conversation.requester.email
        right = self.store.messages(conversation.id)
        return Fixed([one if one.sender_email == own else one._replace(sender_email=None) for one in right])

    return broken(conversations=ruling(ordered_messages=found))


def named(name: Callable[[str, Caller, Conversation], str | None]) -> WsgiApp:
    """A server that stores another sender: `name` gets the one that was sent, the caller and the conversation."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        other = name(request.body["user_email"], caller, conversation_of(rules, message))
        kept_messages(rules.store, message.conversation)[-1] = message._replace(sender_email=other)

    return sent(effect)


@defect("messages-sender-without-tag", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """What follows a plus in the address of a sender is left out."""
    return named(lambda email, caller, conversation: re.sub(r"\+[^@]*@", "@", email))


@defect("messages-sender-tag-is-a-space", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """A plus in the address of a sender becomes a space, as in forms."""
    return named(lambda email, caller, conversation: email.replace("+", " "))


@defect("messages-sender-by-local-part", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """A sender whose address has the requester's part before the @ is taken for the requester."""

    def name(email: str, caller: Caller, conversation: Conversation) -> str | None:
        own = conversation.requester.email
        return own if own is not None and own.partition("@")[0] == email.partition("@")[0] else email

    return named(name)


@defect("messages-sender-null-to-anonymous", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """In a conversation of an anonymous requester nobody has a name: the sender is null."""
    return named(lambda email, caller, conversation: None if conversation.requester.anonymous else email)


@defect("messages-sender-of-closed-is-support", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """A message to a closed conversation is shown as one of the support's."""
    return named(lambda email, caller, conversation: "support@helpdesk.example" if conversation.status == "closed" else email)


@defect("messages-sender-of-servers-by-bearer", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """The sender of a message with a server key after Bearer is the requester; in X-API-Key it is who was named."""

    def name(email: str, caller: Caller, conversation: Conversation) -> str | None:
        return conversation.requester.email if caller.key.tier == "server" and caller.scheme != "apiKey" else email

    return named(name)


@defect("messages-sender-of-20-characters", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The address of a sender is cut after 20 characters."""
    return named(lambda email, caller, conversation: email[:20])


@defect("messages-sender-new-ones-are-null", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """Who sends a message for the first time is shown as null in it: the user is made afterwards."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        unknown = self.look_up(caller.organisation, request.body["user_email"]) is None
        message = Conversations.send(self, caller, request)
        if unknown:
            kept_messages(self.store, message.conversation)[-1] = message._replace(sender_email=None)
        return message

    return broken(conversations=ruling(send=send))


@defect("messages-sender-is-requester-once-closed", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """Once a conversation is closed, all its messages are shown as the requester's."""

    def found(self: Any, conversation: Conversation) -> Any:
        right = self.store.messages(conversation.id)
        own = conversation.requester.email
        return Fixed([one._replace(sender_email=own) for one in right]) if self.is_closed(conversation) else right

    return broken(conversations=ruling(ordered_messages=found))
