"""The layers of docs/architecture.md, by what the modules import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("accord", "mockserver", "contract_tests")
SHARED = {"accord.assets", "accord.errors"}
"""What the mock and the suite may use of `accord`."""

LAYERS = (
    {
        *("catalogue", "citations", "connection", "credentials", "effort", "exchange", "results", "samples", "settings"),
        *("expectations", "expectations.answers", "expectations.lists", "expectations.messages"),
        *("expectations.timestamps", "expectations.values"),
    },
    {
        "adapted",
        "consistency",
        "contract",
        "evidence",
        "expectations.conversations",
        "history",
        "ledger",
        "schema_errors",
        "target",
        "twice",
    },
    {"client", "corpus", "helpdesk", "judge", "preflight", "reading", "valid_calls"},
    {"plugin"},
    {"suite", "load"},
    {"runner"},
)
"""The modules of the suite, from the ground up. A module imports of its own layer and of those below it."""

REPORTS_USE = {"catalogue", "results"}
"""What reports may import of the suite besides each other: the Run, and what it is made of."""

LONGEST = 420
LONGER: dict[str, str] = {}
"""Files of more lines than are read in one sitting, and why."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}
SUITE = [name for name in MODULES if name.startswith("contract_tests.")]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(name: str) -> Iterator[str]:
    """Our own modules that a module imports, wherever in its text."""
    for node in ast.walk(tree(MODULES[name])):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            base = node.module or ""
            # `from contract_tests import plugin` imports contract_tests.plugin.
            found = [inner if (inner := f"{base}.{alias.name}") in MODULES else base for alias in node.names]
        else:
            continue
        yield from (module for module in found if module.split(".")[0] in PACKAGES)


def layer(name: str) -> int:
    """Where a module of the suite stands."""
    inside = name.removeprefix("contract_tests.")
    for number, members in enumerate(LAYERS):
        if inside in members or inside.split(".")[0] in members & {"suite", "load"}:
            return number
    raise AssertionError(f"{name} has no layer: give it one in {Path(__file__).name}")


@pytest.mark.parametrize(("side", "other"), [("mockserver", "contract_tests"), ("contract_tests", "mockserver")])
def test_mock_and_suite_never_meet(side: str, other: str) -> None:
    for name in MODULES:
        if name.split(".")[0] == side:
            assert not [module for module in imports(name) if module.split(".")[0] == other], name


def test_they_share_the_contract_and_nothing_else() -> None:
    for name in MODULES:
        if name.split(".")[0] != "accord":
            used = {module for module in imports(name) if module.split(".")[0] == "accord"}
            assert used <= SHARED, name


def test_one_module_joins_them() -> None:
    joining = [name for name in MODULES if {module.split(".")[0] for module in imports(name)} >= {"mockserver", "contract_tests"}]
    assert joining == ["accord.verification"]


@pytest.mark.parametrize("name", SUITE)
def test_the_suite_is_built_from_the_ground_up(name: str) -> None:
    ours = {module for module in imports(name) if module.startswith("contract_tests.")}
    if name.startswith("contract_tests.reports"):
        others = {module.removeprefix("contract_tests.") for module in ours if not module.startswith("contract_tests.reports")}
        assert others <= REPORTS_USE
        return
    above = [module for module in ours if module.startswith("contract_tests.reports") or layer(module) > layer(name)]
    assert not above


def test_every_layer_is_there() -> None:
    assert {f"contract_tests.{module}" for members in LAYERS for module in members} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for(name: str) -> None:
    text = ast.get_docstring(tree(MODULES[name])) or ""
    assert text, f"{name} has no docstring"
    assert text.splitlines()[0].endswith((".", ":", "?")), f"the first line of {name}'s docstring is no sentence"


def test_files_can_be_read_in_one_sitting() -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    paths = [Path(name) for name in listed] or [path.relative_to(ROOT) for path in MODULES.values()]
    long = [path for path in paths if (ROOT / path).is_file() and len((ROOT / path).read_text("utf-8").splitlines()) > LONGEST]
    unexplained = [str(path) for path in long if not any(path.match(pattern) for pattern in LONGER)]
    assert not unexplained


def test_help_needs_nothing_heavy() -> None:
    code = "import sys, accord.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pytest", "hypothesis", "schemathesis", "flask", "granian", "requests", "jsonschema", "yaml", "jinja2", "rich"}
    assert not heavy & set(done.stdout.split())
