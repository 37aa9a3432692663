"""Bringing a database to the schema of this version: nothing is done to one that belongs to something else, or is newer."""

from pathlib import Path
from typing import TYPE_CHECKING

from accord.base.errors import AccordError
from mockserver.store.sql.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

VERSION_TABLE = "accord_version"
"""Alembic keeps the revision in it, and it tells that a database is ours."""

TABLES = tuple(metadata.tables.values())

REVISIONS = ("0001", "0002", "0003", "0004")
"""All migrations in their order. A database at the last one is used without importing Alembic, which takes long."""


def is_current(tables: set[str], revision: str | None, where: str) -> bool:
    """Whether a database with these tables, at that revision, needs no migration. Raises AccordError if it is not to be touched."""
    if tables and VERSION_TABLE not in tables:
        some = ", ".join(sorted(tables)[:3])
        raise AccordError(
            f"{where} holds tables of something else ({some}), and was left as it is.", "Give the mock a database of its own."
        )
    if revision is not None and revision not in REVISIONS:
        raise AccordError(
            f"{where} was made by a newer version of Accord (its revision is {revision[:40]!r}), and was left as it is.",
            "Use that version, or another database.",
        )
    if revision is None and tables - {VERSION_TABLE}:
        raise damaged(where, f"{VERSION_TABLE} is empty")
    return revision == REVISIONS[-1]


def probes() -> list[str]:
    """Return a statement for each table, which fails if a current database lacks this table or a column of it."""
    return [
        f"SELECT {', '.join(f'{table.name}.{column.name}' for column in table.c)} FROM {table.name} LIMIT 0" for table in TABLES
    ]


def damaged(where: str, why: str) -> AccordError:
    """What to raise for a database that is ours and was changed by something else."""
    return AccordError(
        f"{where} lacks something that Accord made in it: {why}.", "Bring back a copy of it, or use another database."
    )


def migrate(connection: "Connection", revision: str = "head") -> None:
    """Bring the schema to a revision, in the transaction that is open on the connection. Raises what the driver raises."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

    config = Config()
    # Percent signs of a path would be taken for interpolation.
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except DBAPIError as error:
        raise (error.orig or error) from error
