"""What is not held against a server: being slow, asking to wait, or leaving open whether a write was done."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver.app import create_app
from mockserver.serving.server import WsgiApp, serving
from tests.cli.command import Ended
from tests.load.conftest import KEYS

Load = Callable[..., Ended]


def every(number: int, instead: Callable[[], tuple[str, list[tuple[str, str]]]], app: WsgiApp) -> WsgiApp:
    """Wrap an application: every `number`-th request gets the response that `instead` gives."""
    numbers = itertools.count(1)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        time.sleep(0.002)
        if next(numbers) % number:
            return app(environ, start_response)
        status, headers = instead()
        start_response(status, [("Content-Type", "text/plain"), *headers])
        return [b"Later."]

    return answer


@pytest.mark.extended
def test_a_server_that_is_slow_and_asks_to_wait(load: Load) -> None:
    answers = itertools.cycle(
        [("429 Too Many Requests", "0"), ("503 Service Unavailable", "1"), *[("429 Too Many Requests", "0")] * 6]
    )

    def later() -> tuple[str, list[tuple[str, str]]]:
        status, seconds = next(answers)
        return status, [("Retry-After", seconds)]

    with serving(every(40, later, create_app(scenario="empty"))) as url:
        ended = load(url, *KEYS)
    assert ended.code == 0, ended.said
    figures = ended.report["load"]
    assert figures["waits"] > 2
    assert figures["waited_s"] > 0.9
    assert "to wait" in ended.out


class Careless(BaseHTTPRequestHandler):
    """A proxy that passes requests on, but loses some of the writes, and the responses to some others."""

    protocol_version = "HTTP/1.1"
    behind = ""
    numbers = itertools.count(1)
    lock = threading.Lock()

    def do_GET(self) -> None:
        self.pass_on()

    def do_POST(self) -> None:
        with self.lock:
            number = next(self.numbers)
        if number > 20 and number % 40 == 0:
            self.close_connection = True
        elif number > 20 and number % 40 == 20:
            self.pass_on(answer=False)
            self.close_connection = True
        else:
            self.pass_on()

    def pass_on(self, *, answer: bool = True) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(urlsplit(self.behind).netloc, timeout=10)
        connection.request(self.command, self.path, body or None, dict(self.headers))
        received = connection.getresponse()
        data = received.read()
        connection.close()
        if answer:
            self.send_response_only(received.status)
            self.send_header("Content-Type", received.headers["Content-Type"])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing is logged."""


@contextmanager
def carelessly(url: str) -> Iterator[str]:
    handler = type("Handler", (Careless,), {"behind": url, "numbers": itertools.count(1)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.extended
def test_writes_that_may_have_happened(load: Load) -> None:
    with serving(create_app(scenario="empty")) as behind, carelessly(behind) as url:
        ended = load(url, *KEYS)
    assert not ended.with_outcome("failed"), ended.said
    assert ended.report["load"]["writes_in_doubt"] > 0
    # A few writes in doubt do not change the verdict. With many, the run is incomplete.
    assert ended.code == (3 if ended.report["run"]["problems"] else 0), ended.said


def test_a_server_that_is_dirty_and_used_by_others(load: Load) -> None:
    stop = threading.Event()

    def write(url: str) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        headers = {"X-API-Key": KEYS[1], "Content-Type": "application/json"}
        for number in range(10_000):
            if stop.wait(0.005):
                break
            body = json.dumps({"subject": f"Other {number}", "user_email": f"other{number % 7}@example.com"})
            connection.request("POST", "/api/v1/conversations/create/", body, headers)
            made = json.loads(connection.getresponse().read())
            connection.request("POST", f"/api/v1/conversations/{made['id']}/resolve/", b"", headers)
            connection.getresponse().read()
        connection.close()

    with serving(create_app(scenario="busy-inbox")) as url:
        other = threading.Thread(target=write, args=(url,))
        other.start()
        try:
            ended = load(url, *KEYS)
        finally:
            stop.set()
            other.join()
    assert ended.code == 0, ended.said


@pytest.mark.extended
def test_a_server_that_goes_away(load: Load) -> None:
    numbers = itertools.count(1)
    app = create_app(scenario="empty")

    def mortal(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if next(numbers) > 300:
            time.sleep(3)
        return app(environ, start_response)

    with serving(mortal) as url:
        ended = load(url, *KEYS, "--timeout", "0.3")
    assert ended.code == 3, ended.said
    assert ended.report["run"]["problems"]
    assert not ended.with_outcome("failed")
