"""Ctrl-C, SIGTERM and a time budget end a run soon, whatever the server does, with the reports of what was found by then."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import execnet
import execnet.gateway_base
import execnet.gateway_io
import pytest

from contract_tests.run.workers import started_for
from contract_tests.transport.stopping import Deadline, Stopped
from tests.cli import turning
from tests.cli.command import ACCORD, accord, key_options
from tests.cli.samples import some
from tests.sampling import chosen, sample

SOON = 6.0
"""Seconds within which a run ends once it is told to. An idle machine needs two."""


def within(directory: Path) -> float:
    """Return the seconds that a run may take beyond its time budget: five, and the time to start and to write reports.

    The latter is measured, since other tests keep this machine busy. Call this when the run has ended.
    """
    began = time.monotonic()
    accord(directory, "verify", "http://127.0.0.1:9", *key_options("--server-key"), "--report-dir", "nowhere")
    return 5 + max(4.0, 3 * (time.monotonic() - began))


class Started:
    """A command in a process group and a temporary folder of its own."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.directory = directory
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        surroundings = {"PATH": os.environ["PATH"], "HOME": str(directory), "TMPDIR": str(self.temporary)}
        self.process = subprocess.Popen(
            [str(ACCORD), *arguments],
            cwd=directory,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def end(self, by: signal.Signals, *, group: bool) -> tuple[int, float, str]:
        """Send a signal; return the exit code, the seconds that it took, and what was said."""
        began = time.monotonic()
        (os.killpg if group else os.kill)(self.process.pid, by)
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, time.monotonic() - began, said

    def leaves(self) -> list[str]:
        """Return what is left behind: processes of the group, and files in the temporary folder."""
        listed = subprocess.run(["ps", "-e", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
        lines = [line.split(None, 2) for line in listed.splitlines()]
        ours = [line[-1] for line in lines if line[0] == str(self.process.pid) and not line[1].startswith("Z")]
        return ours + [str(path) for path in self.temporary.iterdir()]

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self.directory / "accord-report" / "report.json").read_text("utf-8"))
        return report


@contextmanager
def started(directory: Path, *arguments: str) -> Iterator[Started]:
    command = Started(directory, *arguments)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            os.killpg(command.process.pid, signal.SIGKILL)
            command.process.wait()
        assert command.process.stdout is not None
        command.process.stdout.close()


def _options(workers: int) -> list[str]:
    return [*key_options(), "--effort", "thorough", "--workers", str(workers), "--timeout", "60"]


CTRL_C, SIGTERM = (signal.SIGINT, True), (signal.SIGTERM, False)
"""A signal, and whether it goes to all of the terminal's processes or to the parent alone."""

# A sample takes every second one. In this order it has each behaviour with either signal, and with one and two workers.
# `make test` has those with one worker.
ENDINGS = [
    pytest.param(workers, misbehave, *by, id=f"{by[0].name}-{misbehave.__name__}-{workers}")
    for by, misbehave, workers in (
        *((CTRL_C, turning.drips_in_body, 1), (CTRL_C, turning.drips_in_body, 2)),
        *((SIGTERM, turning.drips_in_body, 2), (SIGTERM, turning.drips_in_body, 1)),
        *((CTRL_C, turning.please_wait, 2), (CTRL_C, turning.please_wait, 1)),
        *((SIGTERM, turning.please_wait, 1), (SIGTERM, turning.please_wait, 2)),
        *((CTRL_C, turning.says_nothing, 1), (CTRL_C, turning.says_nothing, 2)),
        *((SIGTERM, turning.says_nothing, 2), (SIGTERM, turning.says_nothing, 1)),
    )
]

MOMENTS = [
    pytest.param(after, *by, id=f"{by[0].name}-{after}")
    for after, by in ((0, CTRL_C), (0, SIGTERM), (4, CTRL_C), (2.5, SIGTERM), (2.5, CTRL_C), (4, SIGTERM))
]


@pytest.mark.parametrize(("workers", "misbehave", "by", "group"), chosen(some(ENDINGS, 2), {0, 3, 4}))
def test_a_signal_ends_a_run(
    tmp_path: Path, mock: str, workers: int, misbehave: turning.Misbehave, by: signal.Signals, group: bool
) -> None:
    with (
        turning.turning(mock, misbehave, after=60) as server,
        started(tmp_path, "verify", server.url, *_options(workers)) as run,
    ):
        assert server.turned.wait(60)
        time.sleep(0.3)
        code, took, said = run.end(by, group=group)
    assert code == 3, said
    assert took < SOON, said
    assert "Traceback" not in said
    assert "stopped by" in said
    assert run.leaves() == []
    assert any("stopped by" in problem for problem in run.report["run"]["problems"])
    assert any("had not begun" in one for one in run.report["run"]["left_out"])
    assert any(one["exercised"] for one in run.report["requirements"])


@pytest.mark.parametrize(("after", "by", "group"), sample(some(MOMENTS, 3)))
def test_a_signal_ends_a_run_of_many_workers(tmp_path: Path, mock: str, after: float, by: signal.Signals, group: bool) -> None:
    """A signal may also come while workers are still starting."""
    with (
        turning.turning(mock, turning.drips_in_headers, after=40) as server,
        started(tmp_path, "verify", server.url, *_options(32)) as run,
    ):
        while server.asked < 8:
            time.sleep(0.05)
        time.sleep(after)
        code, took, said = run.end(by, group=group)
    assert code == 3, said
    assert took < SOON, said
    assert "Traceback" not in said
    assert run.leaves() == []
    assert run.report["verdict"] == "inconclusive"


def test_a_worker_that_is_starting_is_ended_and_says_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    deadline, model = Deadline(), execnet.gateway_base.get_execmodel("thread")
    with started_for(deadline, tmp_path / "errors"):
        starting = [execnet.gateway_io.create_io(execnet.XSpec("popen"), model) for _ in range(2)]
        # As when the parent dies: the worker does not find its first line on stdin.
        starting[0].popen.stdin.close()
        starting[0].popen.wait(60)
        deadline.stop("It is over.")
        with pytest.raises(Stopped):
            execnet.gateway_io.create_io(execnet.XSpec("popen"), model)
    assert starting[1].popen.returncode == -signal.SIGKILL
    assert capfd.readouterr().err == ""
    assert "Traceback" in (tmp_path / "errors").read_text("utf-8")
    for io in starting:
        io.popen.stdin.close()
        io.popen.stdout.close()


def test_a_signal_before_anything_was_judged(tmp_path: Path, mock: str) -> None:
    with turning.turning(mock, turning.says_nothing) as server, started(tmp_path, "verify", server.url, *_options(1)) as run:
        assert server.turned.wait(60)
        code, took, said = run.end(signal.SIGTERM, group=False)
    assert code == 3, said
    assert took < SOON
    assert "Nothing was judged" in said
    assert run.leaves() == []


def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path, mock: str) -> None:
    code = (
        "import os, signal, time\n"
        "from contract_tests.transport.stopping import Deadline, ended_by_signals\n"
        "with ended_by_signals(Deadline()):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"  # A shell may pass this one on as well: it counts as the same request to stop.
        "    time.sleep(1)\n"
        "    print('still here', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    time.sleep(30)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == "still here\n"
    assert done.returncode == -signal.SIGINT


@pytest.mark.parametrize("command", ["profile", "replay"])
def test_a_signal_ends_other_commands(tmp_path: Path, mock: str, faulty_report: Path, command: str) -> None:
    with turning.turning(mock, turning.drips_in_body, after=8) as server:
        arguments = {
            "profile": ["profile", server.url, "--output", "choices.yaml", *key_options("--server-key", "--client-key")],
            "replay": ["replay", str(faulty_report), "--requirement", "create.priority-kept", "--url", server.url, *key_options()],
        }[command]
        with started(tmp_path, *arguments) as run:
            assert server.turned.wait(60)
            code, took, said = run.end(signal.SIGINT, group=True)
    assert code == 3, said
    assert took < SOON
    assert "Traceback" not in said
    assert run.leaves() == []
    assert not (tmp_path / "choices.yaml").exists()


@pytest.mark.extended
@pytest.mark.parametrize(
    ("misbehave", "workers"),
    some(
        [
            *((turning.says_nothing, 1), (turning.says_nothing, 2), (turning.drips_in_body, 2)),
            *((turning.drips_in_body, 1), (turning.please_wait, 1), (turning.please_wait, 2)),
        ],
        2,
    ),
)
def test_a_time_budget_ends_a_run(tmp_path: Path, mock: str, misbehave: turning.Misbehave, workers: int) -> None:
    began = time.monotonic()
    with (
        turning.turning(mock, misbehave, after=60) as server,
        started(tmp_path, "verify", server.url, *_options(workers), "--time-budget", "6") as run,
    ):
        said, _ = run.process.communicate(timeout=60)
    assert run.process.returncode == 3, said
    assert time.monotonic() - began < 6 + within(tmp_path), said
    assert run.leaves() == []
    left_out = run.report["run"]["left_out"]
    assert any("cut short" in one or "want of time" in one for one in left_out), left_out
    assert "time budget of 6 seconds" in json.dumps(run.report)


@pytest.mark.extended
def test_a_time_budget_ends_the_waiting_for_a_pace(tmp_path: Path, mock: str) -> None:
    began = time.monotonic()
    options = [*key_options(), "--requests-per-second", "0.9", "--time-budget", "9", "--workers", "1"]
    with started(tmp_path, "verify", mock, *options) as run:
        said, _ = run.process.communicate(timeout=60)
    assert run.process.returncode == 3, said
    assert time.monotonic() - began < 9 + within(tmp_path), said


@pytest.mark.extended
def test_the_reading_at_the_end_is_within_the_budget(tmp_path: Path, mock: str) -> None:
    """The server stalls once the tests are done, while conversations are read again by their ids."""
    began = time.monotonic()

    def turns(method: str, path: str, number: int) -> bool:
        return time.monotonic() - began > 5.5

    server = turning.Turning(mock, turning.says_nothing, turns)
    options = [*key_options(), "--effort", "thorough", "--workers", "1", "--time-budget", "5"]
    with started(tmp_path, "verify", server.url, *options) as run:
        said, _ = run.process.communicate(timeout=60)
    server.close()
    assert run.process.returncode == 3, said
    assert time.monotonic() - began < 5 + within(tmp_path), said
    outcomes = {one["id"]: one for one in run.report["requirements"]}
    assert "not read again at the end" in outcomes["any.durable"]["reason"]
    assert any("to be read again at the end" in one for one in run.report["run"]["left_out"])


LOADS = [
    pytest.param(misbehave, *by, id=f"{by[0].name}-{misbehave.__name__ if misbehave else 'serves'}")
    for misbehave, by in (
        *((None, CTRL_C), (None, SIGTERM), (turning.drips_in_body, SIGTERM)),
        *((turning.drips_in_body, CTRL_C), (turning.please_wait, CTRL_C), (turning.please_wait, SIGTERM)),
    )
]


@pytest.mark.parametrize(("misbehave", "by", "group"), sample(some(LOADS, 2)))
def test_a_signal_ends_a_load(
    tmp_path: Path, mock: str, misbehave: turning.Misbehave | None, by: signal.Signals, group: bool
) -> None:
    if find_spec("locust") is None:
        pytest.skip("locust is not installed")
    keys = key_options("--server-key", "--client-key", "--other-server-key")
    never = 10**9
    with (
        turning.turning(mock, misbehave or turning.says_nothing, after=100 if misbehave else never) as server,
        started(tmp_path, "load", server.url, *keys, "--users", "8", "--duration", "60", "--timeout", "60") as run,
    ):
        while server.asked < 200 and not server.turned.is_set():
            time.sleep(0.05)
        time.sleep(0.3)
        code, took, said = run.end(by, group=group)
    assert code == 3, said
    assert took < SOON, said
    assert "Traceback" not in said
    assert run.leaves() == []
    assert any("stopped" in problem for problem in run.report["run"]["problems"])
