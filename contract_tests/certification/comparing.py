"""Several reports beside each other: vendors by requirements, and vendors by choices. Never a ranking: the order is that given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accord.base.visible import on_one_line
from contract_tests.outcome.run import Outcome, Result, Run

NOT_THERE = "not in the report"

_NAMED = 6
"""Vendors that a line names; of more it says how many."""


@dataclass(frozen=True, slots=True)
class Column:
    """One report: what it is called, what it is (`a valid certificate`, `a report`), and its run."""

    title: str
    kind: str
    run: Run

    def choice_of(self, name: str) -> str:
        """Return which option of a choice the server takes."""
        found = self.run.choices.get(name)
        return NOT_THERE if found is None else found.observed or "not observed"


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement or a choice, and what each of the columns says of it. `level` is empty for a choice."""

    name: str
    level: str
    cells: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the columns do not all say the same."""
        return len(set(self.cells)) > 1

    def groups(self, columns: Sequence[Column]) -> dict[str, list[str]]:
        """Return the titles of the columns by what they say."""
        found: dict[str, list[str]] = {}
        for column, cell in zip(columns, self.cells, strict=True):
            found.setdefault(cell, []).append(column.title)
        return found


def told(run: Run, result: Result) -> str:
    """Return the outcome of a result in words, with its standing: never `passed` for what was not tested."""
    standing = run.standing(result)
    outcome = result.outcome.replace("_", " ")
    return outcome if standing is None else f"{outcome}, {standing}"


def requirements_of(columns: Sequence[Column]) -> list[Row]:
    """Return a row for each requirement that any of the reports has, in their order."""
    levels: dict[str, str] = {}
    cells = [{one.requirement.id: told(column.run, one) for one in column.run.results} for column in columns]
    for column in columns:
        for one in column.run.results:
            levels.setdefault(one.requirement.id, one.requirement.level.value)
    return [Row(name, level, tuple(found.get(name, NOT_THERE) for found in cells)) for name, level in levels.items()]


def choices_of(columns: Sequence[Column]) -> list[Row]:
    """Return a row for each choice that any of the reports has."""
    names = dict.fromkeys(name for column in columns for name in column.run.choices)
    return [Row(name, "", tuple(column.choice_of(name) for column in columns)) for name in names]


def lines(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the comparison for a terminal: what all say the same is counted, and what differs is told."""
    for column in columns:
        yield f"{column.title}  {column.kind}, {column.run.verdict}, {column.run.started_at}"
    for heading, rows in (("Requirements", requirements_of(columns)), ("Choices", choices_of(columns))):
        same = (
            [row for row in rows if not row.differs and row.cells[0] == Outcome.PASSED.value] if heading == "Requirements" else []
        )
        yield ""
        yield f"{heading}{f': all passed {len(same)} of {len(rows)}' if heading == 'Requirements' else ''}"
        for row in rows:
            if row in same:
                continue
            said = "; ".join(f"{cell}: {_some(titles, len(columns))}" for cell, titles in row.groups(columns).items())
            yield f"  {row.name}{f' ({row.level})' if row.level else ''}  {said}"


def _some(titles: list[str], columns: int) -> str:
    if len(titles) == columns:
        return "all"
    named = ", ".join(on_one_line(title) for title in titles[:_NAMED])
    return f"{named} and {len(titles) - _NAMED} more" if len(titles) > _NAMED else named


def to_json(columns: Sequence[Column]) -> dict[str, Any]:
    """Return the comparison as values of JSON."""

    def table(rows: list[Row]) -> dict[str, Mapping[str, Any]]:
        return {row.name: {**({"level": row.level} if row.level else {}), "said": list(row.cells)} for row in rows}

    return {
        "schema": "accord/comparison/1",
        "reports": [
            {"title": one.title, "kind": one.kind, "verdict": one.run.verdict.value, "run": one.run.id, "at": one.run.started_at}
            for one in columns
        ],
        "requirements": table(requirements_of(columns)),
        "choices": table(choices_of(columns)),
    }
