"""The suite among the tests of another project: what pytest shows of it, what it leaves alone, and that it needs no socket."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from accord.base.errors import AccordError
from accord.pytest_plugin import Api
from tests.sampling import sample

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

SERVER = """
import os, warnings
from pathlib import Path

import pytest

from accord.pytest_plugin import Api
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from tests.defects.registry import all_defects

KEYS = StandardKeys.of(1)

def faulty():
    return all_defects()["values-urgent-is-high"].app()

@pytest.fixture(scope="session")
def conversations_api():
    with Path("started").open("a") as started:
        started.write("once ")
    return Api(%s, report_dir=Path("reports"))
"""

OWN = """
import logging, os, sys, warnings

BEFORE = dict(os.environ)

def test_own_first():
    pass

def test_own_last(recwarn):
    BEFORE.pop("PYTEST_CURRENT_TEST"), (after := dict(os.environ)).pop("PYTEST_CURRENT_TEST")
    assert after == BEFORE
    assert [type(handler).__module__ for handler in logging.root.handlers].count("_pytest.logging")
    print("printed by the last")
    assert False, "fails to show what it prints"
"""

NO_SOCKET = """
import socket

import pytest

def refuse(*arguments):
    raise AssertionError("a socket was asked for")

@pytest.fixture(scope="session", autouse=True)
def no_socket():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "bind", refuse)
        yield
"""

INTERRUPTED = """
import os, signal
from mockserver.app import create_app

mock, asked = create_app(), []

def app(environ, start_response):
    asked.append(environ)
    if len(asked) == 30:
        os.kill(os.getpid(), signal.SIGINT)
    return mock(environ, start_response)
"""


@pytest.fixture
def vendor(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a folder for the tests of another project, where warnings are errors and sockets cannot connect."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    # Other plugins that are installed here take long to import.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\nfilterwarnings =\n    error\n    default::accord.pytest_plugin.RequirementWarning\n")
    pytester.makeconftest(NO_SOCKET)
    return pytester


def run(vendor: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest there, in a process of its own, with the plugin."""
    return vendor.runpytest_subprocess("-p", "accord.pytest_plugin", "-p", "no:cacheprovider", *arguments, timeout=120)


def given(vendor: pytest.Pytester, api: str) -> None:
    """Write a test module whose fixture returns this."""
    vendor.makepyfile(test_contract=SERVER % api)


ALL_KEYS = "server_key=KEYS.server, client_key=KEYS.client"


def test_being_installed_loads_nothing(vendor: pytest.Pytester) -> None:
    assert not [entry for entry in metadata.distribution("accord").entry_points if entry.group == "pytest11"]
    given(vendor, f"wsgi=create_app(), {ALL_KEYS}")
    result = vendor.runpytest_inprocess("--collect-only", "-q")
    result.stdout.fnmatch_lines(["*no tests collected*"])


def test_each_requirement_is_a_test_of_its_id(vendor: pytest.Pytester) -> None:
    given(vendor, f"wsgi=create_app(), {ALL_KEYS}")
    result = vendor.runpytest_inprocess("-p", "accord.pytest_plugin", "--collect-only", "-q", "-k", "tier")
    names = [line for line in result.outlines if "::" in line]
    assert names == [f"test_contract.py::tier.{name}" for name in names_of("tier")]
    assert not Path("started").exists()


def names_of(area: str) -> list[str]:
    from contract_tests.contract.catalogue import load_catalogue

    return [requirement.id.partition(".")[2] for requirement in load_catalogue() if requirement.id.startswith(f"{area}.")]


