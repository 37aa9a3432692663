"""Each effect of a fault: what a raw socket sees of it, and what state the mock is in afterwards."""

import socket
import time
from contextlib import contextmanager

import orjson
import pytest
import requests

from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.mock.wire import until_closed

CREATE = "/api/v1/conversations/create/"
LIST = "/api/v1/conversations/"


@pytest.fixture(scope="module")
def app(contract):
    return create_app(spec=contract, scenario="empty")


@pytest.fixture(scope="module")
def served(app):
    with serving(app) as url:
        yield url


@pytest.fixture(autouse=True)
def afresh(app):
    app.namespace.reset()


@contextmanager
def sent(app, url, headers=b"", key=None):
    """Send a create, and yield the connection."""
    host, port = url.removeprefix("http://").split(":")
    body = orjson.dumps({"subject": "Hello"})
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST %b HTTP/1.1\r\nHost: %b:%b\r\nX-API-Key: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
            % (
                CREATE.encode(),
                host.encode(),
                port.encode(),
                (key or app.namespace.standard_keys.server).encode(),
                len(body),
                headers,
                body,
            )
        )
        yield connection


def response(connection):
    """Return the head and the body of a complete response; the connection stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = [int(line.split(b":")[1]) for line in head.lower().splitlines() if line.startswith(b"content-length")]
    while len(body) < length:
        body += connection.recv(65536)
    return head.decode().lower(), body


def count(app):
    return app.namespace.size()


def fault(app, then):
    app.namespace.faults.add({"match": {"operation": "createConversation"}, "then": then})


def test_a_status(app, served):
    fault(app, {"status": 503, "retry_after": 2, "body": {"oops": [1, None]}})
    with sent(app, served) as connection:
        head, body = response(connection)
    assert head.startswith("http/1.1 503 ")
    assert "\r\nretry-after: 2\r\n" in head + "\r\n"
    assert "content-type: application/json" in head
    assert orjson.loads(body) == {"oops": [1, None]}
    assert count(app) == 0


def test_a_status_with_a_text_of_another_type(app, served):
    fault(app, {"status": 502, "content_type": "text/html", "body": "<h1>Bad gateway</h1>"})
    with sent(app, served) as connection:
        head, body = response(connection)
    assert (head.split()[1], body) == ("502", b"<h1>Bad gateway</h1>")
    assert "content-type: text/html" in head


@pytest.mark.parametrize("status", [401, 418, 520, 599])
def test_a_status_without_a_body_of_its_own_looks_like_the_mocks_errors(app, served, status):
    fault(app, {"status": status})
    with sent(app, served) as connection:
        head, body = response(connection)
    assert head.split()[1] == str(status)
    assert orjson.loads(body).keys() == {"detail"}
    assert "access-control-allow-origin: *" in head


def test_a_delay(app, served):
    fault(app, {"delay": 0.4})
    began = time.monotonic()
    with sent(app, served) as connection:
        head, body = response(connection)
    assert 0.4 <= time.monotonic() - began < 5
    assert head.startswith("http/1.1 201")
    assert orjson.loads(body)["subject"] == "Hello"
    assert count(app) == 1


def test_a_timeout(app, served):
    fault(app, {"timeout": True})
    with sent(app, served) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        # Other requests get responses meanwhile. The create was done, although its client cannot know that.
        key = {"X-API-Key": app.namespace.standard_keys.server}
        assert requests.get(served + LIST, headers=key, timeout=10).json()["count"] == 1


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("delay", [{}, {"delay": 0.1}])
def test_a_drop(app, served, drop, made, delay):
    fault(app, {"drop": drop, **delay})
    with sent(app, served) as connection:
        assert until_closed(connection) == b""
    assert count(app) == made


def test_truncated(app, served):
    fault(app, {"truncate": 0.5})
    with sent(app, served) as connection:
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201")
    [length] = [int(line.split(b":")[1]) for line in head.lower().splitlines() if line.startswith(b"content-length")]
    assert len(body) == length // 2
    assert body.startswith(b'{"id":')
    assert count(app) == 1


def test_malformed(app, served):
    fault(app, {"malformed": True})
    with sent(app, served) as connection:
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201")
    assert b"Transfer-Encoding: chunked" in head
    assert not body.split(b"\r\n")[0].isalnum()
    assert count(app) == 1


def test_another_content_type(app, served):
    fault(app, {"content_type": "text/html; charset=utf-8"})
    with sent(app, served) as connection:
        head, body = response(connection)
    assert head.startswith("http/1.1 201")
    assert head.count("content-type: ") == 1
    assert "content-type: text/html; charset=utf-8" in head
    assert orjson.loads(body)["subject"] == "Hello"
    assert count(app) == 1


def test_a_drip(app, served):
    fault(app, {"drip": {"seconds": 0.6}})
    began, pieces = time.monotonic(), 0
    with sent(app, served) as connection:
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(65536)
            pieces += 1
    assert 0.5 <= time.monotonic() - began < 5
    assert pieces >= 3
    assert orjson.loads(received.partition(b"\r\n\r\n")[2])["subject"] == "Hello"
    assert count(app) == 1


def test_a_rate_limit(app, served):
    app.namespace.clock.freeze()
    fault(app, {"rate_limit": {"requests": 2, "per_seconds": 60}})
    keys = app.namespace.standard_keys
    statuses, waits = [], []
    for _ in range(3):
        with sent(app, served) as connection:
            head, body = response(connection)
        statuses.append(head.split()[1])
        waits += [int(line.split(":")[1]) for line in head.splitlines() if line.startswith("retry-after")]
    assert (statuses, waits) == (["201", "201", "429"], [30])
    assert "30 seconds" in orjson.loads(body)["detail"]
    # A bucket for each key.
    with sent(app, served, key=keys.client) as connection:
        assert response(connection)[0].startswith("http/1.1 201")
    app.namespace.clock.advance(waits[0] * 1_000_000)
    with sent(app, served) as connection:
        assert response(connection)[0].startswith("http/1.1 201")
    assert count(app) == 4


def test_one_request_by_its_header(app, served):
    began = time.monotonic()
    with sent(app, served, b"X-Accord-Fault: status=503; delay=0.3; retry_after=7\r\n") as connection:
        head, _ = response(connection)
    assert time.monotonic() - began >= 0.3
    assert head.startswith("http/1.1 503")
    assert "retry-after: 7" in head
    with sent(app, served, b"X-Accord-Fault: drop=after\r\n") as connection:
        assert until_closed(connection) == b""
    assert count(app) == 1
    with sent(app, served) as connection:
        assert response(connection)[0].startswith("http/1.1 201")


def test_a_delayed_response_holds_up_nobody_else(app, served):
    """Requests with another key get their responses while ten with the first key wait."""
    keys = app.namespace.standard_keys
    app.namespace.faults.add({"match": {"key": "client"}, "then": {"delay": 1.5}})
    began = time.monotonic()
    waiting = []
    try:
        for _ in range(10):
            context = sent(app, served, key=keys.client)
            waiting.append((context, context.__enter__()))
        for _ in range(20):
            assert requests.get(served + LIST, headers={"X-API-Key": keys.server}, timeout=10).status_code == 200
        assert time.monotonic() - began < 1.5
        for _, connection in waiting:
            assert response(connection)[0].startswith("http/1.1 201")
        assert time.monotonic() - began >= 1.5
    finally:
        for context, _ in waiting:
            context.__exit__(None, None, None)
    assert count(app) == 10
