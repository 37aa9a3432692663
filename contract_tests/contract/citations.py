"""Which requirements the shipped tests cite, found by reading them: nothing is imported or run.

A test cites the requirements that it exercises with `@pytest.mark.requirements("create.status", "create.answer")`. One that
a version of the catalogue brought says so with `@pytest.mark.since(2)`; `@pytest.mark.since(2, "create.status")` says it of what it
checks for a single requirement.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from accord.base.errors import AccordError
from contract_tests.contract.catalogue import Catalogue

SUITE = Path(__file__).parents[1] / "suite"


@dataclass(frozen=True, slots=True)
class Citation:
    """One citation of a requirement: where it is, by which test, and which version of the catalogue added it."""

    requirement: str
    file: str
    line: int
    test: str = ""
    since: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the catalogue and the tests fit together."""

    cited: Mapping[str, tuple[Citation, ...]]
    uncovered: tuple[str, ...]
    unknown: tuple[Citation, ...]


def coverage(catalogue: Catalogue, suite: Path = SUITE) -> Coverage:
    """What is cited where, what nobody cites, and what is cited and not in the catalogue.

    Raises AccordError for a test file that cannot be read, and for a citation that is not written out.
    """
    cited: dict[str, list[Citation]] = {}
    for path in sorted(suite.rglob("test_*.py")):
        for citation in _citations(path):
            cited.setdefault(citation.requirement, []).append(citation)
    return Coverage(
        {name: tuple(found) for name, found in cited.items()},
        tuple(requirement.id for requirement in catalogue if requirement.id not in cited),
        tuple(citation for name, found in cited.items() if name not in catalogue.requirements for citation in found),
    )


def _citations(path: Path) -> Iterator[Citation]:
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError) as error:
        raise AccordError(f"The test file {path} cannot be read: {error}.") from error
    constants = dict(_constants(tree))
    for node in tree.body:
        since = dict(_since(node, constants, path))
        for requirement, line in _cited_below(node, tree, path):
            version = max(since.get("", 1), since.get(requirement, 1))
            yield Citation(requirement, path.name, line, f"{path.name}::{getattr(node, 'name', '')}", version)


def cited_by(test: ast.FunctionDef, tree: ast.Module, path: Path) -> tuple[str, ...]:
    """The requirements that one test of a file cites. Raises AccordError for a citation that is not written out."""
    return tuple(dict.fromkeys(requirement for requirement, _ in _cited_below(test, tree, path)))


def _cited_below(whole: ast.AST, tree: ast.Module, path: Path) -> Iterator[tuple[str, int]]:
    constants = dict(_constants(tree))
    for node in ast.walk(whole):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.requirements":
            for argument in node.args:
                for requirement in _cited(argument, constants, path):
                    yield requirement, argument.lineno


def _since(whole: ast.AST, constants: Mapping[str, tuple[str, ...]], path: Path) -> Iterator[tuple[str, int]]:
    """Yield the versions that added a test's checks, by requirement; for the whole test, under an empty name."""
    for call in ast.walk(whole):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.since":
            version, *names = call.args
            if not isinstance(version, ast.Constant) or not isinstance(version.value, int):
                raise AccordError(
                    f"{path.name}:{version.lineno} says since when by the expression {ast.unparse(version)}.",
                    "Write the number out.",
                )
            for name in [text for argument in names for text in _cited(argument, constants, path)] or [""]:
                yield name, version.value


def _constants(tree: ast.Module) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names that a file gives to an id, or to a tuple of ids."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, (text,)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Tuple(elts=elements)):
                texts = [element.value for element in elements if isinstance(element, ast.Constant)]
                yield name, tuple(text for text in texts if isinstance(text, str))


def _cited(argument: ast.expr, constants: Mapping[str, tuple[str, ...]], path: Path) -> tuple[str, ...]:
    match argument:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.Name(id=name) | ast.Starred(value=ast.Name(id=name)) if name in constants:
            return constants[name]
    raise AccordError(
        f"{path.name}:{argument.lineno} cites a requirement by the expression {ast.unparse(argument)}.",
        "Write the id out, or give it a name in the same file: it has to be found without running the test.",
    )
