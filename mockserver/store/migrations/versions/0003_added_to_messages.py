"""Members that a contract document adds to messages."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From the schema without them."""
    op.add_column("messages", sa.Column("added", sa.Text))
