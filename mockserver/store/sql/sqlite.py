"""A SQLite file.

With a write-ahead log a commit is whole or not there, whenever the process is killed: what was written is with the operating system
then. So `synchronous=NORMAL` loses nothing that was acknowledged when a process dies. When the machine loses power the last moments
may be missing, and the file is whole all the same (https://sqlite.org/pragma.html#pragma_synchronous). FULL would wait for the disk
at every commit, which was measured to take 2 to 4 ms instead of 0.03.

A file that was deleted or replaced can still be written to by whoever has it open, and nobody would ever read it. So it is looked
at before and after each transaction.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import StaticPool

from accord.base.errors import AccordError
from mockserver.store import StoreUnavailableError
from mockserver.store.sql.migrating import VERSION_TABLE, damaged, is_current, migrate, probes
from mockserver.store.sql.statements import Statements
from mockserver.store.sql.units import Connection, Database, Hold, Link, Unit

_SECONDS_TO_WAIT = 5.0
"""How long a transaction waits for others that write."""

_HEADER = b"SQLite format 3\x00"
_HINT = "See whether the file and its directory can be read and written."


class SqliteDatabase(Database):
    """A file that is there and has the schema."""

    failures = (sqlite3.DatabaseError,)
    mistakes = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.NotSupportedError)

    def __init__(self, path: Path) -> None:
        super().__init__(Statements(sqlite.dialect(paramstyle="named"), sqlite.insert))
        self._path = path.absolute()
        self._identity = self._identify()
        self._leading: int | None = None

    def connect(self) -> Connection:
        self._check_file()
        return connect(self._path)

    def begin(self, link: Link, *, write: bool, hold: Hold | None) -> None:
        self._check_file()
        link.cursor.execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def hold(self, unit: Unit, hold: Hold) -> None:
        """Do nothing: a transaction that writes already excludes all others."""

    def be_patient(self, unit: Unit) -> None:
        """Do nothing: a unit waits for others only when it begins."""

    def check_committed(self) -> None:
        self._check_file()

    def leads(self) -> bool:
        """Return whether this process has a lock until it ends. It is on its own file: SQLite would release one on the database."""
        if self._leading is None:
            self._check_file()
            try:
                opened = os.open(f"{self._path}-webhooks", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise StoreUnavailableError(f"{self._path}-webhooks: {error.strerror}") from error
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(opened)
                return False
            self._leading = opened
        return True

    def close(self) -> None:
        super().close()
        leading, self._leading = self._leading, None
        if leading is not None:
            os.close(leading)

    def _check_file(self) -> None:
        if self._identify() != self._identity:
            raise StoreUnavailableError(f"{self._path} is no longer the file that was opened.")

    def _identify(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def reason(self, error: Exception) -> str:
        return f"{self._path}: {error}"

    def is_idle(self, link: Link) -> bool:
        assert isinstance(link.connection, sqlite3.Connection)
        return not link.connection.in_transaction


def connect(path: Path, mode: str = "rw") -> sqlite3.Connection:
    """A connection to a file."""
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        timeout=_SECONDS_TO_WAIT,
        # Transactions begin and end where we say so.
        isolation_level=None,
        # It is used by one thread at a time, though not always the same.
        check_same_thread=False,
        cached_statements=200,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def open_sqlite(path: Path) -> SqliteDatabase:
    """The database in a file, which is made if it is not there. Raises AccordError, and then nothing was changed."""
    if sqlite3.sqlite_version_info < (3, 35):
        raise AccordError(f"SQLite is too old here ({sqlite3.sqlite_version}).", "It should be 3.35 or later.")
    if not path.parent.is_dir():
        raise AccordError(f"There is no directory {path.parent} for the database {path}.", "Make it, or give another place.")
    if path.exists() and not path.is_file():
        raise AccordError(f"{path} is not a file.", "Give the name of a file for the database.")
    with _explained(path):
        _check_header(path)
    with _explained(path), closing(connect(path, "rwc")) as connection:
        _prepare(connection, path)
    return SqliteDatabase(path)


def _check_header(path: Path) -> None:
    """Raise AccordError for a file of another kind: SQLite takes a short one for an empty database, and writes to it."""
    if path.exists():
        with open(path, "rb") as reading:
            header = reading.read(len(_HEADER))
        if header not in (b"", _HEADER):
            raise _not_sqlite(path)


def _not_sqlite(path: Path) -> AccordError:
    return AccordError(f"{path} is not a SQLite database, and was left as it is.", "Give another file.")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AccordError(f"The database {path} cannot be used: {error.strerror}.", _HINT) from error
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            raise AccordError(f"{path} is not a SQLite database, and was left as it is.", "Give another file.") from error
        raise AccordError(
            f"The database {path} cannot be used: {error}.", "See whether the file can be read and written."
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    # Before anything is changed, the log of an older process included.
    if is_current(*_found(connection), str(path)):
        for probe in probes():
            try:
                connection.execute(probe)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                    raise  # The file could not be read. No table or column is missing.
                raise damaged(str(path), str(error)) from error
        # The UPDATE fails if the file cannot be written. BEGIN IMMEDIATE alone does not.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = version_num")
        connection.execute("ROLLBACK")
        return
    # The journal mode is stored in the file.
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise AccordError(f"The database {path} cannot have a write-ahead log there.", "Give a place on a local disk.")
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    with engine.connect() as bound:
        # If many processes start at once, the first one here migrates, and the others find it done.
        bound.exec_driver_sql("BEGIN IMMEDIATE")
        if not is_current(*_found(connection), str(path)):
            migrate(bound)
        bound.commit()


def _found(connection: sqlite3.Connection) -> tuple[set[str], str | None]:
    """The tables, and the revision."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    tables = {name for (name,) in names}
    row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() if VERSION_TABLE in tables else None
    return tables, None if row is None else row[0]
