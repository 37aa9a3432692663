"""Bringing a database to the schema of this version: nothing is done to one that belongs to something else, or is newer."""

from pathlib import Path
from typing import TYPE_CHECKING

from accord.errors import AccordError

if TYPE_CHECKING:
    from sqlalchemy import Connection

VERSION_TABLE = "accord_version"
"""Alembic keeps the revision in it, and it tells that a database is ours."""

REVISIONS = ("0001",)
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
    return revision == REVISIONS[-1]


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
