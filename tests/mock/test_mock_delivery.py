"""Responses that are late, slow, cut or never come, over a socket: what the client sees, and that others see nothing of it."""

import gc
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from urllib.parse import parse_qs

import pytest
import requests

from mockserver.app import create_app
from mockserver.handling.pipeline import Pipeline
from mockserver.http.delivery import Delivery, request_delivery
from mockserver.keys.model import StandardKeys
from mockserver.serving.bodies import Incoming
from mockserver.serving.deliveries import _Sending
from mockserver.serving.ports import bind, url_of
from mockserver.serving.server import Server, serving
from mockserver.testing import MockAdapter
from tests.mock.wire import until_closed

BODY = b'{"text": "' + b"0123456789" * 20 + b'"}'


def app(environ, start_response):
    """Answers `BODY`, delivered as the query says, such as `delay=0.5&drop=1`."""
    effects = {name: json.loads(value) for name, [value] in parse_qs(environ["QUERY_STRING"]).items()}
    environ["wsgi.input"].read()
    request_delivery(environ, Delivery(**effects) if effects else None)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


@pytest.fixture(scope="module")
def served():
    with serving(app) as url:
        yield url


@contextmanager
def asked(url, effects):
    """Request a response that is delivered with these effects, and yield the connection."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET /?%b HTTP/1.1\r\nHost: x\r\n\r\n" % effects.encode())
        yield connection


def test_a_delay(served):
    began = time.monotonic()
    response = requests.get(f"{served}/?delay=0.6", timeout=10)
    assert 0.6 <= time.monotonic() - began < 5
    assert (response.status_code, response.content) == (200, BODY)


def test_a_connection_is_kept_after_a_delay(served):
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(f"{served}/?delay=0.05", timeout=10).content == BODY
        # One pool, one connection.
        [pool] = session.get_adapter(served).poolmanager.pools._container.values()
        assert pool.num_connections == 1


def test_a_response_that_is_dropped(served):
    with asked(served, "drop=true") as connection:
        assert until_closed(connection) == b""
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{served}/?drop=true&delay=0.1", timeout=10)


def test_a_response_that_never_comes(served):
    with asked(served, "hang=true") as connection:
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{served}/?hang=true", timeout=0.3)


@pytest.mark.parametrize(("part", "sent"), [("0", 0), ("0.5", len(BODY) // 2), ("0.99", int(len(BODY) * 0.99))])
@pytest.mark.parametrize("drip", ["", "&drip=0.3"])
def test_a_body_that_is_truncated(served, part, sent, drip):
    with asked(served, f"truncate={part}{drip}") as connection:
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"content-length: {len(BODY)}".encode() in head.lower()
    assert body == BODY[:sent]


def test_a_body_that_drips(served):
    with asked(served, "drip=1") as connection:
        began, times, received = time.monotonic(), [], b""
        while not received.endswith(BODY):
            received += connection.recv(65536)
            times.append(time.monotonic() - began)
    assert 0.9 < times[-1] < 6
    assert len(times) >= 4
    assert received.count(b"HTTP/1.1 200 OK") == 1


def test_a_response_that_is_malformed(served):
    with asked(served, "malformed=true") as connection:
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert body
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.get(f"{served}/?malformed=true", timeout=10)


@pytest.mark.parametrize("effects", ["delay=0.1", "drip=0.2", "truncate=0.5", "drip=0.1&truncate=0.5"])
def test_a_response_without_a_body(served, effects):
    response = requests.head(f"{served}/?{effects}", timeout=10)
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(len(BODY)))


@pytest.mark.parametrize(
    "effects",
    [
        {"delay": -1},
        {"delay": float("inf")},
        {"drip": float("nan")},
        {"truncate": 1},
        {"truncate": -0.1},
        {"hang": True, "drop": True},
        {"drop": True, "truncate": 0.5},
        {"malformed": True, "drip": 1},
    ],
)
def test_effects_that_make_no_sense(effects):
    with pytest.raises(ValueError):
        Delivery(**effects)


def seconds_of(url, **request):
    began = time.monotonic()
    assert requests.request(**{"method": "GET", "url": url, "timeout": 20} | request).status_code == 200
    return time.monotonic() - began


@pytest.mark.extended
def test_others_do_not_wait_for_what_is_delayed(served):
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        late = [stack.enter_context(asked(served, "delay=4")) for _ in range(10)]
        others = list(pool.map(lambda _: seconds_of(served), range(100)))
        # The limit is generous, for busy machines: if requests waited for each other, each would take 4 seconds or more.
        assert max(others) < 1.5
        assert time.monotonic() - began < 4
        for connection in late:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert 4 <= time.monotonic() - began < 9


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_others_do_not_wait_for_bodies_that_stall(framing):
    with serving(app, seconds_for_a_body=2) as url, ExitStack() as stack:
        host, port = url.removeprefix("http://").split(":")
        began = time.monotonic()
        stalling = [stack.enter_context(socket.create_connection((host, int(port)), timeout=20)) for _ in range(10)]
        for connection in stalling:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n%b\r\n\r\n1\r\n{" % framing)
        others = [seconds_of(url, method="POST", data=b"{}") for _ in range(50)]
        assert max(others) < 1
        assert time.monotonic() - began < 2
        for connection in stalling:
            assert until_closed(connection).startswith(b"HTTP/1.1 408")
        # They time out together, not one after another.
        assert 2 <= time.monotonic() - began < 6


def test_a_server_with_responses_and_bodies_under_way_stops_at_once():
    with bind("127.0.0.1", 0) as listener:
        server = Server(app, listener)
        server.start()
        url = url_of(listener)
        with ExitStack() as stack:
            waiting = [stack.enter_context(asked(url, effects)) for effects in ("delay=60", "hang=true", "drip=60")]
            host, port = url.removeprefix("http://").split(":")
            stalling = stack.enter_context(socket.create_connection((host, int(port)), timeout=10))
            stalling.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{")
            time.sleep(0.3)
            assert requests.get(url, timeout=10).status_code == 200
            began = time.monotonic()
            assert server.stop()
            assert time.monotonic() - began < 1
            for connection in (*waiting[:2], stalling):
                assert until_closed(connection) == b""


def kept():
    gc.collect()
    return sum(isinstance(one, Incoming | _Sending) for one in gc.get_objects())


def test_nothing_is_kept_of_what_was_answered(served):
    # Other servers of this process may be waiting on connections of their own.
    before = kept()
    for effects in ("delay=0.01", "drip=0.1", "truncate=0.5", "drop=true", "malformed=true"):
        with asked(served, effects) as connection:
            connection.recv(65536)
    with asked(served, "hang=true"):
        time.sleep(0.2)
    for data in (b"{}", iter([b"{", b"}"])):
        assert requests.post(served, data=data, timeout=10).status_code == 200
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if kept() <= before:
            return
        time.sleep(0.05)
    pytest.fail(f"{kept()} are kept, and were {before} before.")


class Late(Pipeline):
    """Delivers what it refuses half a second late, and drops what is created."""

    def respond(self, operation, request):
        response = super().respond(operation, request)
        if response.status == 401:
            return response._replace(delivery=Delivery(delay=0.5))
        return response._replace(delivery=Delivery(drop=True)) if response.status == 201 else response


@pytest.mark.parametrize("through_flask", [False, True])
def test_the_mock_delivers_its_responses_so(through_flask):
    mock = create_app(scenario="empty", pipeline=Late)
    if through_flask:
        mock.before_request(lambda: None)
    key = {"X-API-Key": StandardKeys.of(1).server}
    with serving(mock) as url:
        began = time.monotonic()
        assert requests.get(f"{url}/api/v1/conversations/", timeout=10).status_code == 401
        assert time.monotonic() - began >= 0.5
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{url}/api/v1/conversations/create/", json={"subject": "x"}, headers=key, timeout=10)
        assert requests.get(f"{url}/api/v1/conversations/", headers=key, timeout=10).json()["count"] == 1


class Broken(Pipeline):
    """Delivers the responses as the header X-Effect says."""

    def respond(self, operation, request):
        return super().respond(operation, request)._replace(delivery=Delivery(**json.loads(request.header("X-Effect"))))


@pytest.mark.parametrize(
    ("effect", "raised"),
    [
        ({"hang": True}, requests.ReadTimeout),
        ({"drop": True}, requests.ConnectionError),
        ({"malformed": True}, requests.ConnectionError),
        ({"truncate": 0.5}, requests.exceptions.ChunkedEncodingError),
        ({"delay": 60}, None),
        ({"drip": 60}, None),
    ],
)
def test_in_process_nobody_waits_and_failures_are_those_of_requests(effect, raised):
    session = requests.Session()
    session.mount("https://support.example.com", MockAdapter(create_app(scenario="empty", pipeline=Broken)))
    headers = {"X-API-Key": StandardKeys.of(1).server, "X-Effect": json.dumps(effect)}
    began = time.monotonic()
    if raised:
        with pytest.raises(raised):
            session.get("https://support.example.com/api/v1/conversations/", headers=headers)
    else:
        assert session.get("https://support.example.com/api/v1/conversations/", headers=headers).status_code == 200
    assert time.monotonic() - began < 10


def test_requests_are_answered_one_at_a_time():
    """An application need not be thread-safe, even where bodies are late, which another thread notices."""
    inside, most, lock = 0, 0, threading.Lock()

    def counting(environ, start_response):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.01)
        with lock:
            inside -= 1
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    with serving(counting, seconds_for_a_body=0.3) as url, ExitStack() as stack:
        host, port = url.removeprefix("http://").split(":")
        for _ in range(10):
            connection = stack.enter_context(socket.create_connection((host, int(port)), timeout=20))
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{")
        for _ in range(100):
            seconds_of(url)
    assert most == 1
