"""What a run leaves out if it may create only so many conversations. This is known, and said, before its first request.

`creates.json` says how many each test creates in such a run, and how often it checks what it cites; tests/harness/creates.py writes
it.
"""

import ast
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.citations import SUITE, cited_by
from contract_tests.outcome.checks import Undecided
from contract_tests.run.settings import Settings

_REFUSED = 1
"""One more is counted while it is not known yet that a create is refused."""

CORPUS = "corpus"
"""What the table calls the conversations of the fixture of that name, which are created for the first test that asks for it."""

PREFLIGHT = "preflight"

TABLE = Path(__file__).with_name("creates.json")


@dataclass(frozen=True, slots=True)
class Plan:
    """The tests that are left out, by file and function, each with those of its requirements that no kept test decides."""

    left_out: Mapping[str, tuple[str, ...]]
    most: int

    @property
    def undecided(self) -> tuple[str, ...]:
        """The requirements that cannot be decided."""
        return tuple(dict.fromkeys(name for names in self.left_out.values() for name in names))

    def said(self) -> tuple[str, ...]:
        """What is left out, in words."""
        why = f"left out, as there is no room for it in --max-conversations {self.most}"
        return tuple(f"{test}: {why}" for test in self.left_out)

    def entries(self) -> Iterator[Undecided]:
        """What cannot be decided, for the check log."""
        for test, names in self.left_out.items():
            why = f"--max-conversations {self.most} leaves no room for {test}, which creates {created_by(test)}."
            yield from (Undecided(name, test, why) for name in names)


class _Test(NamedTuple):
    """A test by file and function, how often it checks each requirement of the run, and whether it asks for the corpus.

    Checks beyond the number that decides a requirement are not counted.
    """

    name: str
    exercises: Mapping[str, int]
    asks_for_corpus: bool


@cache
def _table() -> Mapping[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def created_by(test: str) -> int:
    """About how many conversations a test creates, of all its parameters together."""
    number: int = _table()["tests"].get(test.partition("[")[0], {"creates": 0})["creates"]
    return number


def plan(settings: Settings) -> Plan | None:
    """What does not fit into --max-conversations; None where there is no such limit.

    First comes what decides a requirement by the fewest conversations, and then what creates least.
    """
    most = settings.max_conversations
    if most is None:
        return None
    tests = sorted(_tests(settings), key=lambda test: created_by(test.name))
    left_out: list[_Test] = []
    kept: Counter[str] = Counter()
    room, shared = most - _table()[PREFLIGHT] - _REFUSED, _table()[CORPUS]
    deciding = _deciding(tests)
    for test in sorted(tests, key=lambda test: test.name not in deciding):
        needed = created_by(test.name) + (shared if test.asks_for_corpus else 0)
        if needed > room:
            left_out.append(test)
            continue
        room -= needed
        kept.update(test.exercises)
        shared = 0 if test.asks_for_corpus else shared
    catalogue = load_catalogue()
    return Plan(
        {test.name: tuple(name for name in test.exercises if kept[name] < catalogue[name].exercise) for test in left_out}, most
    )


def _deciding(tests: Sequence[_Test]) -> set[str]:
    """Return the names of the tests that are still needed after as many as possible were left out, starting from the last."""
    catalogue, times, found = load_catalogue(), Counter[str](), set[str]()
    for test in tests:
        times.update(test.exercises)
    for test in reversed(tests):
        if all(times[name] - more >= catalogue[name].exercise for name, more in test.exercises.items()):
            times.subtract(test.exercises)
        else:
            found.add(test.name)
    return found


def _tests(settings: Settings) -> Iterator[_Test]:
    """The tests of a run."""
    for name, cited, asks_for_corpus in written_tests():
        counted = _table()["tests"].get(name, {"exercises": {}})["exercises"]
        selected = {one: counted.get(one, 0) for one in cited if settings.selects(one)}
        if selected or not (cited or settings.only):
            yield _Test(name, selected, asks_for_corpus)


def written_tests() -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Each test of the suite by file and function, the requirements that it cites, and whether it asks for the corpus."""
    for path in sorted(SUITE.glob("test_*.py")):
        tree = ast.parse(path.read_bytes(), str(path))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                asks_for_corpus = CORPUS in {one.arg for one in node.args.args}
                yield f"{path.name}::{node.name}", cited_by(node, tree, path), asks_for_corpus
