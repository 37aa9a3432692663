"""Every command in a shell block is run, or parsed, or listed with the reason why it is neither.

Those of docs/certification.md take most of a minute, so only `make test-all` runs them.
"""

import contextlib
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from accord.cli import accord
from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import ACCORD, surroundings
from tests.mock.receiver import receiving
from tests.project.shell_commands import (
    DOCUMENTS,
    FATES,
    GIVEN,
    ROOT,
    SHORT,
    Command,
    Elsewhere,
    Neither,
    Parsed,
    Run,
    commands_of,
    fate_of,
)
from tests.sampling import chosen

COMMANDS = {str(path.relative_to(ROOT)): [one for one in commands_of(path) if not one.script] for path in DOCUMENTS}
RUN = [name for name, found in COMMANDS.items() if any(isinstance(fate_of(name, one), Run) for one in found)]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def hooks() -> Iterator[str]:
    """The address of a receiver of events."""
    with receiving() as receiver:
        yield receiver.url


@pytest.fixture(scope="module")
def mock(hooks: str) -> Iterator[str]:
    """Serve the mock that stands for each address in the documents; it has a subscription to its events."""
    app = create_app(webhook=hooks, webhook_secret=GIVEN["SECRET"])
    with serving(app) as url:
        yield url
    app.namespaces.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def here(text: str, mock: str, hooks: str, port: int) -> str:
    """Return the command with the addresses of this test in place of those in the documents."""
    served = re.match(r"accord (mock|proxy)\b", text)
    if served:
        text = text.replace(" --port 4010", "").replace(served[0], f"{served[0]} --port {port}")
    text = re.sub(r"https://(staging\.example\.com|helpdesk\.example)(?=[\s/]|$)|http://127\.0\.0\.1:(4010|8000)", mock, text)
    text = text.replace("http://127.0.0.1:9000/hooks", hooks).replace("127.0.0.1:9000", f"127.0.0.1:{port}")
    # `accord trigger` speaks to the usual port unless it is told otherwise.
    return text.replace("accord trigger", f"accord trigger --mock-url {mock}")


@pytest.mark.parametrize("document", chosen(RUN, [at for at, name in enumerate(RUN) if name != "docs/certification.md"]))
def test_they_do_what_is_said(document: str, tmp_path: Path, mock: str, hooks: str) -> None:
    bare = surroundings(tmp_path, {**SHORT, **GIVEN})
    environment = {**bare, "PATH": f"{ACCORD.parent}:{os.environ['PATH']}"}
    for command in COMMANDS[document]:
        fate = fate_of(document, command)
        if not isinstance(fate, Run):
            continue
        fate.before(tmp_path)
        port = free_port()
        text = f"{here(command.text.rstrip('& '), mock, hooks, port)} {fate.more}"
        with subprocess.Popen(
            ["bash", "-c", f"exec {text}"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # A response may be cut within a character.
            errors="replace",
        ) as running:
            try:
                if fate.serves:
                    wait_for(port, running)
                    running.send_signal(signal.SIGINT)
                said, _ = running.communicate(timeout=120)
            finally:
                running.kill()
        assert running.returncode == fate.code, f"{text}\n{said}"
        assert fate.shows in said, f"{text}\n{said}"


def wait_for(port: int, running: "subprocess.Popen[str]") -> None:
    """Wait until the server responds: one that has only bound its port may not yet end with 0 when it is interrupted."""
    for _ in range(600):
        with (
            contextlib.suppress(requests.ConnectionError),
            requests.get(f"http://127.0.0.1:{port}/api/v1/conversations/", timeout=10),
        ):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(0.05)
            break
    pytest.fail("It does not respond.")


@pytest.mark.parametrize("document", COMMANDS)
def test_somebody_said_what_becomes_of_each(document: str) -> None:
    for command in COMMANDS[document]:
        fate = fate_of(document, command)
        if isinstance(fate, Parsed):
            parse(command)
        elif isinstance(fate, Elsewhere):
            file, _, name = fate.test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
        elif isinstance(fate, Neither):
            assert len(fate.why) > 20
    starts = [start for start, _ in FATES.get(document, ())]
    unused = [start for start in starts if not any(one.text.startswith(start) for one in COMMANDS[document])]
    assert not unused, "These commands are not there any more."


def test_a_command_that_nobody_named_is_found_out() -> None:
    with pytest.raises(LookupError, match=r"docs/mock\.md has a command"):
        fate_of("docs/mock.md", Command("accord nothing", script=False))


def parse(command: Command) -> None:
    """Check that the target of make, or the module and its options, exists. test_documents.py checks commands of `accord`."""
    words = command.text.split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", MAKEFILE, re.MULTILINE)
    elif words[1:2] == ["-m"]:
        assert importlib.util.find_spec(words[2]) is not None
        done = subprocess.run(
            [sys.executable, "-m", words[2], "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
        for word in words[3:]:
            assert word.startswith("'") or word in done.stdout
    else:
        assert words[0] == "accord"


SPAN = re.compile(r"`((?:accord|make|python -m) [^`]+)`")


@pytest.mark.parametrize("document", COMMANDS)
def test_what_is_named_in_passing_is_there(document: str) -> None:
    """Targets of make, modules and options of `accord` that the text names have to exist."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for span in SPAN.findall(text):
        words = span.split()
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", MAKEFILE, re.MULTILINE), span
        elif words[0] == "python":
            assert importlib.util.find_spec(words[2]) is not None, span
        else:
            assert set(re.findall(r"(?<=\s)--[a-z-]+", span)) <= options_of(words[1]), span


def options_of(name: str) -> set[str]:
    if name.startswith("-"):
        return {opt for parameter in accord.params for opt in parameter.opts} | {name}
    found = accord.get_command(accord.make_context("accord", ["--help"], resilient_parsing=True), name)
    assert found is not None, name
    return {opt for parameter in found.params for opt in [*parameter.opts, *parameter.secondary_opts]} | {"--help"}
