"""Each effect of a fault over the proxy: what a raw socket sees of it, what the server did, and what the proxy says of it."""

import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from accord.base.errors import AccordError
from mockserver.app import MockApp, create_app
from mockserver.contract.document import load_contract
from mockserver.proxy.laid import LaidFaults
from mockserver.serving.server import serving
from tests.mock.wire import until_closed
from tests.proxy.conftest import LONGEST, Proxy, proxying, receive
from tests.proxy.test_proxy_wire import CHUNKS, GET, OK, REQUESTS, RESPONSES, sending

CREATE, LIST = "/api/v1/conversations/create/", "/api/v1/conversations/"
NEVER: dict[str, Any] = {"when": {"every": 1_000_000}, "then": {"status": 503}}
CREATED = {"match": {"operation": "createConversation"}}


@pytest.fixture(scope="module")
def app() -> MockApp:
    return create_app(scenario="empty")


@pytest.fixture(scope="module")
def served(app: MockApp) -> Iterator[str]:
    with serving(app) as url:
        yield url


@pytest.fixture(autouse=True)
def afresh(app: MockApp) -> None:
    app.namespace.reset()


def laid(tmp_path: Path, *rules: dict[str, Any], seed: int = 1) -> LaidFaults:
    path = tmp_path / "faults.yaml"
    path.write_text(json.dumps(rules))
    return LaidFaults(path, load_contract(), seed)


@contextmanager
def sent(proxy: Proxy, app: MockApp, headers: bytes = b"", subject: str = "Hello") -> Iterator[socket.socket]:
    """Send a create through the proxy, and yield the connection."""
    with proxy.connect() as connection:
        send(connection, app, headers, subject)
        yield connection


def send(connection: socket.socket, app: MockApp, headers: bytes = b"", subject: str = "Hello") -> None:
    body = json.dumps({"subject": subject}).encode()
    key = app.namespace.standard_keys
    assert key is not None
    connection.sendall(
        b"POST %b HTTP/1.1\r\nHost: localhost\r\nX-API-Key: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
        % (CREATE.encode(), key.server.encode(), len(body), headers, body)
    )


