"""Units of work: what a thread does between the beginning of a transaction and its end, on a connection of its own meanwhile."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeVar

from mockserver.store import NamespaceGoneError, StoreUnavailableError
from mockserver.store.sql.statements import Sql, Statements
from mockserver.store.sql.text import to_database

Row = Sequence[Any]
T = TypeVar("T")


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    @property
    def rowcount(self) -> int: ...

    def execute(self, query: Any, params: Any = ..., /) -> object: ...

    def executemany(self, query: Any, params: Any, /) -> object: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """What both drivers' connections can do."""

    def cursor(self) -> Any: ...

    def close(self) -> object: ...


class Link:
    """A connection, and the one cursor that is used on it."""

    __slots__ = ("connection", "cursor")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.cursor: Cursor = connection.cursor()

    def close(self) -> None:
        # Whatever is wrong with it, it is not used again.
        with suppress(Exception):
            self.connection.close()

    def __del__(self) -> None:
        # The storage was not closed. Drivers would warn about that, which does not help anybody who just dropped a mock.
        self.close()


@dataclass(frozen=True, slots=True)
class Hold:
    """A lock on a namespace: nobody else drops, clears or restores it or, if `alone`, writes to it. `lasting` ones always exist."""

    namespace: int
    alone: bool = False
    lasting: bool = False


