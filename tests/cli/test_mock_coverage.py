"""`accord mock --coverage`: at the end it reports what clients have met, and too little of it can fail the command."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests

from tests.cli.command import ACCORD, KEYS, accord, surroundings


def run(directory: Path, *options: str) -> tuple[int, str]:
    """Run a mock, send it two requests in different namespaces, and return its exit code and what it wrote to stderr."""
    ready = directory / "ready"
    command = [str(ACCORD), "mock", "--port", "0", "--quiet", "--ready-file", str(ready), *options]
    process = subprocess.Popen(
        command, cwd=directory, env=surroundings(directory, {}), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        url, key = ready.read_text().strip(), {"X-API-Key": KEYS.server}
        requests.get(f"{url}/api/v1/conversations/", headers=key, timeout=10)
        requests.get(f"{url}/__accord__/in/other/api/v1/conversations/?limit=x", headers=key, timeout=10)
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    return process.returncode, said


@pytest.mark.parametrize(("least", "code"), [("1", 0), ("90", 1)])
def test_what_was_met_is_written_and_may_fail(tmp_path: Path, least: str, code: int) -> None:
    ended, said = run(tmp_path, "--coverage", "coverage.json", "--coverage-fail-under", least)
    assert ended == code, said
    found = json.loads((tmp_path / "coverage.json").read_text())
    assert [(one["operation"], one["status"]) for one in found["responses"] if one["count"]] == [
        ("listConversations", "200"),
        ("listConversations", "400"),
    ]
    assert "listConversations    met 200, 400; never 401" in said
    assert ("below the 90 %" in said) == (code == 1)


def test_mistakes_are_told_before_the_mock_starts(tmp_path: Path) -> None:
    for options, named in (
        (["--coverage-fail-under", "5"], "--coverage"),
        (["--coverage", "nowhere/coverage.json"], "nowhere/coverage.json"),
        (["--coverage", "c.json", "--coverage-fail-under", "101"], "--coverage-fail-under"),
    ):
        ended = accord(tmp_path, "mock", "--port", "0", *options)
        assert (ended.code, ended.out) == (2, "")
        assert named in ended.err
