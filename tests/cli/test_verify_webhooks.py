"""`accord verify --webhook-listen`: the mock's events, heard by the suite, each in a process of its own."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import ACCORD, KEYS, accord, is_without_verdict, key_options, surroundings
from tests.defects.kit.hooks import free_port

SECRET = "whsec-0123456789abcdef"
ONLY = ("--only", "webhook.*", "--effort", "quick")


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Start a mock that sends its events to an address; yield its URL and that address."""
    directory, listen = tmp_path_factory.mktemp("mock"), f"127.0.0.1:{free_port()}"
    options = ["--port", "0", "--scenario", "empty", "--quiet", "--webhook", f"http://{listen}/", "--webhook-secret", SECRET]
    process = subprocess.Popen(
        [str(ACCORD), "mock", *options], cwd=directory, env=surroundings(directory, {}), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield next(word.rstrip(";") for word in line.split() if word.startswith("http://")), listen
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


@pytest.mark.extended
def test_the_mock_conforms_and_what_takes_longer_is_not_tested(heard: tuple[str, str], tmp_path: Path) -> None:
    url, listen = heard
    # All retries of the real schedule take half a minute, so the run waits only for the first one.
    hears = ("--webhook-listen", listen, "--webhook-secret", SECRET, "--webhook-wait", "4")
    ended = accord(tmp_path, "verify", url, *key_options(), *ONLY, *hears)
    assert ended.code == 0, ended.said
    assert ended.with_outcome("not_tested") == {"webhook.six-attempts"}
    reason = next(one["reason"] for one in ended.report["requirements"] if one["id"] == "webhook.six-attempts")
    assert "--webhook-wait" in reason
    for file in ended.files:
        assert SECRET not in (tmp_path / file).read_text(encoding="utf-8", errors="replace"), file


def test_another_secret_is_found_out(heard: tuple[str, str], tmp_path: Path) -> None:
    url, listen = heard
    hears = ("--webhook-listen", listen, "--webhook-secret", "another-secret-0123", "--webhook-wait", "2")
    ended = accord(tmp_path, "verify", url, *key_options(), "--only", "webhook.signature", "--effort", "quick", *hears)
    assert ended.code == 1, ended.said
    assert ended.with_outcome("failed") == {"webhook.signature"}


def test_the_embedded_mock_is_heard_as_well(tmp_path: Path) -> None:
    hears = ("--webhook-listen", f"127.0.0.1:{free_port()}", "--webhook-secret", SECRET, "--webhook-wait", "2")
    ended = accord(tmp_path, "verify", "--only", "webhook.message-created", "--effort", "quick", *hears)
    assert ended.code == 0, ended.said
    assert ended.outcomes == {"webhook.message-created": "passed"}


def test_without_a_listener_it_is_not_tested(heard: tuple[str, str], tmp_path: Path) -> None:
    ended = accord(tmp_path, "verify", heard[0], "--server-key", KEYS.server, *ONLY)
    assert set(ended.outcomes.values()) == {"not_tested"}
    assert all("--webhook-listen and --webhook-secret" in one["reason"] for one in ended.report["requirements"])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--webhook-listen", "127.0.0.1:9"], "--webhook-secret"),
        (["--webhook-secret", SECRET], "--webhook-listen"),
        (["--webhook-listen", "127.0.0.1", "--webhook-secret", SECRET], "--webhook-listen"),
        (["--webhook-listen", "192.0.2.1:9", "--webhook-secret", SECRET], "--webhook-listen"),
    ],
)
def test_mistakes_end_the_run_at_once(heard: tuple[str, str], tmp_path: Path, options: list[str], named: str) -> None:
    is_without_verdict(accord(tmp_path, "verify", heard[0], *key_options(), *options), 2, named)
