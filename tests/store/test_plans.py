"""No statement reads more rows than it needs: each finds them by an index that is in the right order already."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mockserver.store import Order, Storage

SORTED = {(Order.BY_ID, *filters) for filters in ((False, True), (True, False), (True, True))}
"""Filtered pages in the order of ids, which have to be sorted: another index for them would make every create slower."""

OF_A_WHOLE = {"contents", "adding", "copies", "clearing", "namespaces"}
"""Statements, or lists of them, about all rows of a namespace, or about all namespaces."""


class SomeValues(dict[str, Any]):
    """A value for each parameter, whatever its name."""

    def __missing__(self, name: str) -> Any:
        return name == "anonymous_" or 1


def looked_up(sql: object) -> dict[str, str]:
    """Return the statements that must find their rows by an index, by name."""
    found: dict[str, Any] = {
        name: value for name, value in vars(sql).items() if not name.startswith("_") and name not in OF_A_WHOLE
    }
    pages, counts, _ = found.pop("pages"), found.pop("counts"), found.pop("far_pages")
    found |= {f"count {key}": value for key, value in counts.items()}
    return found | {f"page {key}": value for key, value in pages.items() if key not in SORTED}


@pytest.mark.parametrize(
    ("kind", "explain", "bad"),
    [("sqlite", "EXPLAIN QUERY PLAN", r"SCAN (?!CONSTANT|\d+ CONSTANT)|TEMP B-TREE"), ("postgresql", "EXPLAIN", "Seq Scan|Sort")],
)
def test_plans(
    request: pytest.FixtureRequest, tmp_path: Path, opened: Callable[[str], Storage], kind: str, explain: str, bad: str
) -> None:
    url = request.getfixturevalue("database") if kind == "postgresql" else f"sqlite:///{tmp_path}/state.db"
    database = opened(url)._database  # type: ignore[attr-defined]
    with closing(database.connect()) as connection:
        for name, sql in looked_up(database.sql).items():
            plan = "\n".join(str(row[-1]) for row in connection.execute(f"{explain} {sql}", SomeValues()))
            assert not re.search(bad, plan), f"{name}: {sql}\n{plan}"
