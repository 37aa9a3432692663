"""The first schema: namespaces and their snapshots, organisations, users, conversations, messages, tallies.

A migration is never changed once it was released, and so it says everything itself, instead of asking the code of today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "namespaces",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("name", TEXT, unique=True),
        sa.Column("snapshot_of", sa.Integer, sa.ForeignKey("namespaces.id", ondelete="CASCADE")),
        sa.Column("snapshot", TEXT),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("snapshot_of", "snapshot", name="namespaces_by_snapshot"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "organisations",
        sa.Column("namespace", sa.Integer, sa.ForeignKey("namespaces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("organisation", TEXT, primary_key=True),
        sa.Column("next_number", sa.BigInteger),
    )
    op.create_table(
        "users",
        sa.Column("namespace", sa.Integer, sa.ForeignKey("namespaces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("key", TEXT),
        sa.Column("email", sa.Text),
        sa.Column("first_name", sa.Text),
        sa.Column("last_name", sa.Text),
        sa.Column("anonymous", sa.Boolean, nullable=False),
        sa.UniqueConstraint("namespace", "organisation", "key", name="users_by_key"),
    )
    op.create_table(
        "conversations",
        sa.Column("namespace", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organisation", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("requester", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["namespace", "requester"], ["users.namespace", "users.id"], "conversation_has_requester", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("namespace", "organisation", "position", name="conversations_by_position"),
    )
    for name, columns in (
        ("conversations_by_status", ["namespace", "organisation", "status", "position"]),
        ("conversations_by_requester", ["namespace", "organisation", "requester", "position"]),
        ("conversations_by_requester_and_status", ["namespace", "organisation", "requester", "status", "position"]),
    ):
        op.create_index(name, "conversations", columns)
    op.create_table(
        "messages",
        sa.Column("namespace", sa.Integer, nullable=False),
        sa.Column("conversation", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("sender_email", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("message_type", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("namespace", "conversation", "position", name="messages_by_position"),
        sa.ForeignKeyConstraint(
            ["namespace", "conversation"],
            ["conversations.namespace", "conversations.id"],
            "message_has_conversation",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "tallies",
        sa.Column("namespace", sa.Integer, sa.ForeignKey("namespaces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("organisation", TEXT, primary_key=True),
        sa.Column("requester", TEXT, primary_key=True),
        sa.Column("status", TEXT, primary_key=True),
        sa.Column("conversations", sa.BigInteger, nullable=False),
    )
