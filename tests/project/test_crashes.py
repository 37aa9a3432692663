"""A crash is not a verdict: whatever goes wrong in Accord or around it, exit code 1 stays the command's own "no".

Each case is the installed command, with something broken in it by a module that Python loads at its start.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contract_tests.reports.report_json import SCHEMA_FILE
from tests.cli.command import ACCORD, KEYS, Ended, accord, is_without_verdict, key_options
from tests.sampling import chosen, sample

QUICK = ("--effort", "quick", "--only", "get.answer")
SERVER = key_options("--server-key")


@pytest.fixture
def broken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Mapping[str, str]]:
    """Return a function that makes an environment, in which Python runs a piece of code at its start; it has its own TMPDIR."""

    def environment(code: str) -> Mapping[str, str]:
        folder = tmp_path_factory.mktemp("start")
        temporary = tmp_path_factory.mktemp("temporary")
        (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
        return {"PYTHONPATH": str(folder), "TMPDIR": str(temporary)}

    return environment


PREFLIGHT = """
import contract_tests.run.preflight
def preflight(*_):
    raise {error}
contract_tests.run.preflight.preflight = preflight
"""


@pytest.mark.parametrize(
    "error",
    sample(
        [
            *("RuntimeError('boom')", "BrokenPipeError(32, 'Broken pipe')", "EOFError()", "SystemExit(1)", "MemoryError()"),
            *("RecursionError('too deep')", "UnicodeEncodeError('utf-8', '\\ud800', 0, 1, 'surrogates not allowed')"),
            "Exception('two\\nlines \\x1b[31m')",
        ]
    ),
)
def test_an_exception_that_nobody_foresaw(
    tmp_path: Path, mock: str, broken: Callable[[str], Mapping[str, str]], error: str
) -> None:
    assert accord(tmp_path, "verify", mock, *SERVER, *QUICK).code == 0
    ended = accord(tmp_path, "verify", mock, *SERVER, *QUICK, environment=broken(PREFLIGHT.format(error=error)))
    is_without_verdict(ended, 70, "An error of Accord itself", error.partition("(")[0], "accord-report/accord-crash.txt")
    assert ended.files == {"accord-report/report.json", "accord-report/accord-crash.txt"}
    assert "Traceback" in (tmp_path / "accord-report" / "accord-crash.txt").read_text(encoding="utf-8")
    assert "\x1b" not in ended.err
    # The next run removes the report of the crash.
    assert accord(tmp_path, "verify", mock, *SERVER, *QUICK).code == 0
    assert "accord-report/accord-crash.txt" not in accord(tmp_path, "requirements").files


def test_a_traceback_shows_no_key(tmp_path: Path, mock: str, broken: Callable[[str], Mapping[str, str]]) -> None:
    code = PREFLIGHT.format(error=f"RuntimeError('with {KEYS.server} in it')")
    ended = accord(tmp_path, "verify", mock, *SERVER, *QUICK, environment=broken(code))
    assert ended.code == 70
    for path in (tmp_path / "accord-report").iterdir():
        assert KEYS.server not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("command", "module", "function"),
    [
        (["requirements"], "contract_tests.contract.catalogue", "load_catalogue"),
        (["verify", "--list"], "contract_tests.contract.catalogue", "load_catalogue"),
        (["mock"], "mockserver.serving.ports", "bind"),
        (["profile", "http://127.0.0.1:9", *SERVER], "contract_tests.run.runner", "verify"),
        (["replay", "x", "--requirement", "x"], "accord.run_files", "read_run"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_of_every_command(
    tmp_path: Path, broken: Callable[[str], Mapping[str, str]], command: list[str], module: str, function: str
) -> None:
    environment = broken(f"import {module}\ndef broken(*_, **__):\n    raise LookupError('boom')\n{module}.{function} = broken\n")
    ended = accord(tmp_path, *command, environment=environment)
    assert ended.code == 70, ended.said
    assert ended.out == ""
    first, second = ended.err.splitlines()
    assert first == "accord: An error of Accord itself: LookupError: boom"
    kept = Path(second.rpartition(" ")[2].rstrip("."))
    assert kept.parent == Path(environment["TMPDIR"])
    assert "LookupError: boom" in kept.read_text(encoding="utf-8")
    assert ended.files == set()


# Not importorskip: importing Locust would replace the sockets and locks of this process.
@pytest.mark.skipif(find_spec("locust") is None, reason="Locust is not installed")
def test_the_process_that_loads(tmp_path: Path, mock: str, broken: Callable[[str], Mapping[str, str]]) -> None:
    ended = accord(
        tmp_path, "load", mock, *SERVER, "--duration", "1", environment=broken(PREFLIGHT.format(error="LookupError('boom')"))
    )
    is_without_verdict(ended, 70, "An error of the load test itself: LookupError: boom", "accord-report/accord-crash.txt")


def test_the_embedded_mock(tmp_path: Path, broken: Callable[[str], Mapping[str, str]]) -> None:
    code = "import mockserver.app\ndef create_app(**_):\n    raise LookupError('boom')\n"
    ended = accord(tmp_path, "verify", *QUICK, environment=broken(f"{code}mockserver.app.create_app = create_app\n"))
    is_without_verdict(ended, 70, "An error of the mock as it started: LookupError: boom", "accord-report/accord-crash.txt")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_exception_inside_one_check(tmp_path: Path, mock: str, broken: Callable[[str], Mapping[str, str]], workers: str) -> None:
    """Its requirements are inconclusive, with the reason; those of other tests are decided."""
    resolve = "def resolve(*_, **__):\n    raise KeyError('boom')\n"
    code = f"from contract_tests.client.helpdesk import Helpdesk\n{resolve}Helpdesk.resolve = resolve\n"
    only = ("--only", "resolve.closes", "--only", "get.unknown-id")
    ended = accord(
        tmp_path, "verify", mock, *key_options(), "--effort", "quick", *only, "--workers", workers, environment=broken(code)
    )
    assert ended.code == 3, ended.said
    assert ended.outcomes["resolve.closes"] == "inconclusive"
    assert ended.outcomes["get.unknown-id"] == "passed"
    reasons = {entry["id"]: entry["reason"] for entry in ended.report["requirements"]}
    assert "An error of the suite: KeyError: 'boom'" in reasons["resolve.closes"]
    assert any("KeyError: 'boom'" in problem for problem in ended.report["run"]["problems"])
    assert any("Traceback" in text and "boom" in text for text in ended.report["run"]["tracebacks"])
    Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))).validate(ended.report)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_exception_in_the_plugin(tmp_path: Path, mock: str, broken: Callable[[str], Mapping[str, str]], workers: str) -> None:
    code = "import contract_tests.run.plugin as plugin\ndef cited(item):\n    raise LookupError('boom')\nplugin.cited = cited\n"
    ended = accord(tmp_path, "verify", mock, *SERVER, *QUICK, "--workers", workers, environment=broken(code))
    assert ended.code == 3, ended.said
    assert any("boom" in text for text in ended.report["run"]["tracebacks"])


# --- where it writes


def redirected(directory: Path, redirection: str, *arguments: str) -> Ended:
    """Run the command in a shell, with stdin, stdout or stderr redirected."""
    script = f'"$0" "$@" {redirection}'
    environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "XDG_CACHE_HOME": str(directory.parent / "cache")}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script, str(ACCORD), *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    for sign in ("Traceback", "Exception ignored", "BrokenPipe"):
        assert sign not in done.stderr
    return Ended(done.returncode, done.stdout, done.stderr, directory)


NOBODY_READS = (">&-", "| true", ">&- 2>&- <&-", "2>&-", "2>/dev/full", "<&-")


@pytest.mark.parametrize("redirection", chosen(NOBODY_READS, {1}))
def test_where_nobody_reads_the_verdict_is_the_same(tmp_path: Path, mock: str, faulty: str, redirection: str) -> None:
    for url, code in ((mock, 0), (faulty, 1)):
        only = ("--effort", "quick", "--only", "create.priority-*")
        ended = redirected(tmp_path, redirection, "verify", url, *SERVER, *only)
        assert ended.code == code, ended.said
        assert ended.report["exit_code"] == code
    ended = redirected(tmp_path, redirection, "verify", "http://[", *SERVER)
    assert ended.code == 2
    assert ended.report["exit_code"] == 2


@pytest.mark.parametrize("redirection", NOBODY_READS)
@pytest.mark.parametrize("arguments", [["requirements"], ["--help"], ["verify", "--list"]], ids=" ".join)
def test_where_nobody_reads_a_list(tmp_path: Path, redirection: str, arguments: list[str]) -> None:
    assert redirected(tmp_path, redirection, *arguments).code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_stdout(tmp_path: Path, mock: str) -> None:
    for arguments in (["requirements"], ["--help"], ["verify", mock, *SERVER, *QUICK, "--format", "json"]):
        ended = redirected(tmp_path, "> /dev/full", *arguments)
        assert ended.code == 70, ended.said
        assert ended.err.startswith("accord: What was to be shown cannot be written to stdout: No space left on device.\n")
    assert ended.report["verdict"] == "conformant"


def test_a_mock_whose_reader_leaves_goes_on(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = subprocess.Popen(
        [str(ACCORD), "mock", "--port", "0", "--ready-file", str(ready)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        process.stdout.close()
        process.stderr.close()
        for _ in range(300):
            if ready.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        ended = accord(tmp_path, "verify", ready.read_text().strip(), *SERVER, *QUICK)
        assert ended.code == 0, ended.said
    finally:
        process.terminate()
        assert process.wait(10) in (0, 70)


def test_a_working_directory_that_was_deleted(tmp_path: Path) -> None:
    for arguments in (["requirements"], ["verify", "http://127.0.0.1:9", *SERVER], ["verify"]):
        gone = tmp_path / "gone"
        gone.mkdir()
        script = f'rmdir "{gone}"; exec "$0" "$@"'
        done = subprocess.run(
            ["bash", "-c", script, str(ACCORD), *arguments], cwd=gone, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2, done.stderr
        assert "working directory" in done.stderr
        assert "Traceback" not in done.stderr


# --- reports that cannot be written


@pytest.mark.skipif(sys.platform == "win32", reason="limits are of POSIX systems")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_disk_that_is_full_at_the_end(tmp_path: Path, faulty: str, form: str) -> None:
    """The verdict is on stdout, the exit code is not that of a verdict, and no file of the previous run is left in the reports."""
    only = ("--effort", "quick", "--only", "create.priority-*", "--format", form)
    assert accord(tmp_path, "verify", faulty, *SERVER, *only).code == 1
    limit = 15_000
    assert (tmp_path / "accord-report" / "report.html").stat().st_size > limit

    done = subprocess.run(
        [str(ACCORD), "verify", faulty, *SERVER, *only],
        cwd=tmp_path,
        # Hypothesis has cached its tables already, so only the HTML report is larger than the limit.
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path.parent / "cache"),
            # Python does not notice when it can write only a part of compiled code, and fails when it reads that later.
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 70, done.stderr
    assert "nonconformant" in done.stdout.lower()
    assert done.stderr.startswith("accord: The reports cannot be written to accord-report: File too large")
    assert "Traceback" not in done.stderr
    left = Ended(70, done.stdout, done.stderr, tmp_path)
    assert left.files == {"accord-report/report.json", "accord-report/created.txt"} | {
        name for name in left.files if not name.startswith("accord-report")
    }
    assert left.report["schema"] == "accord/no-verdict/1"
    assert left.report["exit_code"] == 70


def test_a_report_that_cannot_be_rendered(tmp_path: Path, mock: str, broken: Callable[[str], Mapping[str, str]]) -> None:
    code = "import contract_tests.reports as r\ndef render(run):\n    raise LookupError('boom')\nr.FORMATS['junit.xml'] = render\n"
    ended = accord(tmp_path, "verify", mock, *SERVER, *QUICK, environment=broken(code))
    assert ended.code == 70, ended.said
    assert "CONFORMANT" in ended.out
    assert "Report:" not in ended.out
    assert ended.files == {"accord-report/report.json", "accord-report/created.txt", "accord-report/accord-crash.txt"}
    assert ended.report["schema"] == "accord/no-verdict/1"


def test_a_summary_that_cannot_be_shown(tmp_path: Path, mock: str, broken: Callable[[str], Mapping[str, str]]) -> None:
    """The reports are complete and are kept."""
    raising = "def render(*_, **__):\n    raise LookupError('boom')\n"
    code = f"import contract_tests.reports.terminal as t\n{raising}t.render_parts = render\n"
    ended = accord(tmp_path, "verify", mock, *SERVER, *QUICK, environment=broken(code))
    assert ended.code == 70, ended.said
    assert ended.out == "CONFORMANT (exit code 0)\n"
    assert "LookupError: boom" in ended.err
    assert ended.report["verdict"] == "conformant"


@pytest.mark.parametrize("obstacle", ["report directory", "report.html"])
def test_what_stands_in_the_way_is_found_before_the_run(tmp_path: Path, mock: str, obstacle: str) -> None:
    reports = tmp_path / "accord-report"
    if obstacle == "report.html":
        (reports / "report.html").mkdir(parents=True)
        (reports / "report.html" / "mine").write_text("kept")
    else:
        reports.write_text("a file of mine")
    ended = accord(tmp_path, "verify", mock, *SERVER, *QUICK)
    assert ended.code == 2, ended.said
    assert "The reports cannot be written to accord-report" in ended.err
    kept = reports / "report.html" / "mine" if obstacle == "report.html" else reports
    assert kept.read_text().endswith(("kept", "mine"))


@pytest.mark.parametrize(
    "environment", [{}, {"HOME": ""}, {"HOME": "home"}, {"HOME": "/nowhere", "XDG_CACHE_HOME": "cache"}, {"HOME": "/dev/null"}]
)
def test_without_a_home_nothing_is_made_in_the_working_directory(tmp_path: Path, mock: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [str(ACCORD), "verify", mock, *SERVER, *QUICK],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["accord-report"]
