"""What docs/mock.md says is so."""

import ast
import re
from pathlib import Path

import pytest

from accord.commands.mock import command
from mockserver.keys.files import read_keys
from mockserver.keys.model import StandardKeys
from mockserver.scenarios.reader import scenario_names

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "mock.md").read_text(encoding="utf-8")


def section(name):
    return TEXT.partition(f"<!-- {name}: begin -->\n")[2].partition(f"<!-- {name}: end -->")[0]


def test_the_keys():
    keys = StandardKeys.of(1)
    documented = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", section("keys"), re.MULTILINE))
    assert documented == {name: getattr(keys, name) for name in documented}
    assert set(documented) == set(keys.__slots__) - {"origin", "bundle_id"}
    assert keys.origin in section("keys")
    assert keys.bundle_id in section("keys")
    assert keys.client in TEXT.partition("```js")[2]


def test_the_keys_file(tmp_path):
    path = tmp_path / "keys.yaml"
    path.write_text(section("keys-file").removeprefix("```yaml\n").removesuffix("```\n"))
    assert [key.tier for key in read_keys(path)] == ["server", "client"]


def test_the_options():
    rows = [row.split("|")[1:4] for row in section("options").splitlines()[2:]]
    documented = {cells[0].split("`")[1].split()[0]: (cells[1].strip(" `"), cells[2].strip()) for cells in rows}
    assert list(documented) == [parameter.opts[0] for parameter in command.params]
    for parameter in command.params:
        default, text = documented[parameter.opts[0]]
        assert text == parameter.help.partition("  [")[0]
        if default and parameter.opts[0] != "--cors":
            assert default == str(parameter.default)


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_is_described(name):
    assert f"| `{name}` |" in TEXT


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_mock_never_imports_the_suite_nor_anything_heavy():
    for path in (ROOT / "mockserver").rglob("*.py"):
        for name in imports(path):
            assert name.split(".")[0] not in {"contract_tests", "schemathesis", "hypothesis", "rich", "jsonschema"}, path
            if path.parent.name != "testing":
                assert name.split(".")[0] not in {"pytest", "requests", "responses"}, path
