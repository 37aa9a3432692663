"""Subscriptions to events, and what is on its way to them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From the first schema."""
    op.create_table(
        "webhooks",
        sa.Column("namespace", sa.Integer, sa.ForeignKey("namespaces.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("namespace", sa.Integer, sa.ForeignKey("namespaces.id", ondelete="CASCADE"), nullable=False),
        sa.Column("subscription", TEXT, nullable=False),
        sa.Column("next_at", sa.BigInteger),
        sa.Column("content", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_by_namespace", "deliveries", ["namespace", "id"])
    op.create_index("deliveries_by_moment", "deliveries", ["namespace", "next_at", "id"])
