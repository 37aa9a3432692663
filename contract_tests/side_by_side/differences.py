"""What differs between two servers: outcomes of requirements, options of choices, and responses of one session."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.run import Result, Run
from contract_tests.reports.text import visible
from contract_tests.side_by_side.session import Seen

SCHEMA = "accord/diff/1"
NOT_OBSERVED = "not observed"

_LINES = 40
"""Lines of what differs in one response that are shown."""

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was looked at on both servers, and what it is on each. `detail` says more where they differ."""

    name: str
    first: str
    second: str
    detail: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return self.first != self.second or bool(self.detail)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two servers, by their addresses, and all that was looked at."""

    first: str
    second: str
    requirements: tuple[Row, ...]
    choices: tuple[Row, ...]
    session: tuple[Row, ...]

    @property
    def parts(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows by what they are about."""
        return {"requirements": self.requirements, "choices": self.choices, "session": self.session}

    @property
    def differs(self) -> bool:
        """Whether anything does."""
        return any(row.differs for rows in self.parts.values() for row in rows)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        return {
            "schema": SCHEMA,
            "servers": [self.first, self.second],
            "differs": self.differs,
            **{
                name: [
                    {"name": row.name, "first": row.first, "second": row.second, "differs": row.differs, "detail": [*row.detail]}
                    for row in rows
                ]
                for name, rows in self.parts.items()
            },
        }


def compared(runs: tuple[Run, Run], sessions: tuple[Sequence[tuple[str, Seen]], Sequence[tuple[str, Seen]]]) -> Comparison:
    """Compare what two runs found, by the same settings, and what came back in two sessions, by the same script."""
    first, second = runs
    return Comparison(
        first.base_url,
        second.base_url,
        tuple(_requirements(first, second)),
        tuple(_choices(first, second)),
        tuple(_session(*sessions)),
    )


def _requirements(first: Run, second: Run) -> Iterator[Row]:
    there = {result.requirement.id: result for result in second.results}
    for result in first.results:
        other = there.get(result.requirement.id)
        if other is not None:
            detail = [*_why(result, "first"), *_why(other, "second")] if result.outcome != other.outcome else []
            yield Row(result.requirement.id, result.outcome, other.outcome, tuple(detail))


def _why(result: Result, which: str) -> Iterator[str]:
    for evidence in result.evidence[:1]:
        yield _short(f"{which}: {evidence.summary}; expected {evidence.expected}, actual {evidence.actual}")
    if result.reason and not result.evidence:
        yield _short(f"{which}: {result.reason}")


def _choices(first: Run, second: Run) -> Iterator[Row]:
    for name in load_catalogue().choices:
        one, other = ((seen.observed if (seen := run.choices.get(name)) else None) or NOT_OBSERVED for run in (first, second))
        # A choice that was observed on only one server shows no difference.
        if NOT_OBSERVED not in (one, other):
            yield Row(name, one, other)


def _session(first: Sequence[tuple[str, Seen]], second: Sequence[tuple[str, Seen]]) -> Iterator[Row]:
    for (title, one), (_, other) in zip(first, second, strict=True):
        yield Row(title, _head(one), _head(other), tuple(_lines(one.body, other.body)))


def _head(seen: Seen) -> str:
    return visible(f"{seen.status} {seen.media_type}".strip()) if seen.status else "no response"


def _lines(one: Any, other: Any) -> Iterator[str]:
    if one == other:
        return
    before, after = (json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True).splitlines() for body in (one, other))
    changed = [line for line in unified_diff(before, after, n=0, lineterm="") if line[:2] not in ("--", "++", "@@")]
    yield from map(_short, changed[:_LINES])
    if len(changed) > _LINES:
        yield f"… and {len(changed) - _LINES} more lines"


def _short(text: str) -> str:
    line = " ".join(visible(text[: 2 * _LONGEST]).split()) if text[:1] not in "+-" else visible(text[:_LONGEST])
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