class Unit:
    """A transaction of one thread, and what it holds until its end. It begins with the first statement.

    So a block that begins by clearing a namespace holds it alone from the start: two that first share it, and then each want it
    alone, would wait for each other.
    """

    def __init__(self, database: "Database", *, write: bool) -> None:
        self._database = database
        self.link: Link | None = None
        self.write = write
        self.depth = 0
        self.failed = False
        self.namespaces: set[int] = set()
        """Namespaces known to exist. In a unit that writes, nobody else can drop, clear or restore them meanwhile."""
        self.organisations: set[tuple[int, str]] = set()
        """Organisations, by namespace and name, in which nobody else can add a conversation meanwhile."""
        self.conversations: dict[tuple[int, str], str] = {}
        """Statuses of the conversations, by namespace and id, that nobody else can change meanwhile."""

    def hold(self, hold: Hold) -> None:
        """Hold a namespace. Raises StoreUnavailableError, and NamespaceGoneError if it is not there."""
        known = hold.namespace in self.namespaces
        if self.link is None:
            self._begin(hold)
        elif self.write and (hold.alone or not known):
            self._database.hold(self, hold)
        if not known:
            if not hold.lasting and self.one(self._database.sql.namespace_is_there, id_=hold.namespace) is None:
                raise NamespaceGoneError("The namespace was dropped.")
            self.namespaces.add(hold.namespace)

    def run(self, sql: Sql, **values: Any) -> int:
        """Execute a statement and return how many rows it changed. Raises StoreUnavailableError, as the other methods do."""
        return self._execute(sql, values, _changed)

    def one(self, sql: Sql, **values: Any) -> Row | None:
        """The one row that a statement finds, or None."""
        return self._execute(sql, values, _first)

    def all(self, sql: Sql, **values: Any) -> list[Row]:
        """The rows that a statement finds."""
        return self._execute(sql, values, _all)

    def insert(self, sql: Sql, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute a statement for each of many rows, whose texts are as the database has them."""
        self._on_cursor(lambda cursor: cursor.executemany(sql, rows))

    def _execute(self, sql: Sql, values: dict[str, Any], result: Callable[[Cursor], T]) -> T:
        for name, value in values.items():
            if value.__class__ is str:
                values[name] = to_database(value)

        def execute(cursor: Cursor) -> T:
            cursor.execute(sql, values)
            return result(cursor)

        return self._on_cursor(execute)

    def _on_cursor(self, act: Callable[[Cursor], T]) -> T:
        link = self.link or self._begin(None)
        try:
            return act(link.cursor)
        except BaseException as error:
            # The transaction may have ended already. If a caller ignored this error, the commit must not look like a success.
            self.failed = True
            if isinstance(error, self._database.failures) and not isinstance(error, self._database.mistakes):
                raise StoreUnavailableError(self._database.reason(error)) from error
            raise

    def _begin(self, hold: Hold | None) -> Link:
        try:
            self.link = self._database.begun(write=self.write, hold=hold)
        except BaseException:
            self.failed = True
            raise
        return self.link


def _changed(cursor: Cursor) -> int:
    return cursor.rowcount


def _first(cursor: Cursor) -> Row | None:
    row: Row | None = cursor.fetchone()
    return row


def _all(cursor: Cursor) -> list[Row]:
    return cursor.fetchall()


class Database(ABC):
    """A database of either kind: connections, and the units of work on them. Safe to use from several threads."""

    failures: tuple[type[Exception], ...]
    """Exceptions of the driver that mean that the database is unavailable for now."""

    mistakes: tuple[type[Exception], ...] = ()
    """Those among the failures that are our own defects instead."""

    def __init__(self, statements: Statements) -> None:
        self.sql = statements
        self._mine = threading.local()
        self._idle: list[Link] = []

    # --- what differs ---------------------------------------------------------------------------------------------------

    @abstractmethod
    def connect(self) -> Connection:
        """A new connection. Raises one of `failures`, or StoreUnavailableError."""

    @abstractmethod
    def begin(self, link: Link, *, write: bool, hold: Hold | None) -> None:
        """Begin a transaction, and in one that writes hold a namespace. Raises one of `failures`, or StoreUnavailableError."""

    @abstractmethod
    def hold(self, unit: Unit, hold: Hold) -> None:
        """Hold one more namespace. Raises StoreUnavailableError."""

    @abstractmethod
    def reason(self, error: Exception) -> str:
        """Return the reason for a failure, in one line."""

    @abstractmethod
    def is_idle(self, link: Link) -> bool:
        """Whether the connection can be used, and is in no transaction."""

    @abstractmethod
    def be_patient(self, unit: Unit) -> None:
        """Wait for others as long as it takes, until the end of the unit."""

    @abstractmethod
    def check_committed(self) -> None:
        """Raise StoreUnavailableError if what was committed may not last."""

    @abstractmethod
    def leads(self) -> bool:
        """Whether this process delivers events: at most one does, and another one may as soon as it has ended.

        Raises StoreUnavailableError.
        """

    # --- units of work --------------------------------------------------------------------------------------------------

    def current(self) -> Unit | None:
        """The unit of work that this thread is in."""
        return getattr(self._mine, "unit", None)

    def start(self, *, write: bool) -> Unit:
        """The unit of work of this thread from now on."""
        unit = self._mine.unit = Unit(self, write=write)
        return unit

    def begun(self, *, write: bool, hold: Hold | None) -> Link:
        """A connection on which a transaction has begun. Raises StoreUnavailableError."""
        try:
            return self._begun(write=write, hold=hold)
        except self.failures as error:
            raise StoreUnavailableError(self.reason(error)) from error

    def _begun(self, *, write: bool, hold: Hold | None) -> Link:
        try:
            link = self._idle.pop()
        except IndexError:
            return self._begun_anew(write=write, hold=hold)
        try:
            self.begin(link, write=write, hold=hold)
        except self.failures:
            lost = not self.is_idle(link)
            link.close()
            if not lost:
                raise
            # The connection was lost while idle, and the others with it. Nothing was done on it yet, so a new one can replace it.
            self._close_idle()
            return self._begun_anew(write=write, hold=hold)
        except BaseException:
            link.close()
            raise
        return link

    def _begun_anew(self, *, write: bool, hold: Hold | None) -> Link:
        link = Link(self.connect())
        try:
            self.begin(link, write=write, hold=hold)
        except BaseException:
            link.close()
            raise
        return link

    def finish(self, unit: Unit, *, commit: bool) -> None:
        """End the unit of work of this thread. Raises StoreUnavailableError if a commit is not known to have succeeded."""
        self._mine.unit = None
        if not commit or unit.failed:
            if unit.link is not None:
                self._roll_back(unit.link)
            if commit:
                raise StoreUnavailableError("Something went wrong earlier in this unit of work.")
        elif unit.link is not None:
            self._commit(unit, unit.link)

    def _commit(self, unit: Unit, link: Link) -> None:
        try:
            unit.run("COMMIT")
            if unit.write:
                self.check_committed()
        except BaseException:
            self._roll_back(link)
            raise
        self._idle.append(link)

    def _roll_back(self, link: Link) -> None:
        try:
            if not self.is_idle(link):
                link.cursor.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - without its connection the transaction is rolled back all the same
            link.close()
            return
        if self.is_idle(link):
            self._idle.append(link)
        else:
            link.close()

    def close(self) -> None:
        """Let go of whatever is held open and not in use."""
        self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()


class Entered:
    """The unit of work of a thread, for as long as a block runs: a new one, or the one that it is in already.

    May be entered any number of times, by several threads too. With `hold` it raises what `Unit.hold` does.
    """

    __slots__ = ("_database", "_hold", "_write")

    def __init__(self, database: Database, *, write: bool, hold: Hold | None = None) -> None:
        self._database = database
        self._write = write
        self._hold = hold

    def __enter__(self) -> Unit:
        unit = self._database.current() or self._database.start(write=self._write)
        if self._write and not unit.write:
            raise RuntimeError("This would write within a transaction that only reads.")
        unit.depth += 1
        if self._hold is not None:
            try:
                unit.hold(self._hold)
            except BaseException as error:
                self.__exit__(type(error), error, None)
                raise
        return unit

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        unit = self._database.current()
        assert unit is not None
        unit.depth -= 1
        if unit.depth == 0:
            self._database.finish(unit, commit=kind is None)
