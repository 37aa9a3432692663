"""Files that expand without bound, never end, or are of another kind: one sentence, bounded time and memory, exit code 2."""

import json
import resource
import subprocess
import sys
import time

import pytest

from accord.base.errors import AccordError
from accord.cli import run
from mockserver.scenarios.reader import LONGEST_LINE, load_scenario
from mockserver.yaml_files import LARGEST_FILE, read_yaml

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
)
MERGES = "a0: &a0 {a: 1, b: 2, c: 3}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}\n" for level in range(1, 10)
)
FILES = {
    "laughs": (LAUGHS, "by its aliases; it may for 1000000"),
    "merges": (MERGES, "by its aliases; it may for 1000000"),
    "itself": ("a: &a [*a]\n", "has an alias of something that it is in, at line 1."),
    "itself deeper": ("a: &a\n  b: {c: [1, *a]}\n", "has an alias of something that it is in, at line 1."),
    "deep": ("[" * 50_000, "nesting depth"),
    "rather deep": ("[" * 500 + "]" * 500, "more than 100 levels within each other"),
    "deep by lines": ("- " * 500 + "x", "more than 100 levels within each other"),
    "deep by aliases": (
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 150)),
        "more than 100 levels within each other",
    ),
    "set": ("a: !!set {x}\n", "tag:yaml.org,2002:set"),
    "binary": ("a: !!binary aGVsbG8=\n", "tag:yaml.org,2002:binary"),
    "object": ("a: !!python/object:os.system x\n", "python/object"),
    "digits": (f"a: {'9' * 5000}\n", "is not YAML"),
    "nul": ("a: \0b\n", "is not YAML"),
    "large": ("a: " + "x" * LARGEST_FILE, "is longer than 8 MiB"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("option", ["--scenario", "--keys", "--profile", "--spec"])
def test_a_file_that_is_too_much_is_refused(tmp_path, monkeypatch, capsys, name, option):
    monkeypatch.chdir(tmp_path)
    text, says = FILES[name]
    (tmp_path / "file.yaml").write_text(text)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert run(["mock", "--port", "0", option, "file.yaml"]) == 2
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
    out, err = capsys.readouterr()
    assert out == ""
    # No message quotes a keys file, since any text in it may be a key.
    assert says in err or (option == "--keys" and "what is there cannot be read" in err)
    assert "file.yaml" in err
    assert len(err) < 500


def test_aliases_that_stand_for_little_are_fine(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, y: [*a, *a]}\ntext: 'no & alias &here'\n")
    assert read_yaml(path, "file") == {"a": {"x": 1}, "b": {"x": 1, "y": [{"x": 1}, {"x": 1}]}, "text": "no & alias &here"}


@pytest.mark.parametrize("path", ["/dev/zero", "x" * 300, "a\0b", "."])
def test_a_path_that_leads_to_no_file(capsys, path):
    for option in ("--keys", "--profile", "--spec"):
        assert run(["mock", "--port", "0", option, path]) == 2
        assert len(capsys.readouterr().err) < 500
    with pytest.raises(AccordError):
        load_scenario(f"{path}.yaml")


def test_lines_of_any_number_but_not_of_any_length(tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps({"subject": "x"}) + "\n" + '{"subject": "' + "x" * LONGEST_LINE)
    with pytest.raises(AccordError, match=r"line 2, is longer than 8 MiB"):
        [*load_scenario(str(path)).conversations()]
    path.write_text('{"subject": ' + "[" * 5000 + "\n")
    with pytest.raises(AccordError, match=r"line 1, is not JSON"):
        [*load_scenario(str(path)).conversations()]


def test_the_default_start_imports_nothing_more_for_it():
    code = "import sys, mockserver.yaml_files; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"flask", "werkzeug", "granian"} & set(done.stdout.split())
