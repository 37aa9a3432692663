"""Servers that name the wrong sender of a message."""

import re
from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.defects.kit.messages import conversation_of, ordered, sent
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import ruling
from tests.defects.kit.stores import kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("messages.sender", difficulty=MEDIUM)
def messages_sender_is_requester() -> WsgiApp:
    """The sender of every message is the requester."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> Message:
        other = message._replace(sender_email=conversation_of(rules, message).requester.email)
        kept_messages(rules.store, message.conversation)[-1] = other
        return other

    return sent(effect)


@defect("messages.sender", difficulty=RARE)
def messages_sender_is_requester_for_clients() -> WsgiApp:
    """The sender of a message that came with a client key is the requester, whoever was named."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if caller.key.tier == "client":
            other = message._replace(sender_email=conversation_of(rules, message).requester.email)
            kept_messages(rules.store, message.conversation)[-1] = other

    return sent(effect)


@defect("messages.sender", difficulty=EASY)
def messages_sender_is_the_key() -> WsgiApp:
    """The sender of a message with a server key is an agent."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if caller.key.tier == "server":
            kept_messages(rules.store, message.conversation)[-1] = message._replace(sender_email="agent@yourcompany.com")

    return sent(effect)


@defect("messages.sender", difficulty=MEDIUM)
def messages_sender_of_the_latest() -> WsgiApp:
    """All messages of a conversation are shown with the sender of the latest."""
    return ordered(lambda found: [one._replace(sender_email=found[-1].sender_email) for one in found])


@defect("messages.sender", difficulty=MEDIUM)
def messages_sender_null_for_strangers() -> WsgiApp:
    """A sender who is not the requester is shown as null."""

    def found(self: Any, conversation: Conversation) -> Any:
        own = conversation.requester.email
        right = self.store.messages(conversation.id)
        return Fixed([one if one.sender_email == own else one._replace(sender_email=None) for one in right])

    return broken(conversations=ruling(ordered_messages=found))


def named(name: Callable[[str, Caller, Conversation], str | None]) -> WsgiApp:
    """Make a server that stores another sender: `name` gets the one that was sent, the caller and the conversation."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        other = name(checked.body["user_email"], caller, conversation_of(rules, message))
        kept_messages(rules.store, message.conversation)[-1] = message._replace(sender_email=other)

    return sent(effect)


@defect("messages.sender", difficulty=RARE)
def messages_sender_without_tag() -> WsgiApp:
    """What follows a plus in the address of a sender is left out."""
    return named(lambda email, caller, conversation: re.sub(r"\+[^@]*@", "@", email))


@defect("messages.sender", difficulty=RARE)
def messages_sender_tag_is_a_space() -> WsgiApp:
    """A plus in the address of a sender becomes a space, as in forms."""
    return named(lambda email, caller, conversation: email.replace("+", " "))


@defect("messages.sender", difficulty=RARE)
def messages_sender_by_local_part() -> WsgiApp:
    """A sender whose address has the requester's part before the @ is taken for the requester."""

    def name(email: str, caller: Caller, conversation: Conversation) -> str | None:
        own = conversation.requester.email
        return own if own is not None and own.partition("@")[0] == email.partition("@")[0] else email

    return named(name)


@defect("messages.sender", difficulty=RARE)
def messages_sender_null_to_anonymous() -> WsgiApp:
    """In a conversation of an anonymous requester nobody has a name: the sender is null."""
    return named(lambda email, caller, conversation: None if conversation.requester.anonymous else email)


@defect("messages.sender", difficulty=RARE)
def messages_sender_to_anonymous_is_the_first_writer() -> WsgiApp:
    """In a conversation of an anonymous requester, every message is signed by whoever wrote to it first."""
    first: dict[str, str] = {}

    def name(email: str, caller: Caller, conversation: Conversation) -> str | None:
        return first.setdefault(conversation.id, email) if conversation.requester.anonymous else email

    return named(name)


@defect("messages.sender", difficulty=RARE)
def messages_sender_of_closed_is_support() -> WsgiApp:
    """A message to a closed conversation is shown as one of the support's."""
    return named(lambda email, caller, conversation: "support@helpdesk.example" if conversation.status == "closed" else email)


@defect("messages.sender", difficulty=RARE)
def messages_sender_of_servers_by_bearer() -> WsgiApp:
    """The sender of a message with a server key after Bearer is the requester; in X-API-Key it is who was named."""

    def name(email: str, caller: Caller, conversation: Conversation) -> str | None:
        return conversation.requester.email if caller.key.tier == "server" and caller.scheme != "apiKey" else email

    return named(name)


@defect("messages.sender", difficulty=MEDIUM)
def messages_sender_of_20_characters() -> WsgiApp:
    """The address of a sender is cut after 20 characters."""
    return named(lambda email, caller, conversation: email[:20])


@defect("messages.sender", difficulty=RARE)
def messages_sender_new_ones_are_null() -> WsgiApp:
    """Who sends a message for the first time is shown as null in it: the user is made afterwards."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        unknown = self.look_up(caller.organisation, checked.body["user_email"]) is None
        message = Conversations.send(self, caller, checked)
        if unknown:
            kept_messages(self.store, message.conversation)[-1] = message._replace(sender_email=None)
        return message

    return broken(conversations=ruling(send=send))


@defect("messages.sender", difficulty=RARE)
def messages_sender_is_requester_once_closed() -> WsgiApp:
    """Once a conversation is closed, all its messages are shown as the requester's."""

    def found(self: Any, conversation: Conversation) -> Any:
        right = self.store.messages(conversation.id)
        own = conversation.requester.email
        return Fixed([one._replace(sender_email=own) for one in right]) if self.is_closed(conversation) else right

    return broken(conversations=ruling(ordered_messages=found))
