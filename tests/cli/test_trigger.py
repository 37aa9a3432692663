"""`accord mock --webhook` and `accord trigger`, as a user runs them."""

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import ACCORD, KEYS, accord, surroundings
from tests.mock.receiver import SECRET, Receiver, receiving


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture(scope="module")
def url(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A mock that was started with a webhook: its address."""
    directory = tmp_path_factory.mktemp("mock")
    command = [str(ACCORD), "mock", "--port", "0", "--scenario", "empty", "--webhook", receiver.url, "--webhook-secret", SECRET]
    process = subprocess.Popen(
        command, cwd=directory, env=surroundings(directory, {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        yield next(line.strip() for line in lines if line.strip().startswith("http://"))
    finally:
        process.send_signal(signal.SIGTERM)
        assert SECRET not in process.communicate(timeout=10)[0]


def create(url: str) -> str:
    request = urllib.request.Request(
        f"{url}/api/v1/conversations/create/",
        b'{"subject": "Hello"}',
        {"X-API-Key": KEYS.server, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return str(json.load(response)["id"])


def test_an_event_is_fired(url: str, receiver: Receiver, tmp_path: Path) -> None:
    conversation = create(url)
    before = len(receiver.wait_for(1))
    ended = accord(tmp_path, "trigger", "conversation.assigned", "--conversation", conversation, "--mock-url", url)
    assert (ended.code, ended.out) == (0, "conversation.assigned: 1 delivery\n")
    assert receiver.wait_for(before + 1)[-1].json["event"] == "conversation.assigned"


def test_one_without_a_listener_is_a_no(url: str, tmp_path: Path) -> None:
    conversation = create(url)
    ended = accord(
        tmp_path, "trigger", "conversation.assigned", "--conversation", conversation, "--mock-url", url, "--namespace", "unheard"
    )
    assert ended.code == 2
    assert "no such namespace" in ended.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["conversation.deleted", "--conversation", "x"], "event"),
        (["conversation.assigned", "--conversation", "x"], "conversation"),
        (["conversation.assigned"], "--conversation"),
    ],
)
def test_what_cannot_be_fired_is_a_mistake(url: str, tmp_path: Path, arguments: list[str], named: str) -> None:
    ended = accord(tmp_path, "trigger", *arguments, environment={"ACCORD_MOCK_URL": url})
    assert ended.code == 2
    assert named in ended.err


def test_where_there_is_no_mock(tmp_path: Path) -> None:
    ended = accord(tmp_path, "trigger", "conversation.assigned", "--conversation", "x", "--mock-url", "http://127.0.0.1:9")
    assert ended.code == 2
    assert "no mock at http://127.0.0.1:9" in ended.err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--webhook", "http://127.0.0.1:9/"], "--webhook-secret"),
        (["--webhook-secret", SECRET], "--webhook"),
        (["--webhook", "http://192.0.2.1/", "--webhook-secret", SECRET], "--webhook-allow 192.0.2.1"),
        (["--webhook-allow", "http://x"], "--webhook-allow"),
    ],
)
def test_a_bad_webhook_ends_the_mock_at_once(tmp_path: Path, options: list[str], named: str) -> None:
    ended = accord(tmp_path, "mock", "--port", "0", *options)
    assert ended.code == 2
    assert named in ended.err
    assert SECRET not in ended.err
