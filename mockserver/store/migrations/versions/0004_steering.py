"""What control requests change of a namespace besides its data, for all mocks on the database."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """From the schema in which each process kept that for itself."""
    op.add_column("namespaces", sa.Column("steering", sa.Text))
    op.add_column("namespaces", sa.Column("steered", sa.Integer, nullable=False, server_default="0"))
    op.create_index("namespaces_by_steered", "namespaces", ["steered"])
