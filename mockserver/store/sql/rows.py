"""Rows of the database, as the statements select them, to records."""

import orjson

from mockserver.model.records import NO_METADATA, Conversation, Message, User
from mockserver.store.sql.text import from_database
from mockserver.store.sql.units import Row


def _optional(text: str | None) -> str | None:
    return None if text is None else from_database(text)


def user_of(row: Row) -> User:
    """The user in a row of six columns."""
    id_, organisation, email, first_name, last_name, anonymous = row
    return User(
        from_database(id_),
        from_database(organisation),
        _optional(email),
        _optional(first_name),
        _optional(last_name),
        bool(anonymous),
    )


def conversation_of(row: Row) -> Conversation:
    """The conversation in a row of ten columns, and its requester in six more."""
    id_, organisation, number, subject, status, priority, channel, metadata, created_at, updated_at, *user = row
    value = orjson.loads(metadata)
    known, added = value if isinstance(value, list) else (value, NO_METADATA)
    return Conversation(
        from_database(id_),
        from_database(organisation),
        number,
        from_database(subject),
        from_database(status),
        from_database(priority),
        from_database(channel),
        known,
        user_of(user),
        created_at,
        updated_at,
        added,
    )


def message_of(conversation_id: str, row: Row) -> Message:
    """The message of a conversation in a row of six columns."""
    id_, sender_email, body, message_type, created_at, added = row
    return Message(
        from_database(id_),
        conversation_id,
        _optional(sender_email),
        from_database(body),
        from_database(message_type),
        created_at,
        NO_METADATA if added is None else orjson.loads(added),
    )