def test_a_failing_requirement_beside_tests_of_their_own(vendor: pytest.Pytester) -> None:
    given(vendor, f"wsgi=faulty(), {ALL_KEYS}, revoked_key=None")
    vendor.makepyfile(test_a=OWN.replace("test_own_last", "not_here"), test_z=OWN)
    result = run(vendor, "-v", "-k", "test_own or create.priority or run.whole or auth.revoked", "-rs")
    text = result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "test_a.py::test_own_first PASSED*",
            "test_contract.py::create.priority-default PASSED*",
            "test_contract.py::create.priority-kept FAILED*",
            "test_contract.py::run.whole PASSED*",
        ]
    )
    assert re.search(r'expected: .*"urgent"', text)
    assert re.search(r'actual: .*"high"', text)
    assert "curl " in text
    # Nothing is shown of the plugin itself, nor of what the application printed or logged.
    assert "pytest_plugin.py" not in text.partition("short test summary")[0]
    assert text.count("Captured") == 1
    # The reason names the missing key as the fixture calls it.
    assert re.search(r"SKIPPED .*Give revoked_key to test it", text)
    assert "printed by the last" in text
    assert text.count("FAILED") >= 2
    report = json.loads(Path("reports", "report.json").read_text(encoding="utf-8"))
    asked_for = [entry["id"] for entry in report["requirements"]]
    assert asked_for
    assert {name.split(".")[0] + "." + name.split(".")[1].split("-")[0] for name in asked_for} == {
        "create.priority",
        "auth.revoked",
    }
    assert Path("started").read_text() == "once "


@pytest.mark.extended
def test_the_first_failure_ends_it(vendor: pytest.Pytester) -> None:
    given(vendor, f"wsgi=faulty(), {ALL_KEYS}")
    result = run(vendor, "-x", "-k", "create.priority")
    outcomes = result.parseoutcomes()
    assert outcomes["failed"] == 1
    assert "stopping after 1 failures" in result.stdout.str()


@pytest.mark.extended
def test_workers_share_one_run(vendor: pytest.Pytester) -> None:
    given(vendor, f"wsgi=faulty(), {ALL_KEYS}")
    result = run(vendor, "-p", "xdist", "-n", "2", "-v", "-k", "create.priority or get.answer or get.unknown")
    assert {re.sub(r"^\[(gw\d)\].*", r"\1", line) for line in result.outlines if line.startswith("[gw")} == {"gw0", "gw1"}
    assert result.parseoutcomes()["failed"] == 1
    assert Path("started").read_text() == "once "


def test_a_mistake_is_said_once(vendor: pytest.Pytester) -> None:
    given(vendor, "wsgi=create_app(), server_key='bnc_sv_of_nobody_at_all'")
    result = run(vendor, "-k", "create.priority or get.answer", "-rs")
    assert result.parseoutcomes() == {"failed": 1, "skipped": 2, "deselected": 139}
    text = result.stdout.str()
    assert "server_key" in text
    assert "--server-key" not in text
    assert "Not tested: " in text


KNOWN = 'known = [{{requirement = "{}", reason = "high until May", until = {}, kind = "not-yet"}}]\n'
FAULTY = "create.priority-kept"
IN_ROOT_FOLDER = [
    ("a known failure", FAULTY, "2999-12-31", {"passed": 1, "xfailed": 1}, "known until 2999-12-31 (not-yet): high until May"),
    ("one that has ended", FAULTY, "2020-01-01", {"passed": 1, "failed": 1}, "create.priority-kept"),
    ("one that is mended", "create.priority-default", "2999-12-31", {"passed": 1, "failed": 1, "warnings": 1}, "accord.toml:1"),
    (
        "one that there is not",
        "create.nothing",
        "2999-12-31",
        {"failed": 1, "skipped": 1},
        "accord.toml:1: there is no requirement",
    ),
]


@pytest.mark.parametrize(
    ("name", "requirement", "until", "outcomes", "said"),
    sample(IN_ROOT_FOLDER),
)
def test_known_failures_of_the_root_folder(
    vendor: pytest.Pytester, name: str, requirement: str, until: str, outcomes: dict[str, int], said: str
) -> None:
    (vendor.path / "accord.toml").write_text(KNOWN.format(requirement, until), encoding="utf-8")
    given(vendor, f"wsgi=faulty(), {ALL_KEYS}")
    result = run(vendor, "-k", "create.priority", "-rx")
    assert {how: number for how, number in result.parseoutcomes().items() if how != "deselected"} == outcomes, name
    assert said in " ".join(result.stdout.str().split())


