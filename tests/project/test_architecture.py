"""The house rules that import-linter (see pyproject.toml) does not check."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("accord", "mockserver", "contract_tests")
LONGEST = 420
LONGER: dict[str, str] = {}
"""Files that may have more lines than others, each with the reason."""


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(name: str) -> Iterator[str]:
    """Yield our own modules that a module imports, anywhere in its code."""
    for node in ast.walk(tree(MODULES[name])):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} has a relative import"
            base = node.module or ""
            # `from contract_tests.run import plugin` imports contract_tests.run.plugin.
            found = [inner if (inner := f"{base}.{alias.name}") in MODULES else base for alias in node.names]
        else:
            continue
        yield from (module for module in found if module.split(".")[0] in PACKAGES)


def test_one_module_joins_them() -> None:
    joining = [name for name in MODULES if {module.split(".")[0] for module in imports(name)} >= {"mockserver", "contract_tests"}]
    assert joining == ["accord.embedded_mock"]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for(name: str) -> None:
    text = ast.get_docstring(tree(MODULES[name])) or ""
    assert text, f"{name} has no docstring"
    assert text.splitlines()[0].endswith((".", ":", "?")), f"the first line of {name}'s docstring is no sentence"


# The shipped tests are in files that are named by the areas of the catalogue.
PACKAGES_OF_OURS = [name for name, path in MODULES.items() if path.name == "__init__.py" and name != "contract_tests.suite"]


@pytest.mark.parametrize("name", PACKAGES_OF_OURS)
def test_a_package_says_what_each_of_its_files_has(name: str) -> None:
    folder = MODULES[name].parent
    rows = [line for line in (ast.get_docstring(tree(MODULES[name])) or "").splitlines() if line.startswith("| ")]
    listed = {one for row in rows[1:] for one in row.split(" | ")[0].removeprefix("| ").split(", ")}
    files = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
    folders = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    assert files | folders <= listed
    assert not {one for one in listed if not (folder / one).exists()}


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
