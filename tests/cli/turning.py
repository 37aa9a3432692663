"""A proxy to a server that works until it turns: from then on it responds to requests with a given misbehaviour."""

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from urllib.parse import urlsplit

Misbehave = Callable[[socket.socket], None]
"""Sends something in place of a response, in a thread of its own, for as long as the client accepts data."""

_HOP = ("transfer-encoding", "connection", "content-length")


def _for_ever(opened: socket.socket, piece: bytes, pause: float) -> None:
    while True:
        opened.sendall(piece)
        if pause:
            time.sleep(pause)


def drips_in_headers(opened: socket.socket) -> None:
    opened.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _for_ever(opened, b"x", 0.2)


def drips_in_body(opened: socket.socket) -> None:
    opened.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    _for_ever(opened, b" ", 0.2)


def interim_for_ever(opened: socket.socket) -> None:
    _for_ever(opened, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 0.02)


def body_without_end(opened: socket.socket) -> None:
    opened.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    _for_ever(opened, b" " * 65536, 0)


def chunks_without_end(opened: socket.socket) -> None:
    opened.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    _for_ever(opened, b"1;" + b"x" * 1000 + b"\r\n \r\n", 0)


def headers_without_end(opened: socket.socket) -> None:
    opened.sendall(b"HTTP/1.1 200 OK\r\n")
    _for_ever(opened, b"X-More: " + b"x" * 60_000 + b"\r\n", 0)


def enormous_length(opened: socket.socket) -> None:
    opened.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n{")
    time.sleep(30)


@cache
def bomb() -> bytes:
    """Return some kilobytes that become a gigabyte when they are decompressed twice."""
    return gzip.compress(gzip.compress(bytes(1 << 24)) * 64)


def gzip_bomb(opened: socket.socket) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: {len(bomb())}\r\n\r\n"
    opened.sendall(head.encode() + bomb())


def please_wait(opened: socket.socket) -> None:
    opened.sendall(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n")


def says_nothing(opened: socket.socket) -> None:
    time.sleep(30)


class Turning:
    """A proxy in front of a server. `turns` gets method, path and number of a request, and tells whether to misbehave."""

    def __init__(self, upstream: str, misbehave: Misbehave, turns: Callable[[str, str, int], bool]) -> None:
        self.asked = 0
        self.turned = threading.Event()
        self._upstream = urlsplit(upstream)
        self._misbehave = misbehave
        self._turns = turns
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                opened, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(opened,), daemon=True).start()

    def _serve(self, opened: socket.socket) -> None:
        upstream = http.client.HTTPConnection(self._upstream.hostname or "", self._upstream.port, timeout=30)
        with opened, suppress(OSError, http.client.HTTPException):
            reading = opened.makefile("rb")
            while line := reading.readline():
                method, path, _ = line.decode("latin-1").split(" ", 2)
                headers = http.client.parse_headers(reading)
                body = reading.read(int(headers.get("Content-Length", "0")))
                self.asked += 1
                if self._turns(method, path, self.asked):
                    self.turned.set()
                    self._misbehave(opened)
                else:
                    upstream.request(method, path, body, dict(headers))
                    opened.sendall(_response(upstream.getresponse()))
        upstream.close()


def _response(response: http.client.HTTPResponse) -> bytes:
    body = response.read()
    lines = [f"{name}: {value}" for name, value in response.getheaders() if name.lower() not in _HOP]
    head = "\r\n".join([f"HTTP/1.1 {response.status} {response.reason}", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode("latin-1") + body


@contextmanager
def turning(upstream: str, misbehave: Misbehave, after: int = 0) -> Iterator[Turning]:
    """Yield a proxy that passes the first `after` requests on to `upstream`, and misbehaves from then on."""
    bomb()  # It takes long to make, so no request should have to wait for it.
    server = Turning(upstream, misbehave, lambda _method, _path, number: number > after)
    yield server
    server.close()
