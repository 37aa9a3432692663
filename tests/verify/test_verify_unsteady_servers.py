"""Servers that ask to wait, are slow, go away, or are not ours alone: never failed for it, and never passed without proof."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import requests

from mockserver.app import create_app
from mockserver.server import WsgiApp, serving
from tests.verify.command import KEYS, Ended, key_options

Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "get.*")

DYING = """
import os, sys
from mockserver.app import create_app
from mockserver.server import serving

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
"""A server that ends, as a process, with the request after so many."""


class Limited:
    """An application that refuses each request of these numbers, and notes who did not wait until it might come again."""

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
    assert "No answer to" in ended.out
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


def test_a_server_that_others_use_meanwhile(verify: Verify) -> None:
    """It holds the conversations of others, and goes on to get more of them while the suite runs."""
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
