"""All namespaces of a database."""

from collections.abc import Callable
from typing import Any

import orjson

from mockserver.model.clock import system_time
from mockserver.store import DEFAULT_NAMESPACE, NamespaceGoneError, NamespaceRecord, Order, Steered, Store
from mockserver.store.sql import states
from mockserver.store.sql.store import SqlStore
from mockserver.store.sql.text import from_database
from mockserver.store.sql.units import Database, Entered, Hold, Row

_Start = tuple[str, Callable[[Store], None]]

_PROTOTYPES = 16
"""How many different initial states of namespaces are kept, for others that start with the same."""

_SMALL = 2_000
"""An initial state with more rows than this in one table is not worth the memory."""


class SqlStorage:
    """Namespaces of a database, which other processes may use at the same time. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = database.sql
        self._reading = Entered(database, write=False)
        self._writing = Entered(database, write=True)
        self._prototypes: dict[_Start, states.Rows] = {}

    def namespace(self, name: str) -> NamespaceRecord | None:
        with self._reading as unit:
            row = unit.one(self._sql.namespace, name_=name)
        return None if row is None else _namespace_of(row)

    def namespaces(self) -> list[NamespaceRecord]:
        with self._reading as unit:
            rows = unit.all(self._sql.namespaces)
        return sorted(map(_namespace_of, rows), key=lambda namespace: namespace.name)

    def create(self, namespace: NamespaceRecord, order: Order, fill: Callable[[Store], None]) -> bool:
        settings = orjson.dumps(namespace.settings, default=dict).decode()
        with self._writing as unit:
            # Another process may be making a namespace of that name, and filling it with a million conversations.
            self._database.be_patient(unit)
            row = unit.one(
                self._sql.add_namespace,
                name_=namespace.name,
                snapshot_of_=None,
                snapshot_=None,
                settings_=settings,
                created_at_=system_time(),
            )
            if row is None:
                return False
            # Nobody else knows of it yet, so it need not be held.
            unit.namespaces.add(row[0])
            # `fill` is a method of the plan, and tells apart plans whose scenario file was read again, which the settings do not.
            start = (settings, fill)
            if start in self._prototypes:
                states.put(unit, self._sql, row[0], self._prototypes[start])
            else:
                fill(self._store(namespace.name, row[0], order))
                self._keep(start, states.rows_of(unit, self._sql, row[0], _SMALL))
        return True

    def _keep(self, start: _Start, rows: states.Rows | None) -> None:
        if rows is not None:
            if len(self._prototypes) >= _PROTOTYPES:
                del self._prototypes[next(iter(self._prototypes))]
            self._prototypes[start] = rows

    def open(self, name: str, order: Order) -> Store:
        with self._reading as unit:
            row = unit.one(self._sql.namespace_id, name_=name)
        if row is None:
            raise NamespaceGoneError(name)
        return self._store(name, row[0], order)

    def _store(self, name: str, namespace: int, order: Order) -> SqlStore:
        return SqlStore(self._database, namespace, order, lasting=name == DEFAULT_NAMESPACE)

    def drop(self, name: str) -> bool:
        if name == DEFAULT_NAMESPACE:
            raise ValueError("The default namespace is always there.")
        with self._reading as unit:
            row = unit.one(self._sql.namespace_id, name_=name)
        if row is None:
            return False
        try:
            with Entered(self._database, write=True, hold=Hold(row[0], alone=True)) as unit:
                for (snapshot,) in unit.all(self._sql.snapshot_ids, snapshot_of_=row[0]):
                    states.drop(unit, self._sql, snapshot)
                states.drop(unit, self._sql, row[0])
        except NamespaceGoneError:
            return False
        return True

    shared = True

    def steered(self, name: str) -> Steered:
        with self._reading as unit:
            row = unit.one(self._sql.steered, name_=name)
        if row is None:
            raise NamespaceGoneError(name)
        return _steered_of(row)

    def versions(self) -> dict[str, int]:
        with self._reading as unit:
            return {from_database(name): version for name, version in unit.all(self._sql.steered_versions)}

    def steer(self, name: str, change: Callable[[Steered], dict[str, Any] | None]) -> int:
        with self._reading as unit:
            row = unit.one(self._sql.namespace_id, name_=name)
        if row is None:
            raise NamespaceGoneError(name)
        with Entered(self._database, write=True, hold=Hold(row[0], alone=True)) as unit:
            before = unit.one(self._sql.steered, name_=name)
            if before is None:
                raise NamespaceGoneError(name)
            document = change(_steered_of(before))
            written = None if document is None else orjson.dumps(document).decode()
            unit.run(self._sql.steer, id_=row[0], steering_=written)
            return _steered_of(before).version + 1

    def leads(self) -> bool:
        return self._database.leads()

    def waiting(self) -> list[str]:
        with self._reading as unit:
            return [from_database(name) for (name,) in unit.all(self._sql.waiting_namespaces)]

    def close(self) -> None:
        self._database.close()


def _steered_of(row: Row) -> Steered:
    document, version = row
    return Steered(version, None if document is None else orjson.loads(document))


def _namespace_of(row: Row) -> NamespaceRecord:
    name, settings = row
    return NamespaceRecord(from_database(name), orjson.loads(settings))