@pytest.mark.extended
def test_what_only_a_newer_version_finds_is_pending(vendor: pytest.Pytester) -> None:
    (vendor.path / "newer.py").write_text(
        "from tests.defects.registry import all_defects\napp = all_defects()['requester-names-overwritten-by-other-case'].app()\n"
    )
    for version, outcome in ((1, "skipped"), (2, "failed")):
        given(vendor, f"wsgi=__import__('newer').app, {ALL_KEYS}, catalogue={version}")
        assert run(vendor, "-k", "create.existing-user-names").parseoutcomes()[outcome] == 1
    with pytest.raises(AccordError, match="There is no version '3'"):
        Api(wsgi=lambda *_: [], server_key="x", catalogue=3)


def test_what_should_be_and_is_not_is_a_warning(vendor: pytest.Pytester) -> None:
    (vendor.path / "no_cors.py").write_text("from mockserver.app import create_app\napp = create_app(cors=False)\n")
    keys = f"{ALL_KEYS}, origin_client_key=KEYS.origin_client, origin=KEYS.origin"
    given(vendor, f"wsgi=__import__('no_cors').app, {keys}")
    result = run(vendor, "-k", "origin.readable")
    assert result.parseoutcomes() == {"passed": 1, "warnings": 1, "deselected": 141}
    assert "Access-Control-Allow-Origin" in result.stdout.str()


def test_ctrl_c_ends_their_run_too(vendor: pytest.Pytester) -> None:
    (vendor.path / "interrupted.py").write_text(INTERRUPTED, encoding="utf-8")
    given(vendor, f"wsgi=__import__('interrupted').app, {ALL_KEYS}")
    vendor.makepyfile(test_z="def test_own(): pass")
    result = run(vendor, "-k", "get.answer or test_own")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in result.stdout.str()
    assert "passed" not in result.parseoutcomes()


def test_a_fixture_in_a_conftest(vendor: pytest.Pytester) -> None:
    vendor.mkpydir("deeper").joinpath("conftest.py").write_text(SERVER % f"wsgi=create_app(), {ALL_KEYS}", encoding="utf-8")
    result = run(vendor, "-v", "-k", "get.answer")
    result.stdout.fnmatch_lines(["*accord: 1 requirements", "deeper/conftest.py::get.answer PASSED*"])


@pytest.mark.parametrize(
    ("folder", "file"),
    sample([("small_helpdesks", "tests"), ("django_helpdesk", "contract_test.py")]),
    ids=["Flask and FastAPI", "Django"],
)
def test_the_examples(tmp_path: Path, folder: str, file: str) -> None:
    """The examples run in processes of their own, as their pages say, but only with one area."""
    chosen = ["-k", "tier.refused or run.whole", "-p", "accord.pytest_plugin", "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *chosen, file],
        cwd=ROOT / "examples" / folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d passed", done.stdout), done.stdout
    assert "failed" not in done.stdout


def test_no_fixture_is_said(vendor: pytest.Pytester) -> None:
    vendor.makepyfile("def test_it(): pass")
    ran = vendor.runpytest_inprocess("-p", "accord.pytest_plugin")
    ran.stdout.fnmatch_lines(["accord: no requirement, since no fixture conversations_api was collected"])


@pytest.mark.parametrize("servers", [{}, {"wsgi": print, "asgi": print}, {"url": "localhost:8000"}])
def test_one_server_is_given(servers: dict[str, object]) -> None:
    with pytest.raises(AccordError):
        Api(server_key="bnc_sv_of_nobody_at_all", **servers)  # type: ignore[arg-type]