def response(connection: socket.socket) -> tuple[str, bytes]:
    """Return the head, in lower case, and the body of a complete response."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        assert data, received
        received += data
    head, _, body = received.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: *(\d+)", head.lower())
    while found and len(body) < int(found[1]):
        body += connection.recv(65536)
    return head.decode().lower(), body


def test_a_status(tmp_path: Path, app: MockApp, served: str) -> None:
    """The status is sent without asking the server. The connection stays open, and the server gets the next request."""
    rule = {**CREATED, "when": {"next": 1}, "then": {"status": 503, "retry_after": 2, "body": {"oops": [1, None]}}}
    with proxying(served, laid(tmp_path, rule)) as proxy, sent(proxy, app, b"Origin: https://app.example\r\n") as connection:
        head, body = response(connection)
        assert head.startswith("http/1.1 503 ")
        assert "\r\nretry-after: 2\r\n" in head
        assert "\r\naccess-control-allow-origin: https://app.example" in head
        assert json.loads(body) == {"oops": [1, None]}
        assert app.namespace.size() == 0
        send(connection, app)
        assert response(connection)[0].startswith("http/1.1 201")
        proxy.wait(lambda: len(proxy.seen) == 2)
    assert app.namespace.size() == 1
    assert [(one.status, one.fault, one.is_made_up) for one in proxy.seen] == [(503, "fault-1", True), (201, "", False)]


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("delay", [{}, {"delay": 0.2}])
def test_a_drop(tmp_path: Path, app: MockApp, served: str, drop: str, made: int, delay: dict[str, Any]) -> None:
    began = time.monotonic()
    with proxying(served, laid(tmp_path, {**CREATED, "then": {"drop": drop, **delay}})) as proxy, sent(proxy, app) as connection:
        assert until_closed(connection) == b""
        proxy.wait(lambda: bool(proxy.seen))
    assert time.monotonic() - began >= delay.get("delay", 0)
    assert app.namespace.size() == made
    # The journal has the response of the server, if the server was asked.
    assert [(one.status, one.fault, one.is_made_up) for one in proxy.seen] == [(201 if made else 0, "fault-1", not made)]


def test_a_delay_changes_no_byte(tmp_path: Path, proxy: Proxy, listener: socket.socket) -> None:
    rule = {"then": {"delay": 0.4}}
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", laid(tmp_path, rule)) as slow, slow.connect() as client:
        client.sendall(GET)
        server, _ = listener.accept()
        receive(server, len(GET))
        began = time.monotonic()
        server.sendall(RESPONSES["chunks"])
        assert receive(client, len(RESPONSES["chunks"])) == RESPONSES["chunks"]
        assert 0.4 <= time.monotonic() - began < 5
        server.close()
    assert slow.seen[0].fault == "fault-1"


def test_a_delayed_response_holds_up_nobody_else(tmp_path: Path, app: MockApp, served: str) -> None:
    rule = {"match": {"body": {"subject": "Slow"}}, "then": {"delay": 1.5}}
    began = time.monotonic()
    with proxying(served, laid(tmp_path, rule)) as proxy, sent(proxy, app, subject="Slow") as slow:
        for _ in range(5):
            with sent(proxy, app) as connection:
                assert response(connection)[0].startswith("http/1.1 201")
        assert time.monotonic() - began < 1.5
        assert response(slow)[0].startswith("http/1.1 201")
        assert time.monotonic() - began >= 1.5


def test_a_timeout(tmp_path: Path, app: MockApp, served: str) -> None:
    with proxying(served, laid(tmp_path, {"then": {"timeout": True}})) as proxy, sent(proxy, app) as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert app.namespace.size() == 1


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 20\r\n\r\n" + b"x" * 20, b"Transfer-Encoding: chunked\r\n\r\n14\r\n" + b"x" * 20]
)
def test_truncated(tmp_path: Path, listener: socket.socket, framing: bytes) -> None:
    """The client gets half of the body, and a Content-Length for all of it, however the server framed its response."""
    rule = {"then": {"truncate": 0.5}}
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", laid(tmp_path, rule)) as proxy, proxy.connect() as client:
        client.sendall(GET)
        server, _ = listener.accept()
        receive(server, len(GET))
        server.sendall(b"HTTP/1.1 200 OK\r\nx-ODD: a\r\n" + framing + (b"\r\n0\r\n\r\n" if b"chunked" in framing else b""))
        assert until_closed(client) == b"HTTP/1.1 200 OK\r\nx-ODD: a\r\nContent-Length: 20\r\n\r\n" + b"x" * 10
        server.close()


def test_malformed(tmp_path: Path, app: MockApp, served: str) -> None:
    with proxying(served, laid(tmp_path, {"then": {"malformed": True}})) as proxy, sent(proxy, app) as connection:
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201")
    assert b"Transfer-Encoding: chunked" in head
    assert not body.split(b"\r\n")[0].isalnum()
    assert app.namespace.size() == 1


def test_another_content_type(tmp_path: Path, app: MockApp, served: str) -> None:
    rule = {"then": {"content_type": "text/html; charset=utf-8"}}
    with proxying(served, laid(tmp_path, rule)) as proxy, sent(proxy, app) as connection:
        head, body = response(connection)
    assert head.count("content-type: ") == 1
    assert "content-type: text/html; charset=utf-8" in head
    assert json.loads(body)["subject"] == "Hello"


def test_a_drip(tmp_path: Path, app: MockApp, served: str) -> None:
    began, pieces = time.monotonic(), 0
    with proxying(served, laid(tmp_path, {"then": {"drip": {"seconds": 0.6}}})) as proxy, sent(proxy, app) as connection:
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(65536)
            pieces += 1
    assert 0.5 <= time.monotonic() - began < 5
    assert pieces >= 3
    assert json.loads(received.partition(b"\r\n\r\n")[2])["subject"] == "Hello"


def test_a_rate_limit(tmp_path: Path, app: MockApp, served: str) -> None:
    rule = {"then": {"rate_limit": {"requests": 2, "per_seconds": 600}}}
    statuses = []
    with proxying(served, laid(tmp_path, rule)) as proxy:
        for _ in range(3):
            with sent(proxy, app) as connection:
                head, _ = response(connection)
                statuses.append(head.split()[1])
    assert statuses == ["201", "201", "429"]
    assert "retry-after: 300" in head
    assert app.namespace.size() == 2


def test_the_same_seed_meets_the_same_faults(tmp_path: Path, app: MockApp, served: str) -> None:
    def met(seed: int) -> list[str]:
        rule = {"when": {"probability": 0.5}, "then": {"status": 503}}
        with proxying(served, laid(tmp_path, rule, seed=seed)) as proxy, proxy.connect() as connection:
            found = []
            for _ in range(20):
                send(connection, app)
                found.append(response(connection)[0].split()[1])
            return found

    first = met(1)
    assert set(first) == {"201", "503"}
    assert met(1) == first
    assert met(2) != first


def test_rules_select_by_operation_tier_query_and_body(tmp_path: Path, app: MockApp, served: str) -> None:
    rules = [
        {"match": {"operation": "listConversations"}, "then": {"status": 501}},
        {"match": {"tier": "client"}, "then": {"status": 502}},
        {"match": {"query": {"a": "1"}}, "then": {"status": 503}},
        {"match": {"body": {"subject": "Stop"}}, "then": {"status": 504}},
    ]
    with proxying(served, laid(tmp_path, *rules)) as proxy:
        for subject, expected in (("Stop", "504"), ("Hello", "201")):
            with sent(proxy, app, subject=subject) as connection:
                assert response(connection)[0].split()[1] == expected


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "several at once"])
def test_requests_that_meet_no_fault_come_out_as_they_went_in(tmp_path: Path, listener: socket.socket, name: str) -> None:
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", laid(tmp_path, NEVER)) as proxy, proxy.connect() as client:
        thread = sending(client, REQUESTS[name])
        server, _ = listener.accept()
        server.settimeout(LONGEST)
        assert receive(server, len(REQUESTS[name])) == REQUESTS[name]
        thread.join(10)
        server.close()


@pytest.mark.parametrize("name", RESPONSES)
def test_responses_that_meet_no_fault_come_out_as_they_went_in(tmp_path: Path, listener: socket.socket, name: str) -> None:
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", laid(tmp_path, NEVER)) as proxy, proxy.connect() as client:
        client.sendall(GET)
        server, _ = listener.accept()
        receive(server, len(GET))
        thread = sending(server, RESPONSES[name])
        assert receive(client, len(RESPONSES[name])) == RESPONSES[name]
        thread.join(10)
        server.close()


def test_requests_that_were_sent_at_once_are_passed_on_one_after_another(tmp_path: Path, listener: socket.socket) -> None:
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", laid(tmp_path, NEVER)) as proxy, proxy.connect() as client:
        second = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        client.sendall(GET + second + GET)
        server, _ = listener.accept()
        for request in (GET, second, GET):
            assert receive(server, len(request)) == request
            server.sendall(OK)
            assert receive(client, len(OK)) == OK
        proxy.wait(lambda: len(proxy.seen) == 3)
        server.close()


def test_a_client_that_asks_whether_to_send_its_body_is_told_to(tmp_path: Path, listener: socket.socket) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", laid(tmp_path, NEVER)) as proxy, proxy.connect() as client:
        client.sendall(head)
        assert receive(client, 25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(CHUNKS)
        server, _ = listener.accept()
        assert receive(server, len(head + CHUNKS)) == head + CHUNKS
        server.close()


def test_another_protocol_goes_both_ways(tmp_path: Path, listener: socket.socket) -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", laid(tmp_path, NEVER)) as proxy, proxy.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
        server, _ = listener.accept()
        server.settimeout(LONGEST)
        while not server.recv(65536).endswith(b"\r\n\r\n"):
            pass
        server.sendall(switch)
        assert receive(client, len(switch)) == switch
        for one, other in ((client, server), (server, client)):
            one.sendall(b"\x00\xff")
            assert receive(other, 2) == b"\x00\xff"
        server.close()


def test_what_ends_is_ended(tmp_path: Path, listener: socket.socket) -> None:
    upstream = f"http://127.0.0.1:{listener.getsockname()[1]}"
    rules = laid(tmp_path, NEVER)
    with proxying(upstream, rules) as proxy, proxy.connect() as client:
        client.sendall(GET)
        server, _ = listener.accept()
        receive(server, len(GET))
        server.sendall(OK[:-1])
        server.close()
        assert until_closed(client) == OK[:-1]
        proxy.wait(lambda: bool(proxy.seen))
        assert proxy.seen[0].is_cut
    with proxying(upstream, rules) as proxy:
        client = proxy.connect()
        client.sendall(GET)
        server, _ = listener.accept()
        server.settimeout(LONGEST)
        receive(server, len(GET))
        client.close()
        assert server.recv(1) == b""
        server.close()
    with proxying(upstream, rules) as proxy, proxy.connect() as client:
        client.sendall(GET)
        server, _ = listener.accept()
        receive(server, len(GET))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        proxy.wait(lambda: bool(proxy.lost))
    with proxying(upstream, rules) as proxy, proxy.connect() as client:
        # A server that lets go of an idle connection.
        server, _ = listener.accept()
        server.close()
        with suppress(ConnectionError):
            assert client.recv(1) == b""


def test_what_a_server_breaks_off_by_itself_stays_as_it_is(tmp_path: Path, listener: socket.socket) -> None:
    rules = laid(tmp_path, {"then": {"content_type": "text/html"}})
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}", rules) as proxy, proxy.connect() as client:
        client.sendall(GET)
        server, _ = listener.accept()
        receive(server, len(GET))
        server.sendall(OK[:-1])
        server.close()
        assert until_closed(client) == OK[:-1]
        proxy.wait(lambda: bool(proxy.seen))
    assert (proxy.seen[0].is_cut, proxy.seen[0].fault) == (True, "")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"match": {"key": "server"}, "then": {"status": 503}}, "keys have no names here"),
        ({"match": {"operation": "nothing"}, "then": {"status": 503}}, "operation"),
        ({"then": {"statu": 503}}, "statu"),
    ],
)
def test_bad_rules_are_refused_with_their_line(tmp_path: Path, rule: dict[str, Any], said: str) -> None:
    with pytest.raises(AccordError) as caught:
        laid(tmp_path, rule)
    assert said in str(caught.value)
    assert "line 1" in str(caught.value)
