"""The wheel: what is in it, and that the command works from it, away from the checkout, as it does in it."""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.cli.command import ACCORD, KEYS, Ended, accord

ROOT = Path(__file__).parents[2]
PARTS = ("accord", "mockserver", "contract_tests", "spec", "fixtures", "pyproject.toml", "README.md", "LICENSE")


def run(*command: str | Path) -> None:
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1"}
    done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what is in the checkout, with nothing downloaded."""
    directory = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", directory, ROOT)
    [built] = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`accord` in an environment of its own, which sees the packages of this one but not the checkout."""
    directory = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", directory)
    python = directory / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel)
    [packages] = directory.glob("lib/python*/site-packages")
    # .pth files in that folder are not processed, so the editable install is not visible.
    (packages / "present.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return directory / "bin" / "accord"


def test_what_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", *PARTS], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    for name in tracked:
        if name.startswith(("spec/", "fixtures/")):
            assert f"accord/_data/{name}" in names or "/." in name
        elif "/" in name:
            assert name in names
    for name in (
        "accord/_data/spec/openapi.yaml",
        "accord/_data/spec/requirements.yaml",
        "accord/_data/spec/choices.yaml",
        "accord/_data/fixtures/demo.yaml",
        "contract_tests/reports/templates/report.html",
        "contract_tests/reports/report.schema.json",
        "contract_tests/suite/test_create.py",
    ):
        assert name in names
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"accord", "mockserver", "contract_tests"}
    assert not [name for name in names if name.endswith(".pyc")]
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_its_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    text = archive.read(metadata).decode()
    assert "Name: accord\n" in text
    assert "License-Expression: Apache-2.0\n" in text
    assert "# Accord" in text
    needed = re.findall(r"^Requires-Dist: (.+)$", text, re.MULTILINE)
    unbounded = [line for line in needed if "extra ==" not in line and "<" not in line]
    assert not unbounded


def observed(ended: Ended) -> dict[str, str]:
    return {name: choice["observed"] for name, choice in ended.report["choices"].items()}


def verified(directory: Path, program: Path) -> Ended:
    directory.mkdir()
    skipped = ("--skip", "isolation.*", "--skip", "list.*", "--skip", "any.*")  # They take long, and show nothing more here.
    ended = accord(directory, "verify", "--effort", "quick", *skipped, program=program)
    assert ended.code == 0, ended.said
    return ended


@pytest.mark.extended
def test_it_verifies_as_the_checkout_does(installed: Path, tmp_path: Path) -> None:
    by_wheel, by_checkout = verified(tmp_path / "wheel", installed), verified(tmp_path / "checkout", ACCORD)
    assert by_wheel.outcomes == by_checkout.outcomes
    assert by_wheel.report["suite"] == by_checkout.report["suite"]
    assert observed(by_wheel) == observed(by_checkout)
    assert [entry.name for entry in by_wheel.directory.iterdir()] == ["accord-report"]


def test_its_workers_find_the_suite_too(installed: Path, tmp_path: Path) -> None:
    ended = accord(tmp_path, "verify", "--effort", "quick", "--only", "get.*", "--workers", "2", program=installed)
    assert ended.code == 0, ended.said


@contextmanager
def mock(program: Path, directory: Path) -> Iterator[str]:
    with subprocess.Popen(
        [program, "mock", "--port", "0"], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield next(found[0] for line in lines if (found := re.search(r"http://[\d.:]+", line)))
        process.terminate()


def test_it_is_a_mock(installed: Path, tmp_path: Path) -> None:
    with mock(installed, tmp_path) as url:
        answer = requests.get(f"{url}/api/v1/conversations/", headers={"X-API-Key": KEYS.server}, timeout=10)
    assert answer.json()["count"] == 12


def test_the_code_that_runs_is_that_of_the_wheel(installed: Path) -> None:
    code = "import accord.base.assets as a, mockserver as m, contract_tests as c; print(a.SPEC_DIR, m.__file__, c.__file__)"
    done = subprocess.run([installed.with_name("python"), "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert str(ROOT) not in done.stdout
    assert "_data/spec" in done.stdout
