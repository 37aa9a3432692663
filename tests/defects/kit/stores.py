"""How defects change the records of the store without the rules. Only this module knows how the store keeps them."""

from dataclasses import replace
from typing import Any

from mockserver.model.records import Conversation, Message


def all_conversations(store: Any) -> list[Conversation]:
    """The conversations of all organisations, in the order in which they were created."""
    found: list[Conversation] = store.state().conversations
    return found


def kept_messages(store: Any, conversation_id: str) -> list[Message]:
    """The messages of a conversation, to be changed in place."""
    messages: list[Message] = store._messages.setdefault(conversation_id, [])
    return messages


def is_answered(store: Any, conversation: Conversation) -> bool:
    """Whether somebody else than its requester has written to a conversation."""
    return any(message.sender_email != conversation.requester.email for message in kept_messages(store, conversation.id))


def forget(store: Any, conversation_id: str) -> None:
    """Delete a conversation and its messages."""
    state = store.state()
    others = [one for one in state.conversations if one.id != conversation_id]
    messages = {name: found for name, found in state.messages.items() if name != conversation_id}
    store.take(replace(state, conversations=others, messages=messages))
