"""Where the state is kept, by URL: `memory:`, `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`."""

from pathlib import Path

from accord.base.errors import AccordError
from mockserver.store import Storage

MEMORY = "memory:"

_KINDS = f"Stores: {MEMORY}, sqlite:///FILE, postgresql://USER:PASSWORD@HOST:PORT/DATABASE."


def open_storage(url: str = MEMORY) -> Storage:
    """The storage at a URL; a file or tables that are not there are made.

    Raises AccordError if there can be none, and then nothing was changed.
    """
    # Each kind is imported when it is asked for: a mock that keeps its state in memory starts several times as fast.
    scheme, colon, rest = url.partition(":")
    if url in (MEMORY, "memory"):
        from mockserver.store.memory import MemoryStorage

        return MemoryStorage()
    if colon and scheme == "sqlite":
        return _sqlite(rest)
    if colon and scheme in ("postgresql", "postgres"):
        return _postgresql(url)
    raise AccordError(f"There is no store of the kind {scheme[:40]!r}.", _KINDS)


def _sqlite(rest: str) -> Storage:
    name = rest.removeprefix("///")
    if name == rest or not name or name.startswith(":memory:"):
        raise AccordError(
            "The URL of the store names no file.", "Write sqlite:///FILE, and sqlite:////FILE for a path from the root."
        )
    if "?" in name:
        raise AccordError("The URL of a SQLite store has no options.", "Write sqlite:///FILE.")
    from mockserver.store.sql.sqlite import open_sqlite
    from mockserver.store.sql.storage import SqlStorage

    return SqlStorage(open_sqlite(Path(name)))


def _postgresql(url: str) -> Storage:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise AccordError("The driver for PostgreSQL is not installed.", "Install it: pip install 'psycopg[binary]'") from error
    from mockserver.store.sql.postgresql import open_postgresql
    from mockserver.store.sql.storage import SqlStorage

    return SqlStorage(open_postgresql(url))
