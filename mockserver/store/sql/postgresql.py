"""A PostgreSQL database, which any number of processes share.

What writes runs at READ COMMITTED and holds the rows that it goes by (see store.py), so nothing has to be tried again. What reads
runs at REPEATABLE READ: a list and its count are of one moment. A connection that was lost, as when the server was restarted, is
noticed by the BEGIN of the next transaction, which is then begun on a new one; what was under way has failed.
"""

import time
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.pool import StaticPool

from accord.base.errors import AccordError
from mockserver.store import StoreUnavailableError
from mockserver.store.sql.migrating import VERSION_TABLE, damaged, is_current, migrate, probes
from mockserver.store.sql.statements import Statements
from mockserver.store.sql.units import Connection, Database, Hold, Link, Unit

_LOCKS = 0x0ACC0
"""The class of our advisory locks: with 0 the schema, else the namespace of that id."""

_DELIVERING = -1
"""The lock of whoever delivers events."""

_LOOK_AGAIN = 0.5
"""Seconds between checks that the connection that holds this lock is still there."""

_CONNECTION = {
    "application_name": "accord",
    # In seconds. `tcp_user_timeout`, for a server that vanished without closing the connection, is in milliseconds.
    "connect_timeout": "3",
    "tcp_user_timeout": "5000",
    "client_encoding": "utf8",
}

_SESSION = """
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '60s';
    -- Every statement looks up few rows by an index that is there for it. Planned while the tables are small or their statistics
    -- old, some would read all of a table, and the plans are kept.
    SET enable_seqscan = off;
    SET enable_bitmapscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET plan_cache_mode = force_generic_plan;
    SET jit = off
"""


class PostgresqlDatabase(Database):
    """A database that has the schema."""

    failures = (
        *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError),
        # Somebody dropped or changed what is there.
        *(psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InsufficientPrivilege),
    )

    def __init__(self, url: str) -> None:
        super().__init__(Statements(dialect(), postgresql.insert))  # type: ignore[no-untyped-call]
        self._url = url
        self._place = place_of(url)
        self._leading: Link | None = None
        self._looked_at = 0.0

    def connect(self) -> Connection:
        return connect(self._url)

    def begin(self, link: Link, *, write: bool, hold: Hold | None) -> None:
        cursor: Any = link.cursor
        if not write:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        elif hold is None:
            cursor.execute("BEGIN")
        else:
            # In one message, which cannot be prepared.
            cursor.execute(f"BEGIN; {_lock(hold)}", prepare=False)

    def hold(self, unit: Unit, hold: Hold) -> None:
        unit.run(_lock(hold))

    def be_patient(self, unit: Unit) -> None:
        unit.run("SET LOCAL lock_timeout = 0")

    def leads(self) -> bool:
        """Return whether this process holds the lock, which lasts as long as its connection."""
        try:
            if self._leading is None:
                self._leading = self._leader()
            elif time.monotonic() - self._looked_at > _LOOK_AGAIN:
                self._leading.cursor.execute("SELECT 1")
                self._looked_at = time.monotonic()
        except self.failures as error:
            self._stop_leading()
            raise StoreUnavailableError(self.reason(error)) from error
        return self._leading is not None

    def _leader(self) -> Link | None:
        link = Link(connect(self._url))
        link.cursor.execute(f"SELECT pg_try_advisory_lock({_LOCKS}, {_DELIVERING})")
        self._looked_at = time.monotonic()
        if link.cursor.fetchone()[0]:
            return link
        link.close()
        return None

    def _stop_leading(self) -> None:
        leading, self._leading = self._leading, None
        if leading is not None:
            leading.close()

    def close(self) -> None:
        super().close()
        self._stop_leading()

    def check_committed(self) -> None:
        """Do nothing: what the server has acknowledged, it keeps."""

    def reason(self, error: Exception) -> str:
        return f"{self._place}: {_first_line(error)}"

    def is_idle(self, link: Link) -> bool:
        assert isinstance(link.connection, psycopg.Connection)
        return link.connection.pgconn.transaction_status == TransactionStatus.IDLE


def _lock(hold: Hold) -> str:
    function = "pg_advisory_xact_lock" if hold.alone else "pg_advisory_xact_lock_shared"
    return f"SELECT {function}({_LOCKS}, {hold.namespace})"


def connect(url: str) -> "psycopg.Connection[Any]":
    """A connection. Transactions on it begin and end where we say so."""
    connection = psycopg.connect(url, autocommit=True, **(_CONNECTION | _given(url)))
    try:
        connection.execute(_SESSION)
    except BaseException:
        connection.close()
        raise
    return connection


def _given(url: str) -> dict[str, Any]:
    """Return the connection parameters that the URL sets itself, in the place of ours."""
    return {name: value for name, value in conninfo_to_dict(url).items() if name in _CONNECTION}


def place_of(url: str) -> str:
    """What a URL leads to, without the password."""
    parts = conninfo_to_dict(url)
    host, port = parts.get("host", "localhost"), parts.get("port")
    return f"The database {parts.get('dbname', '')!r} at {host}{f':{port}' if port else ''}"


def _first_line(error: Exception) -> str:
    """What went wrong: the last part of a message such as `connection to server at … failed: FATAL:  no such thing`."""
    line = str(error).partition("\n")[0]
    for mark in ("FATAL:  ", "failed: "):
        line = line.rpartition(mark)[2]
    return line


def open_postgresql(url: str) -> PostgresqlDatabase:
    """The database at a URL. Raises AccordError, and then nothing was changed."""
    try:
        place = place_of(url)
    except psycopg.ProgrammingError as error:
        raise AccordError(
            f"The URL of the store cannot be read: {_first_line(error)}.", "Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        ) from error
    try:
        with connect(url) as connection:
            _prepare(connection, place)
    except psycopg.Error as error:
        raise AccordError(f"{place} cannot be used: {_first_line(error)}.", _hint(str(error))) from error
    return PostgresqlDatabase(url)


def _hint(message: str) -> str:
    if "password" in message or "authentication" in message or "role" in message:
        return "See whether user and password are right."
    if "does not exist" in message:
        return "Make it with `createdb`, or see whether its name is right."
    if "permission denied" in message:
        return "The mock makes its own tables: give it a database that its user owns."
    return "See whether the server runs, and whether the address is right."


def _prepare(connection: "psycopg.Connection[Any]", place: str) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise AccordError(f"{place} keeps text as {encoding}.", "Make one with the encoding UTF8.")
    if is_current(*_found(connection), place):
        for probe in probes():
            try:
                connection.execute(probe)
            except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
                raise damaged(place, _first_line(error)) from error
        return
    engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
    connection.autocommit = False
    with engine.connect() as bound:
        # If many processes start at once, the first one here migrates, and the others find it done.
        bound.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCKS}, 0)")
        if not is_current(*_found(connection), place):
            migrate(bound)
        bound.commit()


def _found(connection: "psycopg.Connection[Any]") -> tuple[set[str], str | None]:
    """The tables, and the revision."""
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    tables = {name for (name,) in names}
    row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() if VERSION_TABLE in tables else None
    return tables, None if row is None else row[0]
