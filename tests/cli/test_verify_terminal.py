"""What a terminal gets, and how commands show progress: colours, overwritten lines, and occasional plain lines elsewhere."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from accord import cli
from accord.terminal import progress
from accord.terminal.abilities import colour_wish, is_coloured, is_overwritable
from accord.terminal.progress import RunShown, Ticker
from tests.cli.command import ACCORD, LONGEST, PROGRESS, key_options
from tests.cli.forking import accord
from tests.sampling import sample

ANSI = re.compile(r"\x1b\[[0-9;]*m")
QUICK = ("--effort", "quick", "--only", "get.answer")


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(directory: Path, *arguments: str, environment: Mapping[str, str]) -> str:
    """Run `accord` with both outputs on a terminal, and return what it writes."""
    ours, theirs = pty.openpty()
    plain = {"PATH": os.environ["PATH"], "HOME": str(directory), "COLUMNS": "100", "TERM": "xterm", **environment}
    process = subprocess.Popen([ACCORD, *arguments], cwd=directory, env=plain, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:
        # Linux raises this when the last process that had the other side open has ended.
        pass
    os.close(ours)
    process.wait(LONGEST)
    # The terminal driver writes line ends as CR LF.
    return written.decode().replace("\r\n", "\n")


# --- colours ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "wish"),
    [
        ({}, None),
        ({"TERM": "xterm-256color"}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "0"}, False),
        ({"NO_COLOR": ""}, None),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": ""}, None),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_what_the_surroundings_ask_for(environ: dict[str, str], wish: bool | None) -> None:
    assert colour_wish(environ) is wish


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_without_a_wish_a_terminal_decides(stream: type[io.StringIO], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert is_coloured(stream()) is is_overwritable(stream()) is (stream is Terminal)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_coloured(stream())
    assert not is_overwritable(stream())


@pytest.mark.parametrize("arguments", [("requirements",), ("replay", "nothing.json", "--requirement", "get.answer")])
def test_every_command_honours_it_on_both_outputs(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert ANSI.search(accord(tmp_path, *arguments, environment={"FORCE_COLOR": "1"}).said)
    assert not ANSI.search(accord(tmp_path, *arguments).said)
    assert ANSI.search(on_a_terminal(tmp_path, *arguments, environment={}))
    for refusal in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert not ANSI.search(on_a_terminal(tmp_path, *arguments, environment=refusal))


@pytest.mark.extended
def test_a_verification_honours_it(tmp_path: Path, mock: str) -> None:
    arguments = ("verify", mock, *key_options(), *QUICK)
    assert ANSI.search(accord(tmp_path, *arguments, environment={"FORCE_COLOR": "1"}).out)
    shown = on_a_terminal(tmp_path, *arguments, environment={})
    assert ANSI.search(shown)
    assert re.search(r"\r\d+/\d+  ", shown)
    dumb = on_a_terminal(tmp_path, *arguments, environment={"TERM": "dumb"})
    assert "CONFORMANT" in dumb
    assert re.search(r"[\x1b\r]", dumb) is None
    uncoloured = on_a_terminal(tmp_path, *arguments, environment={"NO_COLOR": "1"})
    assert "\r" in uncoloured
    assert "\x1b" not in uncoloured


def test_json_has_no_colour_whatever_is_asked_for(tmp_path: Path, mock: str) -> None:
    ended = accord(tmp_path, "verify", mock, *key_options(), *QUICK, "--format", "json", environment={"FORCE_COLOR": "1"})
    assert json.loads(ended.out)["verdict"] == "conformant"


# --- progress without a terminal --------------------------------------------------------------------------------------


def test_lines_come_while_nothing_ends_and_stop_with_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.05)
    with RunShown() as shown:
        shown.counts(lambda: 3210)
        shown(45, 160, "test_one_that_lasts")
        deadline = time.monotonic() + 10
        told = ""
        while told.count("\n") < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
            told += capsys.readouterr().err
    lines = told.splitlines()
    assert len(lines) >= 3
    assert all(re.fullmatch(r"\d+ s  45/160 tests  3,210 requests", line) for line in lines)
    assert "accord-progress" not in [thread.name for thread in threading.enumerate()]
    capsys.readouterr()
    time.sleep(0.2)
    assert capsys.readouterr().err == ""


def test_a_run_that_fails_ends_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.05)
    with pytest.raises(KeyboardInterrupt), RunShown():
        raise KeyboardInterrupt
    assert "accord-progress" not in [thread.name for thread in threading.enumerate()]


def test_a_stderr_that_nobody_reads_stops_the_lines_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(progress, "EVERY", 0.01)
    monkeypatch.setattr(sys, "stderr", Broken())
    with Ticker(lambda: "working") as ticker:
        deadline = time.monotonic() + 10
        while ticker._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not ticker._thread.is_alive()


@pytest.mark.parametrize("command", sample(["verify", "profile"]))
def test_commands_tell_how_far_they_are(
    command: str, mock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.002)
    monkeypatch.chdir(tmp_path)
    keys = key_options("--server-key", "--client-key")
    rest = ("--effort", "quick", "--only", "get.*", "--format", "json") if command == "verify" else ()
    assert cli.run([command, mock, *keys, *rest]) == 0
    out, err = capsys.readouterr()
    assert err
    assert all(PROGRESS.fullmatch(line) for line in err.splitlines()), err
    if command == "verify":
        assert json.loads(out)["verdict"] == "conformant"
    else:
        assert out.startswith("# The choices of ")


def test_nothing_else_is_said_on_stderr(tmp_path: Path, mock: str) -> None:
    assert progress.EVERY == 10.0
    ended = accord(tmp_path, "verify", mock, *key_options(), *QUICK)
    assert ended.complaints == ""
