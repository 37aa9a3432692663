"""`accord proxy`: what it says, the files that it writes, its exit code, and that no key is in any of it."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.app import create_app
from mockserver.handling.serializer import Serializer
from mockserver.serving.server import serving
from tests.cli.command import ACCORD, KEYS, accord, surroundings

LIST = "/api/v1/conversations/"


class WithoutNumber(Serializer):
    """Shows conversations without their numbers."""

    def conversation(self, conversation: Any) -> dict[str, Any]:
        """Return it without its number."""
        return {name: value for name, value in super().conversation(conversation).items() if name != "number"}


class Running:
    """A proxy that runs; once it has ended, its exit code and what it said."""

    url = ""
    code = -1
    out = ""
    err = ""


@contextmanager
def proxy(directory: Path, upstream: str, *options: str) -> Iterator[Running]:
    ready, running = directory / "ready", Running()
    command = [str(ACCORD), "proxy", "--upstream", upstream, "--port", "0", "--ready-file", str(ready), *options]
    process = subprocess.Popen(
        command, cwd=directory, env=surroundings(directory, {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        running.url = ready.read_text().strip()
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        running.out, running.err = process.communicate(timeout=30)
        running.code = process.returncode


@pytest.mark.parametrize(("serializer", "code"), [(Serializer, 0), (WithoutNumber, 1)])
def test_what_it_says_of_a_server(tmp_path: Path, serializer: type[Serializer], code: int) -> None:
    key = {"X-API-Key": KEYS.server}
    options = ("--report-dir", "found", "--coverage", "coverage.json", "--header", "X-Gate: a-secret-of-the-gate")
    with serving(create_app(serializer=serializer)) as upstream, proxy(tmp_path, upstream, *options) as running:
        for query in ("?limit=3", "?limit=x"):
            requests.get(f"{running.url}{LIST}{query}", headers=key, timeout=10)
        requests.get(f"{running.url}{LIST}", headers={"Authorization": "Bearer bnc_sv_nobody-has-this-one-0000"}, timeout=10)
    assert running.code == code, running.err
    assert ("server MUST   list.answer" in running.out) == (code == 1)
    assert "client open   invalid_paging" in running.out
    assert "client MUST   auth.invalid-key" in running.out
    found = json.loads((tmp_path / "found" / "findings.json").read_text())
    assert (found["schema"], found["exchanges"], found["violations"]) == ("accord/proxy/1", 3, code)
    of_server = [one for one in found["findings"] if one["side"] == "server"]
    assert [one["requirement"] for one in of_server] == ["list.answer"] * code
    assert all(one["evidence"][0]["response"]["status"] == 200 for one in of_server)
    journal = [json.loads(line) for line in (tmp_path / "found" / "journal.jsonl").read_text().splitlines()]
    assert [len(one["findings"]) for one in journal] == [code, 1, 1]
    assert len(json.loads((tmp_path / "found" / "traffic.har").read_text())["log"]["entries"]) == 3
    covered = {
        (one["operation"], one["status"])
        for one in json.loads((tmp_path / "coverage.json").read_text())["responses"]
        if one["count"]
    }
    assert covered == {("listConversations", "200"), ("listConversations", "400"), ("listConversations", "401")}
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file()) + running.out + running.err
    for secret in (KEYS.server, "bnc_sv_nobody-has-this-one-0000", "a-secret-of-the-gate"):
        assert secret not in written


def test_faults_are_not_the_servers(tmp_path: Path) -> None:
    """Injected faults are in the journal and reported during the run and at its end, but are never violations of the server."""
    (tmp_path / "faults.yaml").write_text(
        """\
- {when: {next: 1}, then: {status: 500}}
- {id: page, when: {next: 1}, then: {content_type: text/html}}
- {id: half, when: {next: 1}, then: {truncate: 0.5}}
- {id: gone, when: {next: 1}, then: {drop: before}}
- {id: lost, when: {next: 1}, then: {drop: after}}
- {id: refused, when: {next: 1}, then: {status: 401}}
"""
    )
    key = {"X-API-Key": KEYS.server}
    seen: list[int] = []
    options = ("--fault", "faults.yaml", "--seed", "7", "--report-dir", "found")
    with serving(create_app()) as upstream, proxy(tmp_path, upstream, *options) as running:
        for _ in range(7):
            try:
                seen.append(requests.get(f"{running.url}{LIST}", headers=key, timeout=10).status_code)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
                seen.append(0)
    assert seen == [500, 200, 0, 0, 0, 401, 200]
    assert (running.code, "server" in running.out, "client" in running.out) == (0, False, False), running.out
    assert "proxy  fault  gone  GET /api/v1/conversations/ → no response by the proxy" in running.out
    assert "     1 × proxy  fault  fault-1" in running.err
    journal = [json.loads(line) for line in (tmp_path / "found" / "journal.jsonl").read_text().splitlines()]
    assert [(one["fault"], one["response"]["status"], one["made_up"]) for one in journal] == [
        ("fault-1", 500, True),
        ("page", 200, False),
        ("half", 200, False),
        ("gone", 0, True),
        ("lost", 200, False),
        ("refused", 401, True),
        (None, 200, False),
    ]
    found = json.loads((tmp_path / "found" / "findings.json").read_text())
    assert (found["violations"], found["findings"]) == (0, [])
    assert found["faults"] == dict.fromkeys(("fault-1", "page", "half", "gone", "lost", "refused"), 1)


def test_mistakes(tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_text("- then:\n    status: 99\n")
    for options, named in (
        ([], "--upstream"),
        (["--upstream", "localhost:80"], "http://"),
        (["--upstream", "http://localhost", "--header", "x"], "--header"),
        (["--upstream", "http://localhost", "--header", "Content-Length: 3"], "Content-Length"),
        (["--upstream", "https://localhost", "--ca-file", "nowhere.pem"], "--ca-file"),
        (["--upstream", "https://localhost", "--insecure", "--ca-file", "nowhere.pem"], "--insecure"),
        (["--upstream", "http://localhost", "--coverage-fail-under", "3"], "--coverage"),
        (["--upstream", "http://localhost", "--fault", "faults.yaml"], "line 2"),
    ):
        ended = accord(tmp_path, "proxy", "--port", "0", *options)
        assert (ended.code, ended.out) == (2, ""), ended.said
        assert named in ended.err
