"""What Alembic runs migrations with: the connection that it was given, in the transaction that is open on it."""

from alembic import context

from mockserver.store.sql.migrating import VERSION_TABLE
from mockserver.store.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite can take back changes of the schema like any other; Alembic is cautious about it by default.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
