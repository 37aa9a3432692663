"""The connection reads whatever a conforming server may send, and says plainly why nothing came."""

import gzip
import itertools
import socket
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from contract_tests.transport.http import Closed, Connection, NoResponse, TooSlow, encoded

BODY = b'{"count": 0}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + BODY
NOTHING, ZIPPED = (gzip.compress(body, mtime=0) for body in (b"", BODY))
_RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)


class Scripted:
    """A server that sends these responses one after another, and records the requests and the number of connections."""

    def __init__(self, answers: Sequence[bytes], *, stays: bool) -> None:
        self.asked: list[bytes] = []
        self.connections = 0
        self._answers = list(answers)
        self._stays = stays
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while self._answers:
            try:
                opened, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with opened:
                while self._answers and (asked := opened.recv(1 << 20)):
                    self.asked.append(asked)
                    opened.sendall(self._answers.pop(0))
                    if not self._stays:
                        break


Served = Callable[..., Scripted]


@pytest.fixture
def served() -> Iterator[Served]:
    started: list[Scripted] = []

    def serve(*answers: bytes, stays: bool = True) -> Scripted:
        started.append(Scripted(answers, stays=stays))
        return started[-1]

    yield serve
    for server in started:
        server.close()


@contextmanager
def connected(url: str, timeout: float = 5.0) -> Iterator[Connection]:
    connection = Connection(url, timeout)
    yield connection
    connection.close()


def head(*headers: str, status: str = "200 OK", version: str = "1.1") -> bytes:
    return "\r\n".join([f"HTTP/{version} {status}", *headers, "\r\n"]).encode("latin-1")


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        head("Content-Length:12  ", "X-Folded: one", "  and the rest") + BODY,
        WHOLE.replace(b"\r\n", b"\n"),
        head("Transfer-Encoding: chunked")
        + b"5\r\n"
        + BODY[:5]
        + b"\r\n7;why=not\r\n"
        + BODY[5:]
        + b"\r\n0\r\nX-Trailer: t\r\n\r\n",
        head("Transfer-Encoding: Chunked") + b"00C\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + WHOLE,
        b"HTTP/1.1 200\r\nContent-Length: 12\r\n\r\n" + BODY,
        head("Content-Encoding: gzip", f"Content-Length: {len(ZIPPED)}") + ZIPPED,
        head("Content-Encoding: gzip", f"Content-Length: {len(NOTHING + ZIPPED)}") + (NOTHING + ZIPPED),
        head("Content-Encoding: deflate", f"Content-Length: {len(zlib.compress(BODY))}") + zlib.compress(BODY),
        head("Content-Encoding: deflate", f"Content-Length: {len(raw := _RAW.compress(BODY) + _RAW.flush())}") + raw,
        head("Content-Encoding: identity", "Content-Length: 12") + BODY,
    ],
    ids=itertools.count(),
)
def test_an_answer_is_read_whole_and_another_after_it(served: Served, answer: bytes) -> None:
    server = served(answer, WHOLE)
    with connected(server.url) as connection:
        for _ in range(2):
            found = connection.send("GET", "/x", {}, None)
            assert (found.status, found.body) == (200, BODY)
    assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        head() + BODY,
        head("Content-Length: 12", version="1.0") + BODY,
        head("Content-Length: 12", "Connection: Close") + BODY,
    ],
)
def test_an_answer_that_ends_the_connection_is_read_whole(served: Served, answer: bytes) -> None:
    server = served(answer, WHOLE, stays=False)
    with connected(server.url) as connection:
        assert [connection.send("GET", "/x", {}, None).body for _ in range(2)] == [BODY, BODY]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", head("Content-Length: 12")),
        ("HEAD", head("Transfer-Encoding: chunked")),
        ("POST", head(status="204 No Content")),
        ("GET", head(status="304 Not Modified")),
        ("GET", head("Content-Length: 0")),
    ],
)
def test_an_answer_without_a_body(served: Served, method: str, answer: bytes) -> None:
    server = served(answer, WHOLE)
    with connected(server.url) as connection:
        assert connection.send(method, "/x", {}, None).body == b""
        assert connection.send("GET", "/x", {}, None).body == BODY
    assert server.connections == 1


def test_headers_are_in_lower_case_and_joined(served: Served) -> None:
    server = served(head("X-A: one", "x-a:two", "Content-Length: 0", "X-Umlaut: \xfc", "X-Empty:"))
    with connected(server.url) as connection:
        answer = connection.send("GET", "/x", {}, None)
    assert answer.headers == {"x-a": "one, two", "content-length": "0", "x-umlaut": "\xfc", "x-empty": ""}


def test_a_request_travels_as_it_was_given(served: Served) -> None:
    server = served(WHOLE)
    with connected(server.url + "/prefix") as connection:
        connection.send("POST", "/a%20b/?x=%FF", {"X-API-Key": "\xfc", "Content-Type": ""}, b"\xff\x00")
    host = server.url.removeprefix("http://").encode()
    expected = b"POST /prefix/a%20b/?x=%FF HTTP/1.1\r\nHost: " + host + b"\r\nX-API-Key: \xfc\r\nContent-Type: \r\n\r\n\xff\x00"
    assert server.asked == [expected]


def test_an_idle_connection_that_was_closed_is_opened_again(served: Served) -> None:
    """This happens silently, and no write is sent on the closed connection, where nobody would know whether it was done."""
    server = served(WHOLE, WHOLE, stays=False)
    with connected(server.url) as connection:
        connection.send("POST", "/x", {}, b"")
        while server.connections < 1 or not _closed(connection):
            pass
        connection.send("POST", "/x", {}, b"")
    assert len(server.asked) == 2


def _closed(connection: Connection) -> bool:
    return connection._wire is not None and connection._wire.is_readable()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "without a response"),
        (b"SSH-2.0-OpenSSH\r\n", "no HTTP"),
        (WHOLE[:-3], "after 9 bytes of the body"),
        (head("Transfer-Encoding: chunked") + b"5\r\nabc", "bytes of the body"),
        (head("Transfer-Encoding: chunked") + b"3\r\nabc\r\n", "bytes of the body"),
    ],
)
def test_what_is_closed_too_early_is_no_answer(served: Served, answer: bytes, why: str) -> None:
    with connected(served(answer, stays=False).url) as connection, pytest.raises(Closed, match=why):
        connection.send("GET", "/x", {}, None)


def test_what_makes_no_sense_is_no_answer(served: Served) -> None:
    answer = head("Transfer-Encoding: chunked") + b"many\r\n"
    with connected(served(answer).url) as connection, pytest.raises(NoResponse):
        connection.send("GET", "/x", {}, None)


def test_what_takes_too_long_is_no_answer(served: Served) -> None:
    with connected(served(WHOLE[:-1], WHOLE).url, timeout=0.1) as connection, pytest.raises(TooSlow, match="time limit"):
        connection.send("GET", "/x", {}, None)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://127.0.0.1:99999", "http://[", "ftp://127.0.0.1", "http://host.invalid"]
)
def test_what_cannot_be_reached_gives_no_answer(url: str) -> None:
    with connected(url, timeout=1.0) as connection, pytest.raises(NoResponse):
        connection.send("GET", "/x", {}, None)


@pytest.mark.parametrize(
    ("path", "travels"),
    [("/api/v1/abc-1/", "/api/v1/abc-1/"), ("/a b/?#/", "/a%20b/%3F%23/"), ("/%FF/", "/%FF/"), ("/ü/", "/%C3%BC/")],
)
def test_ids_of_any_shape_travel_in_a_path(path: str, travels: str) -> None:
    assert encoded(path) == travels
