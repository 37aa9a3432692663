"""The proxy passes everything on byte for byte and without delay, and ends connections as they were ended."""

import gc
import os
import socket
import struct
import threading

import pytest

from tests.proxy.conftest import proxying, receive

GET = b"GET /api/v1/conversations/?limit=5 HTTP/1.1\r\nHost: x\r\nX-API-Key: k\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
CHUNKS = b"3;e\r\nabc\r\n0\r\n\r\n"
REQUESTS = {
    "plain": GET,
    "odd header names and spaces": b"GET / HTTP/1.1\r\nhOsT:x\r\nX-a:   b  \r\nX-A: c\r\nx_y: z\r\n\r\n",
    "chunks with an extension and a trailer": (
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0002\r\nde\r\n0\r\nX-T: 1\r\n\r\n"
    ),
    "several at once": GET + b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + GET,
    "an old version": b"GET / HTTP/1.0\r\n\r\n",
    "line ends before": b"\r\n\r\n" + GET,
    "line feeds alone": b"GET / HTTP/1.1\nHost: x\n\n",
    "no HTTP": b"\x16\x03\x01 hello\r\n\r\n more",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "bytes that are no text": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nX: \xe4\x80\r\n\r\n",
    "a long head": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + os.urandom(1000) * 3000,
}
RESPONSES = {
    "plain": OK,
    "odd reason and headers": b"HTTP/1.1 200 \r\ncontent-LENGTH:2\r\nX-a:b\r\nX-A:  c \r\n\r\n{}",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\nX-T: 1\r\n\r\n",
    "an interim response": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK,
    "no HTTP": b"garbage \x00\xff\r\n\r\n",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}",
    "a long body": b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + os.urandom(1000) * 3000,
}


def sending(end, data):
    thread = threading.Thread(target=end.sendall, args=(data,), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_come_out_as_they_went_in(ends, name):
    client, server = ends
    thread = sending(client, REQUESTS[name])
    assert receive(server, len(REQUESTS[name])) == REQUESTS[name]
    thread.join(10)


@pytest.mark.parametrize("name", RESPONSES)
def test_responses_come_out_as_they_went_in(ends, name):
    client, server = ends
    client.sendall(GET)
    receive(server, len(GET))
    thread = sending(server, RESPONSES[name])
    assert receive(client, len(RESPONSES[name])) == RESPONSES[name]
    thread.join(10)


def test_nothing_waits_for_its_end(ends):
    """Each byte is passed on as it comes, even in the middle of heads, bodies and responses."""
    client, server = ends
    for place in range(len(GET)):
        client.sendall(GET[place : place + 1])
        assert receive(server, 1) == GET[place : place + 1]
    for piece in (b"HTTP/1.1 200 OK\r\nTransfer-Encoding", b": chunked\r\n\r\n", b"5\r\nab", b"cde\r\n"):
        server.sendall(piece)
        assert receive(client, len(piece)) == piece


def test_a_response_that_is_cut_is_passed_on_cut(proxy, ends):
    client, server = ends
    client.sendall(GET)
    receive(server, len(GET))
    server.sendall(OK[:-1])
    server.close()
    assert receive(client, len(OK) - 1) == OK[:-1]
    assert client.recv(1) == b""
    proxy.wait(lambda: bool(proxy.seen))
    assert proxy.seen[0].is_cut


def test_a_connection_that_breaks_is_broken(proxy, ends):
    client, server = ends
    client.sendall(GET)
    receive(server, len(GET))
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    server.close()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    proxy.wait(lambda: bool(proxy.lost))


def test_a_client_that_leaves_leaves_the_server_too(ends):
    client, server = ends
    client.sendall(GET)
    receive(server, len(GET))
    client.close()
    assert server.recv(1) == b""


def test_a_client_that_only_stops_sending_gets_its_response(ends):
    client, server = ends
    client.sendall(GET)
    client.shutdown(socket.SHUT_WR)
    assert receive(server, len(GET)) == GET
    assert server.recv(1) == b""
    # The garbage collector must not take away what waits for the server's response.
    gc.collect()
    server.sendall(OK)
    assert receive(client, len(OK)) == OK


def test_a_server_that_is_not_there_is_not_made_up(listener, proxy):
    listener.close()
    # The connection may break before the client reads from it.
    with pytest.raises(ConnectionError), proxy.connect() as client:
        client.recv(1)
    proxy.wait(lambda: bool(proxy.lost))
    assert "cannot be reached" in proxy.lost[0]


def test_exchanges_are_seen_as_they_are(proxy, ends):
    client, server = ends
    sent = REQUESTS["chunks with an extension and a trailer"] + GET
    client.sendall(sent)
    receive(server, len(sent))
    server.sendall(RESPONSES["an interim response"] + RESPONSES["chunks"])
    proxy.wait(lambda: len(proxy.seen) == 2)
    first, second = proxy.seen
    assert (first.method, first.target, first.body, first.status, first.response_body) == ("POST", "/", b"abcde", 200, b"{}")
    assert (second.target, second.body, second.response_body) == ("/api/v1/conversations/?limit=5", b"", b"{}")
    assert second.headers == [("Host", "x"), ("X-API-Key", "k")]


def test_responses_to_head_and_without_a_body_have_none(proxy, ends):
    client, server = ends
    sent = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + GET + GET
    client.sendall(sent)
    receive(server, len(sent))
    server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + b"HTTP/1.1 304 Not Modified\r\n\r\n" + OK)
    proxy.wait(lambda: len(proxy.seen) == 3)
    assert [one.status for one in proxy.seen] == [200, 304, 200]
    assert [one.response_body for one in proxy.seen] == [b"", b"", b"{}"]


def test_what_a_gate_asks_for_is_added_and_nothing_else(listener):
    port = listener.getsockname()[1]
    upstream = f"http://127.0.0.1:{port}/base/"
    sent = b"POST /a?b HTTP/1.1\r\nx-gate: old\r\nhost: x\r\nX-Two:  y\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS + GET
    expected = (
        b"POST /base/a?b HTTP/1.1\r\nX-Gate: a b\r\nHost: desk.example\r\nX-Two:  y\r\nTransfer-Encoding: chunked\r\n\r\n"
        + CHUNKS
        + b"GET /base/api/v1/conversations/?limit=5 HTTP/1.1\r\nX-Gate: a b\r\nHost: desk.example\r\nX-API-Key: k\r\n\r\n"
    )
    with proxying(upstream, header=["X-Gate: a b", "Host: desk.example"]) as proxy, proxy.connect() as client:
        server, _ = listener.accept()
        client.sendall(sent)
        assert receive(server, len(expected)) == expected
        server.close()
