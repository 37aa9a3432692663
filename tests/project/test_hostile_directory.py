"""Files in the working directory and variables in the environment do not change the verdict: it depends on the server alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import KEYS, Ended, accord, key_options
from tests.defects.registry import all_defects

BREAKS = "raise SystemExit('this file must not be loaded')\n"
FILES = {
    "conftest.py": """
import pytest

def pytest_collection_modifyitems(items):
    items.clear()

@pytest.fixture(autouse=True)
def interfere():
    raise AssertionError("a conftest.py of the user was loaded")
""",
    "pytest.ini": "[pytest]\naddopts = --maxfail=1 -k nothing -p hostile\npython_functions = nothing_*\nfilterwarnings = error\n",
    "setup.cfg": "[tool:pytest]\naddopts = -k nothing\n",
    "tox.ini": "[pytest]\naddopts = -k nothing\n",
    "pyproject.toml": "[tool.pytest]\naddopts = ['-k', 'nothing']\n[tool.pytest.ini_options]\naddopts = '-k nothing'\n",
    "schemathesis.toml": "base-url = 'http://127.0.0.1:9'\nmax-failures = 'hostile'\n",
    ".netrc": "default login wrong password wrong\n",
    "hostile.py": BREAKS,
    "sitecustomize.py": BREAKS,
    "test_hostile.py": "def test_that_fails():\n    assert False\n",
    **{
        f"{name}.py": BREAKS
        for name in (
            "accord",
            "contract_tests",
            "mockserver",
            "requests",
            "yaml",
            "pytest",
            "json",
            "hypothesis",
            "schemathesis",
            "xdist",
        )
    },
}
ENVIRONMENT = {
    "PYTEST_ADDOPTS": "-p hostile -k nothing --maxfail=1",
    "PYTEST_PLUGINS": "hostile",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "REQUESTS_CA_BUNDLE": "/nowhere",
    "HYPOTHESIS_PROFILE": "hostile",
    "CI": "true",
    "COLUMNS": "3",
    "LANG": "C",
    "LC_ALL": "C",
    "TZ": "Pacific/Kiritimati",
}
ONLY = tuple(part for area in ("get.*", "create.pri*", "any.*", "auth.x*") for part in ("--only", area))


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    package = tmp_path / "contract_tests" / "suite"
    package.mkdir(parents=True)
    (package / "test_nothing.py").write_text(BREAKS, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def good() -> Iterator[str]:
    with serving(create_app(scenario="empty")) as url:
        yield url


@pytest.fixture(scope="module")
def bad() -> Iterator[str]:
    with serving(all_defects()["values-urgent-is-high"].app()) as url:
        yield url


def verify(directory: Path, url: str, *options: str) -> Ended:
    environment = {**ENVIRONMENT, "NETRC": str(directory / ".netrc")}
    return accord(directory, "verify", url, *key_options(), "--effort", "quick", *ONLY, *options, environment=environment)


@pytest.mark.extended
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_conforming_server_stays_conforming(hostile: Path, good: str, workers: str) -> None:
    ended = verify(hostile, good, "--workers", workers)
    assert ended.code == 0, ended.said
    assert set(ended.outcomes.values()) == {"passed"}


def test_a_fault_stays_a_fault(hostile: Path, bad: str) -> None:
    ended = verify(hostile, bad)
    assert ended.code == 1, ended.said
    assert ended.with_outcome("failed") == {"create.priority-kept"}


def test_the_embedded_mock_starts(hostile: Path) -> None:
    ended = accord(hostile, "verify", "--effort", "quick", "--only", "get.unknown-id", environment=ENVIRONMENT)
    assert ended.code == 0, ended.said


@pytest.mark.extended
def test_nothing_is_left_behind(hostile: Path, good: str) -> None:
    before = {entry.name for entry in hostile.iterdir()}
    verify(hostile, good)
    assert {entry.name for entry in hostile.iterdir()} - before == {"accord-report"}


def test_the_files_would_do_harm(hostile: Path) -> None:
    """Without this, the other tests would prove nothing: an ordinary run of pytest in that directory does load the files."""
    done = subprocess.run([sys.executable, "-m", "pytest"], cwd=hostile, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "must not be loaded" in done.stdout + done.stderr
    assert KEYS.server not in done.stdout
