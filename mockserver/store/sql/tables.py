"""The tables, as they are after all migrations.

Everything belongs to a namespace and goes with it. A snapshot is a namespace too, one without a name of its own, so that taking
and restoring it are the same copy of rows.

Nothing but a whole namespace is ever deleted, so positions have no gaps: the conversations of an organisation count up from 0 in
the order in which they were made, and so do the messages of a conversation. This is what makes a page far down as fast as the
first one. How many conversations there are of each status is kept, for each organisation and each requester, since counting
rows takes as long as there are rows.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared code point by code point, as SQLite does: other collations find different texts equal, and are slow."""

EVERYBODY = ""
"""Stands in `tallies` for all requesters of the organisation together. No user has that id."""


def _namespace(*, primary: bool = True) -> Column[int]:
    return Column("namespace", Integer, ForeignKey("namespaces.id", ondelete="CASCADE"), primary_key=primary, nullable=False)


namespaces = Table(
    "namespaces",
    metadata,
    # Ids are never reused, so that a store notices that its namespace was dropped, even if a new one has the name.
    Column("id", Integer, Identity(), primary_key=True),
    Column("name", TEXT, unique=True),
    Column("snapshot_of", Integer, ForeignKey("namespaces.id", ondelete="CASCADE")),
    Column("snapshot", TEXT),
    Column("settings", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # JSON, as text: what control requests changed besides the data; None if nothing is. And how often it was written.
    Column("steering", Text),
    Column("steered", Integer, nullable=False, server_default="0"),
    UniqueConstraint("snapshot_of", "snapshot", name="namespaces_by_snapshot"),
    Index("namespaces_by_steered", "steered"),
    sqlite_autoincrement=True,
)

organisations = Table(
    "organisations",
    metadata,
    _namespace(),
    Column("organisation", TEXT, primary_key=True),
    # None until a number was taken.
    Column("next_number", BigInteger),
)

users = Table(
    "users",
    metadata,
    _namespace(),
    Column("id", TEXT, primary_key=True),
    Column("organisation", TEXT, nullable=False),
    Column("key", TEXT),
    Column("email", Text),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("anonymous", Boolean, nullable=False),
    UniqueConstraint("namespace", "organisation", "key", name="users_by_key"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("namespace", Integer, primary_key=True, autoincrement=False),
    Column("id", TEXT, primary_key=True),
    Column("organisation", TEXT, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("requester", TEXT, nullable=False),
    Column("status", TEXT, nullable=False),
    Column("subject", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # JSON as text, since JSON types change numbers or the order of members. A list of two also has members that a document adds.
    Column("metadata", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["namespace", "requester"], ["users.namespace", "users.id"], "conversation_has_requester", ondelete="CASCADE"
    ),
    UniqueConstraint("namespace", "organisation", "position", name="conversations_by_position"),
    Index("conversations_by_status", "namespace", "organisation", "status", "position"),
    Index("conversations_by_requester", "namespace", "organisation", "requester", "position"),
    Index("conversations_by_requester_and_status", "namespace", "organisation", "requester", "status", "position"),
)

messages = Table(
    "messages",
    metadata,
    Column("namespace", Integer, nullable=False),
    Column("conversation", TEXT, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("id", TEXT, nullable=False),
    Column("sender_email", Text),
    Column("body", Text, nullable=False),
    Column("message_type", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # JSON, as text: members that a document adds; None if it adds none.
    Column("added", Text),
    PrimaryKeyConstraint("namespace", "conversation", "position", name="messages_by_position"),
    ForeignKeyConstraint(
        ["namespace", "conversation"],
        ["conversations.namespace", "conversations.id"],
        "message_has_conversation",
        ondelete="CASCADE",
    ),
)

tallies = Table(
    "tallies",
    metadata,
    _namespace(),
    Column("organisation", TEXT, primary_key=True),
    Column("requester", TEXT, primary_key=True),
    Column("status", TEXT, primary_key=True),
    Column("conversations", BigInteger, nullable=False),
)

webhooks = Table(
    "webhooks",
    metadata,
    _namespace(),
    Column("id", TEXT, primary_key=True),
    # JSON, as text.
    Column("settings", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    _namespace(primary=False),
    Column("subscription", TEXT, nullable=False),
    # None if it is over.
    Column("next_at", BigInteger),
    # JSON, as text: what is sent, and what came of it.
    Column("content", Text, nullable=False),
    Index("deliveries_by_namespace", "namespace", "id"),
    Index("deliveries_by_moment", "namespace", "next_at", "id"),
    sqlite_autoincrement=True,
)

CONTENT = (organisations, users, conversations, messages, tallies)
"""What a namespace holds: each table after those that it refers to."""
