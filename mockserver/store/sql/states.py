"""The whole state of a namespace: forgotten, kept under a name, and brought back. To be called while nobody else writes to it.

A snapshot is a namespace of its own, without a name, that belongs to the namespace it was taken of.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.model.clock import system_time
from mockserver.store.sql.statements import Statements
from mockserver.store.sql.tables import CONTENT
from mockserver.store.sql.text import from_database
from mockserver.store.sql.units import Unit

Rows = Sequence[Sequence[Mapping[str, Any]]]
"""What a namespace holds, by table: the parameters of the statement that adds each row."""


def clear(unit: Unit, sql: Statements, namespace: int) -> None:
    """Delete all that a namespace holds."""
    for statement in sql.clearing:
        unit.run(statement, namespace_=namespace)
    unit.organisations = {key for key in unit.organisations if key[0] != namespace}
    unit.conversations = {key: status for key, status in unit.conversations.items() if key[0] != namespace}


def drop(unit: Unit, sql: Statements, namespace: int) -> None:
    """Delete a namespace or a snapshot, with all that it holds."""
    # Row by row, as the database itself would, takes several times as long.
    clear(unit, sql, namespace)
    unit.run(sql.drop_namespace, id_=namespace)


def snapshot(unit: Unit, sql: Statements, namespace: int, name: str) -> None:
    """Keep what the namespace holds under a name."""
    drop_snapshot(unit, sql, namespace, name)
    row = unit.one(sql.add_namespace, name_=None, snapshot_of_=namespace, snapshot_=name, settings_="{}", created_at_=system_time())
    assert row is not None
    _copy(unit, sql, namespace, row[0])


def restore(unit: Unit, sql: Statements, namespace: int, name: str) -> bool:
    """Let the namespace hold what a snapshot does. False if there is none of that name."""
    row = unit.one(sql.snapshot_id, snapshot_of_=namespace, snapshot_=name)
    if row is None:
        return False
    clear(unit, sql, namespace)
    _copy(unit, sql, row[0], namespace)
    return True


def snapshots(unit: Unit, sql: Statements, namespace: int) -> list[str]:
    """The names of the snapshots, sorted."""
    return sorted(from_database(row[0]) for row in unit.all(sql.snapshots, snapshot_of_=namespace))


def drop_snapshot(unit: Unit, sql: Statements, namespace: int, name: str) -> bool:
    """Forget a snapshot. False if there is none of that name."""
    row = unit.one(sql.snapshot_id, snapshot_of_=namespace, snapshot_=name)
    if row is None:
        return False
    drop(unit, sql, row[0])
    return True


def rows_of(unit: Unit, sql: Statements, namespace: int, limit: int) -> Rows | None:
    """All that a namespace holds; None if a table of it has more than `limit` rows."""
    found = [unit.all(statement, namespace_=namespace, limit_=limit + 1) for statement in sql.contents]
    if max(map(len, found)) > limit:
        return None
    parameters = [[f"{column.name}_" for column in table.c] for table in CONTENT]
    return [[dict(zip(names, row, strict=True)) for row in rows] for names, rows in zip(parameters, found, strict=True)]


def put(unit: Unit, sql: Statements, namespace: int, rows: Rows) -> None:
    """Let a new namespace hold what another one held."""
    for statement, table in zip(sql.adding, rows, strict=True):
        unit.insert(statement, [{**row, "namespace_": namespace} for row in table])


def _copy(unit: Unit, sql: Statements, source: int, target: int) -> None:
    for statement in sql.copies:
        unit.run(statement, source_=source, target_=target)
