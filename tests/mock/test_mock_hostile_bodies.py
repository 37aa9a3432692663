"""Bodies that stop, end too early or never end, over a socket: nothing is written, and others are answered again."""

import json
import socket
import time
from contextlib import contextmanager

import pytest
import requests

from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.serving.bodies import COUNTS_BYTES
from mockserver.serving.server import serving

KEY = StandardKeys.of(1).server
CREATE = "/api/v1/conversations/create/"
WHOLE = b'{"subject": "Hello"}'
CHUNK = b"14\r\n" + WHOLE + b"\r\n"
SECONDS = 0.5

counting_bytes = pytest.mark.skipif(not COUNTS_BYTES, reason="the system does not tell how many bytes a connection received")


@pytest.fixture(scope="module")
def served():
    with serving(create_app(scenario="empty"), seconds_for_a_body=SECONDS) as url:
        yield url


@contextmanager
def connected(url):
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        yield connection


def head(path=CREATE, key=KEY, method="POST", framing=b"Content-Length: 100", host="x"):
    return b"%b %b HTTP/1.1\r\nHost: %b\r\nX-API-Key: %b\r\nContent-Type: application/json\r\n%b\r\n\r\n" % (
        method.encode(),
        path.encode(),
        host.encode(),
        key.encode(),
        framing,
    )


def answer_of(connection):
    """Read until the connection is closed; return the status and `detail`."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    top, _, body = received.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(body)["detail"] if body else None


def count(url):
    return requests.get(f"{url}/api/v1/conversations/", headers={"X-API-Key": KEY}, timeout=10).json()["count"]


CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        pytest.param(b"Content-Length: 100", WHOLE, id="shorter than its length"),
        pytest.param(CHUNKED, CHUNK, id="no last chunk", marks=counting_bytes),
        pytest.param(CHUNKED, CHUNK + b"zz", id="a chunk that is none", marks=counting_bytes),
        pytest.param(CHUNKED, b"100\r\n" + WHOLE, id="shorter than its chunk", marks=counting_bytes),
    ],
)
@pytest.mark.parametrize("end", ["half", "whole"])
def test_what_is_whole_json_before_the_body_is_whole_is_not_carried_out(served, framing, body, end):
    before = count(served)
    with connected(served) as connection:
        connection.sendall(head(framing=framing) + body)
        if end == "half":
            connection.shutdown(socket.SHUT_WR)
            assert answer_of(connection)[0] == 400
    assert count(served) == before


def test_a_body_that_was_cut_is_called_that(served):
    with connected(served) as connection:
        connection.sendall(head() + WHOLE)
        connection.shutdown(socket.SHUT_WR)
        assert answer_of(connection) == (400, "The body ended before its Content-Length.")


def test_a_request_to_the_mock_itself_that_was_cut_does_nothing(served):
    with connected(served) as connection:
        connection.sendall(head("/__accord__/namespaces/cut", method="PUT", host=served.removeprefix("http://")) + b'{"seed": 3}')
        connection.shutdown(socket.SHUT_WR)
        assert answer_of(connection) == (400, "The body ended before it was whole.")
    assert requests.get(f"{served}/__accord__/namespaces/cut", timeout=10).status_code == 404


@pytest.mark.parametrize("length", [b"-1", b"abc", b"+20", b"1e1", b"20\r\nContent-Length: 21", b"9" * 30, b""])
def test_a_length_that_is_none(served, length):
    before = count(served)
    with connected(served) as connection:
        connection.sendall(head(framing=b"Content-Length: " + length) + WHOLE)
        connection.shutdown(socket.SHUT_WR)
        assert answer_of(connection)[0] == 400
    assert count(served) == before


@pytest.mark.parametrize("framing", [b"Content-Length: 100", CHUNKED])
def test_a_client_that_stalls_is_told_and_others_are_answered(served, framing):
    before = count(served)
    with connected(served) as stalled:
        stalled.sendall(head(framing=framing) + (WHOLE if framing != CHUNKED else CHUNK))
        time.sleep(0.1)
        began = time.monotonic()
        assert requests.get(f"{served}/__accord__/health", timeout=10).status_code == 200
        assert time.monotonic() - began < SECONDS + 2
        assert answer_of(stalled) == (408, "The body did not arrive in time.")
    assert count(served) == before


def test_a_client_that_drips_is_no_better(served):
    with connected(served) as dripping:
        dripping.sendall(head(framing=b"Content-Length: 10000"))
        began = time.monotonic()

        def drip():
            while time.monotonic() - began < 10:
                dripping.sendall(b" ")
                time.sleep(0.05)

        with pytest.raises(ConnectionError):
            drip()
        assert time.monotonic() - began < SECONDS + 3


def test_who_is_refused_without_a_look_at_the_body_is_told_why(served):
    with connected(served) as stalled:
        stalled.sendall(head(key="nonsense") + b"{")
        assert answer_of(stalled) == (401, "Invalid or revoked API key.")


def test_many_that_stall_end_at_the_same_time(served):
    stalled = [socket.create_connection(served.removeprefix("http://").split(":"), timeout=20) for _ in range(10)]
    began = time.monotonic()
    for connection in stalled:
        connection.sendall(head() + b"{")
    assert requests.get(f"{served}/__accord__/health", timeout=1).status_code == 200
    assert [answer_of(connection)[0] for connection in stalled] == [408] * 10
    assert time.monotonic() - began < 10 * SECONDS
    for connection in stalled:
        connection.close()


def test_a_body_that_never_ends(served):
    with connected(served) as endless:
        endless.sendall(head(framing=CHUNKED))

        def send():
            for _ in range(4096):
                endless.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")

        with pytest.raises(ConnectionError):
            send()
    assert requests.get(f"{served}/__accord__/health", timeout=10).status_code == 200


def test_connections_that_are_idle_and_heads_that_are_slow_stop_nobody(served):
    """Granian's own limit is 1,024 connections, after which it accepts nobody for half a minute."""
    host, port = served.removeprefix("http://").split(":")
    idle = []
    try:
        for number in range(1100):
            idle.append(socket.create_connection((host, int(port)), timeout=5))
            if number % 2:
                idle[-1].sendall(b"GET /api/v1/conversations/ HTTP/1.1\r\nHost:")
        assert requests.get(f"{served}/__accord__/health", timeout=5).status_code == 200
    except OSError as error:
        if error.errno == 24:
            pytest.skip("this process may not open as many files")
        raise
    finally:
        for connection in idle:
            connection.close()


def test_variables_of_the_process_are_no_headers(monkeypatch):
    monkeypatch.setenv("HTTP_X_API_KEY", KEY)
    with serving(create_app(scenario="empty")) as url:
        assert requests.get(f"{url}/api/v1/conversations/").status_code == 401
        [entry] = requests.get(f"{url}/__accord__/requests").json()["results"]
    assert "X-Api-Key" not in entry["request"]["headers"]
