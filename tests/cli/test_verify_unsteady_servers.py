"""Servers that ask to wait, are slow, go away, or have other users are not failed for it, and not passed without proof."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.app import create_app
from mockserver.serving.server import WsgiApp, serving
from tests.cli import command, turning
from tests.cli.command import ACCORD, KEYS, Ended, key_options
from tests.cli.samples import some

Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "get.*")

DYING = """
import os, sys
from mockserver.app import create_app
from mockserver.serving.server import serving

app, left = create_app(scenario="empty"), int(sys.argv[1])

def mortal(environ, start_response):
    global left
    left -= 1
    if left < 0:
        os._exit(0)
    return app(environ, start_response)

with serving(mortal) as url:
    print(url, flush=True)
    sys.stdin.read()
"""
"""A server whose process ends at the request after a number of requests."""


class Limited:
    """An application that refuses requests with certain numbers, and counts those that came back too soon."""

    def __init__(self, app: WsgiApp, refuses: Callable[[int], bool], retry_after: str) -> None:
        self._app = app
        self._refuses = refuses
        self._retry_after = retry_after
        self._number = 0
        self._not_before = 0.0
        self.refused = 0
        self.impatient = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self._number += 1
        self.impatient += time.monotonic() < self._not_before
        if not self._refuses(self._number):
            return self._app(environ, start_response)
        self.refused += 1
        self._not_before = time.monotonic() + float(self._retry_after) - 0.01
        start_response("429 Too Many Requests", [("Content-Type", "text/plain"), ("Retry-After", self._retry_after)])
        return [b"Slow down."]


def test_a_server_that_limits_the_rate(verify: Verify) -> None:
    limited = Limited(create_app(scenario="empty"), lambda number: number % 40 == 0, "0")
    with serving(limited) as url:
        ended = verify(url, *key_options(), *QUICK)
    assert ended.code == 0, ended.said
    assert limited.refused > 3


def test_the_time_that_it_asks_for_is_waited(verify: Verify) -> None:
    limited = Limited(create_app(scenario="empty"), lambda number: number in (2, 30), "1")
    with serving(limited) as url:
        ended = verify(url, *key_options(), *QUICK)
    assert ended.code == 0, ended.said
    assert (limited.refused, limited.impatient) == (2, 0)


@pytest.mark.parametrize(("after", "code"), [(0, 2), (40, 3)], ids=["from the beginning", "from the middle"])
def test_a_server_that_only_asks_to_wait(verify: Verify, after: int, code: int) -> None:
    with serving(Limited(create_app(scenario="empty"), lambda number: number > after, "3600")) as url:
        ended = verify(url, *key_options(), *QUICK)
    assert ended.code == code, ended.said
    assert "429" in ended.said


def test_a_pace_is_kept(verify: Verify, mock: str) -> None:
    ended = verify(mock, *key_options(), "--effort", "quick", "--only", "get.unknown-id", "--requests-per-second", "25")
    assert ended.code == 0, ended.said
    run = ended.report["run"]
    assert run["requests"] / run["duration_s"] <= 26


@pytest.fixture
def mortal() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", DYING, "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def test_a_server_that_dies(verify: Verify, mortal: str) -> None:
    ended = verify(mortal, *key_options(), *QUICK)
    assert ended.code == 3, ended.said
    assert "INCONCLUSIVE" in ended.out
    assert "No response to" in ended.out
    assert ended.report["verdict"] == "inconclusive"
    assert ended.report["run"]["problems"]
    assert not ended.with_outcome("failed")


def test_a_server_that_is_slow(verify: Verify) -> None:
    app = create_app(scenario="empty")

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        time.sleep(0.05)
        return app(environ, start_response)

    with serving(slow) as url:
        ended = verify(url, *key_options(), "--effort", "quick", "--only", "get.unknown-id")
    assert ended.code == 0, ended.said


@pytest.mark.extended
def test_a_server_that_others_use_meanwhile(verify: Verify) -> None:
    """Other people have conversations on the server, and create more while the suite runs."""
    stop = threading.Event()

    def write(url: str) -> None:
        with requests.Session() as session:
            session.headers["X-API-Key"] = KEYS.server
            for number in range(10_000):
                if stop.wait(0.01):
                    return
                body = {"subject": f"Other {number}", "user_email": f"other{number % 7}@example.com"}
                made = session.post(f"{url}/api/v1/conversations/create/", json=body, timeout=30).json()
                session.post(f"{url}/api/v1/conversations/{made['id']}/resolve/", timeout=30)

    with serving(create_app(scenario="busy-inbox")) as url:
        other = threading.Thread(target=write, args=(url,))
        other.start()
        try:
            ended = verify(
                url, *key_options(), "--effort", "quick", "--only", "list.*", "--only", "resolve.*", "--only", "create.*"
            )
        finally:
            stop.set()
            other.join()
    assert ended.code == 0, ended.said


BOUNDED = ("--effort", "quick", "--workers", "1", "--timeout", "1", "--only", "get.*", "--only", "list.*")


ENDLESS = [
    (turning.drips_in_headers, "time limit of 1 s"),
    (turning.drips_in_body, "time limit of 1 s"),
    (turning.interim_for_ever, "time limit of 1 s"),
    (turning.body_without_end, "larger than 16 MiB"),
    (turning.chunks_without_end, "larger than 16 MiB"),
    (turning.gzip_bomb, "larger than 16 MiB once it is decompressed"),
    (turning.enormous_length, "larger than 16 MiB, by its Content-Length"),
    (turning.headers_without_end, "larger than 64 KiB"),
]
# Each from the start and after 60 requests, which takes seconds. The order alternates: a sample of every second one has both.
MOMENTS = [
    pytest.param(
        *(misbehave, why, after),
        id=f"{misbehave.__name__}-{'from the middle' if after else 'from the beginning'}",
        marks=[pytest.mark.extended] if after else [],
    )
    for number, (misbehave, why) in enumerate(ENDLESS)
    for after in ((0, 60) if number % 2 else (60, 0))
]


@pytest.mark.parametrize(("misbehave", "why", "after"), some(MOMENTS, 2))
def test_a_server_whose_responses_have_no_end(
    tmp_path: Path, mock: str, misbehave: turning.Misbehave, why: str, after: int
) -> None:
    """It costs the run neither time nor memory without bound, and the run reports only what the server did."""
    with turning.turning(mock, misbehave, after=after) as server:
        ended, most = measured(tmp_path, "verify", server.url, *key_options(), *BOUNDED)
    assert ended.code == (3 if after else 2), ended.said
    assert why in ended.said
    assert most < 300, f"{most} MiB"
    if after:
        assert not ended.with_outcome("failed")
        assert (ended.directory / "accord-report" / "report.html").stat().st_size < 5_000_000


def measured(directory: Path, *arguments: str) -> tuple[Ended, float]:
    """Run a command, and return how it ended and its peak memory in MiB."""
    code = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:]).returncode\n"
        "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    ended = command.accord(directory, "-c", code, str(ACCORD), *arguments, program=Path(sys.executable))
    return ended, int(ended.err.rsplit("peak ", 1)[1]) / 1024


def test_a_list_without_end(verify: Verify) -> None:
    """Every page names a next one: the suite follows them up to a limit, and only once."""
    app = create_app(scenario="empty")
    asked = [0]

    def endless(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not environ["PATH_INFO"].endswith("/messages/") or environ["REQUEST_METHOD"] != "GET":
            return app(environ, start_response)
        asked[0] += 1
        number = asked[0]
        message = {
            "id": f"m{number}",
            "message_type": "inbound",
            "body": f"Message {number}",
            "sender_email": "a@example.com",
            "created_at": "2026-01-01T00:00:00Z",
        }
        page = {"count": 10**9, "next": f"http://x/?offset={number}", "previous": None, "results": [message]}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(page).encode()]

    with serving(endless) as url:
        ended = verify(url, *key_options(), "--effort", "quick", "--workers", "1", "--only", "messages.*")
    assert ended.code in (1, 3), ended.said
    assert "did not end after 200" in json.dumps(ended.report)
    assert asked[0] < 3000


def test_a_server_that_drops_what_is_not_documented(verify: Verify) -> None:
    """A connection that is closed on `GET /` is no sign that the server is gone."""
    with serving(create_app(scenario="empty")) as mock:

        def turns(method: str, path: str, number: int) -> bool:
            return path == "/" or (method == "POST" and path.endswith("/resolve/"))

        server = turning.Turning(mock, lambda opened: opened.shutdown(socket.SHUT_RDWR), turns)
        ended = verify(server.url, *key_options(), "--effort", "quick", "--workers", "1", "--only", "resolve.*")
        server.close()
    assert ended.code == 1, ended.said
    assert "went away" not in ended.said
    assert not ended.report["run"]["problems"]
