"""The documented events (webhooks page): what happened to a conversation, for those who subscribed to it."""

from typing import NamedTuple, Protocol

from mockserver.model.records import Conversation, Message

CONVERSATION_CREATED = "conversation.created"
CONVERSATION_ASSIGNED = "conversation.assigned"
CONVERSATION_RESOLVED = "conversation.resolved"
MESSAGE_CREATED = "message.created"
CALLBACK_REQUESTED = "callback.requested"


class Event(NamedTuple):
    """Something that happened. `conversation` is as it was right after; `message` belongs to MESSAGE_CREATED alone."""

    name: str
    conversation: Conversation
    message: Message | None = None


class Listeners(Protocol):
    """Takes events. To be called within the transaction that changes what they are about."""

    def are_there(self) -> bool:
        """Tell whether somebody subscribed to anything. If not, no event need be made."""
        ...

    def publish(self, event: Event) -> object:
        """Keep the event for whoever subscribed to it."""
        ...
