"""Random rewrites of servers' source: mutants by the operators of Cosmic Ray, drawn by a seed.

Of Cosmic Ray only the operators are used, as a library: a mutant is the text of a file with one operator applied at one place, and
can be judged in any way. mutmut, the other maintained tool, puts all mutants behind switches, for its own runs of pytest.

A place in the source is drawn first, then one of the operators that can change it: places with many operators count no more often.
Mutants that change only annotations, or that are not valid Python, are left out.
"""

import ast
import difflib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).parents[2]

SERVERS: Mapping[str, Sequence[str]] = {
    "mock": (
        "mockserver/handling/authentication.py",
        "mockserver/handling/conversations.py",
        "mockserver/handling/pipeline.py",
        "mockserver/handling/serializer.py",
        "mockserver/handling/validation.py",
        "mockserver/http/json_bodies.py",
        "mockserver/keys/model.py",
        "mockserver/keys/sent.py",
        "mockserver/model/*.py",
        "mockserver/store/memory.py",
    ),
    "django": (
        "examples/django_helpdesk/helpdesk/api/*.py",
        "examples/django_helpdesk/helpdesk/models/key.py",
        "examples/django_helpdesk/helpdesk/services/*.py",
    ),
}
"""The files of each server that do what the documentation says, without its clock, its faults and its control API."""

_NOT_OF_THE_API = ("clock.py", "deliveries.py", "events.py")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file of a server with one place changed."""

    server: str
    path: str
    line: int
    operator: str
    source: str
    before: str
    after: str
    nth: int

    @property
    def name(self) -> str:
        """Its name: path, old line and new line, and which one of several equal lines of the file it is."""
        again = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.path}{again}: {self.before} -> {self.after}"


def drawn(server: str, number: int, seed: int) -> list[Mutant]:
    """Return so many mutants of a server, no two the same."""
    chance = random.Random(f"{server} {seed}")
    places = [(path, place) for path in _files(server) for place in _places(path)]
    found: dict[str, Mutant] = {}
    while places and len(found) < number:
        path, place = places.pop(chance.randrange(len(places)))
        operators = list(_places(path)[place])
        chance.shuffle(operators)
        mutant = next((one for name, nth in operators if (one := _mutant(server, path, name, nth))), None)
        if mutant is not None:
            found.setdefault(mutant.name, mutant)
    return list(found.values())


def _files(server: str) -> list[str]:
    paths = {path for pattern in SERVERS[server] for path in ROOT.glob(pattern)}
    return sorted(str(path.relative_to(ROOT)) for path in paths if path.name not in _NOT_OF_THE_API)


@cache
def _source(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def _operators() -> dict[str, Any]:
    classes = {name: cosmic_ray.plugins.get_operator(name) for name in cosmic_ray.plugins.operator_names()}
    # Operators with arguments are left out: they rename variables that the caller has to name.
    return {name: made() for name, made in classes.items() if not made.arguments()}


@cache
def _places(path: str) -> dict[tuple[object, object], list[tuple[str, int]]]:
    """Return the places of a file that can be changed, each with its operators and, for each operator, the number of the place."""
    nodes = list(ast_nodes(get_ast(_source(path))))
    found: dict[tuple[object, object], list[tuple[str, int]]] = {}
    for name, operator in _operators().items():
        positions = (position for node in nodes for position in operator.mutation_positions(node))
        for nth, (start, end) in enumerate(positions):
            found.setdefault((start, end), []).append((name, nth))
    return found


def _mutant(server: str, path: str, name: str, nth: int) -> Mutant | None:
    source = _source(path)
    changed = mutate_code(source, _operators()[name], nth)
    if changed is None or _meaning(changed) in (None, _meaning(source)):
        return None
    line, before, after = next(_changes(source, changed))
    nth = [_joined([text]) for text in source.splitlines()[:line]].count(before)
    return Mutant(server, path, line, name.removeprefix("core/"), changed, before, after, nth)


def _changes(source: str, changed: str) -> Iterator[tuple[int, str, str]]:
    one, other = source.splitlines(), changed.splitlines()
    for kind, start, end, first, last in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if kind != "equal":
            yield start + 1, _joined(one[start:end]), _joined(other[first:last])


def _joined(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())


def _meaning(source: str) -> str | None:
    """Return the syntax tree of a program without its annotations, as text, or None if it is not valid Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    return ast.dump(tree)
