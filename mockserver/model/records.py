"""Records that the store keeps. They are immutable: a change makes a new one. Times are microseconds since 1970, UTC."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

NO_METADATA: Mapping[str, Any] = MappingProxyType({})
"""The metadata of conversations that have none, which are most: one object for all of them."""


class User(NamedTuple):
    """A requester or sender. `email` is None for an anonymous user, a name None where it was never given."""

    id: str
    organisation: str
    email: str | None
    first_name: str | None
    last_name: str | None
    anonymous: bool = False


class Conversation(NamedTuple):
    """A conversation. `metadata` is a JSON object and is never changed in place.

    `added` are the values of members that only the contract document at hand has, by their names.
    Equal if all is equal. The hash is that of the id, since metadata has none.
    """

    id: str
    organisation: str
    number: int
    subject: str
    status: str
    priority: str
    channel: str
    metadata: Mapping[str, Any]
    requester: User
    created_at: int
    updated_at: int
    added: Mapping[str, Any] = NO_METADATA

    def __hash__(self) -> int:
        return hash(self.id)


class Message(NamedTuple):
    """A message of a conversation. `sender_email` is None where an anonymous user's description became a message.

    `added`, equality and hash are as those of a conversation.
    """

    id: str
    conversation: str
    sender_email: str | None
    body: str
    message_type: str
    created_at: int
    added: Mapping[str, Any] = NO_METADATA

    def __hash__(self) -> int:
        return hash(self.id)
