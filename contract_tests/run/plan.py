"""What a run that may create only so many conversations leaves out: known, and said, before its first request.

`creates.json` says how many each test creates at the effort `quick`; tests/harness/creates.py writes it.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from contract_tests.contract.citations import SUITE, cited_by
from contract_tests.outcome.checks import Undecided
from contract_tests.run.settings import Settings

_REFUSED = 1
"""One more is counted while it is not known yet that a create is refused."""

TABLE = Path(__file__).with_name("creates.json")


@dataclass(frozen=True, slots=True)
class Plan:
    """The tests that are left out, by file and function, each with the requirements of the run that it is about."""

    left_out: Mapping[str, tuple[str, ...]]
    most: int

    @property
    def undecided(self) -> tuple[str, ...]:
        """The requirements that cannot be decided."""
        return tuple(dict.fromkeys(name for names in self.left_out.values() for name in names))

    def entries(self) -> Iterator[Undecided]:
        """The same, for the check log."""
        for test, names in self.left_out.items():
            why = f"--max-conversations {self.most} leaves no room for {test}, which creates {created_by(test)}."
            yield from (Undecided(name, test, why) for name in names)


@cache
def _table() -> Mapping[str, int]:
    table: dict[str, int] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def created_by(test: str) -> int:
    """About how many conversations a test creates, of all its parameters together."""
    return _table().get(test.partition("[")[0], 0)


def plan(settings: Settings) -> Plan | None:
    """What does not fit into --max-conversations, the tests that create least first; None where there is no such limit."""
    most = settings.max_conversations
    if most is None:
        return None
    left_out: dict[str, tuple[str, ...]] = {}
    room = most - created_by("preflight") - _REFUSED
    for test, names in sorted(_tests(settings), key=lambda one: created_by(one[0])):
        if (needed := created_by(test)) > room:
            left_out[test] = names
        else:
            room -= needed
    return Plan(left_out, most)


def _tests(settings: Settings) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The tests of a run, each with the requirements of the run that it cites."""
    for path in sorted(SUITE.glob("test_*.py")):
        tree = ast.parse(path.read_bytes(), str(path))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                cited = cited_by(node, tree, path)
                names = tuple(name for name in cited if settings.selects(name))
                if names or not (cited or settings.only):
                    yield f"{path.name}::{node.name}", names
