"""Responses at the edge of HTTP and beyond it: read if a client can, reported if none could, and never a crash."""

import gzip
import itertools
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from contract_tests.transport import access, stopping
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.http import Closed, Connection, NoResponse, Oversized, TooSlow
from contract_tests.transport.sender import LONGEST_WAIT, pause_asked_for
from contract_tests.transport.stopping import Deadline, Stopped

BODY = b'{"count": 0}'


def head(*lines: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([status, *lines, b"", b""])


def sized(body: bytes, *lines: bytes) -> bytes:
    return head(b"Content-Length: %d" % len(body), *lines) + body


@contextmanager
def saying(*pieces: bytes, pause: float = 0.0, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve these bytes to each client that sends something, and close the connection; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                accepted, _ = listener.accept()
            except OSError:
                return
            with accepted, suppress(OSError), tls.wrap_socket(accepted, server_side=True) if tls else accepted as opened:
                opened.recv(1 << 16)
                for piece in pieces:
                    opened.sendall(piece)
                    time.sleep(pause)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def asked(port: int, *, timeout: float = 5.0, scheme: str = "http", host: str = "127.0.0.1", run: Deadline | None = None) -> bytes:
    connection = Connection(f"{scheme}://{host}:{port}", timeout, run)
    try:
        return connection.send("GET", "/x", {}, None).body
    finally:
        connection.close()


_WINDOWS = [zlib.compressobj(wbits=bits) for bits in (9, 12, 15)]


@pytest.mark.parametrize(
    "response",
    [
        head(*(b"X-%d: y" % number for number in range(1000)), b"Content-Length: 12") + BODY,
        sized(BODY, *[b"Set-Cookie: a=b; Path=/"] * 200),
        sized(BODY, b"X-Odd: \x01\x7f\xfc\xff\x00"),
        sized(BODY, b"no colon at all", b": no name"),
        head(b"Content-Length: 12", status=b"HTTP/1.1 200") + BODY,
        head(b"Content-Length: 12", status=b"HTTP/1.0 200 OK") + BODY,
        head(b"Content-Length: 12", b"Content-Length: 12") + BODY,
        head(b"Content-Length: 12, 12") + BODY,
        head(b"Content-Length: 3", b"Transfer-Encoding: chunked") + b"C\r\n" + BODY + b"\r\n0\r\n\r\n",
        head(b"Transfer-Encoding: chunked") + b'c;a="b";c\r\n' + BODY + b"\r\n0\r\nX-Trailer: t\r\nX-Other: u\r\n\r\n",
        head(b"Transfer-Encoding: gzip, chunked") + b"%x\r\n" % len(zipped := gzip.compress(BODY)) + zipped + b"\r\n0\r\n\r\n",
        sized(gzip.compress(BODY[:5]) + gzip.compress(BODY[5:]), b"Content-Encoding: gzip"),
        sized(gzip.compress(BODY) + b"\0" * 20, b"Content-Encoding: gzip"),
        sized(gzip.compress(gzip.compress(BODY)), b"Content-Encoding: gzip, gzip"),
        *(sized(one.compress(BODY) + one.flush(), b"Content-Encoding: deflate") for one in _WINDOWS),
    ],
    ids=itertools.count(),
)
def test_what_is_odd_and_can_be_read_is_read(response: bytes) -> None:
    with saying(response) as port:
        assert asked(port) == BODY


@pytest.mark.parametrize(
    ("response", "kind", "why"),
    [
        (head(status=b"HTTP/1.1 000 Zero"), Closed, "no HTTP"),
        (head(status=b"HTTP/1.1 099 Less"), Closed, "no HTTP"),
        (head(status=b"HTTP/1.1 20 Short"), Closed, "no HTTP"),
        (head(status=b"HTTP/1.1 2000 Long"), Closed, "no HTTP"),
        (head(status=b"HTTP/2 200 OK"), Closed, "HTTP/2"),
        (b"<html>hello</html>", Closed, "<html>"),
        (b"\x15\x03\x03\x00\x02\x02\x0a", Closed, "https://"),
        (head(b"Content-Length: -5") + BODY, Closed, "no length: '-5'"),
        (head(b"Content-Length: +12") + BODY, Closed, "no length"),
        (head("Content-Length: ²".encode()) + BODY, Closed, "no length"),
        (head(b"Content-Length: 5", b"Content-Length: 12") + BODY, Closed, "two different lengths"),
        (b"HTTP/1.1 200 OK\r\nX-Cut: ", Closed, "within the headers"),
        (b"HTTP/1.1 20", Closed, "within the headers"),
        (head(b"Transfer-Encoding: chunked") + b"-5\r\nabc", Closed, "a chunk"),
        (head(b"Transfer-Encoding: chunked") + b"0x5\r\nabcde\r\n0\r\n\r\n", Closed, "a chunk"),
        (head(b"Transfer-Encoding: chunked") + b"3\r\nabcdef\r\n0\r\n\r\n", Closed, "longer than it says"),
        (head(b"Transfer-Encoding: chunked") + b"fffffffffff\r\n", Oversized, "larger than 16 MiB"),
        (head(b"Content-Length: 999999999999999999"), Oversized, "larger than 16 MiB"),
        (head(*(b"X-%d: y" % number for number in range(10_000))), Oversized, "larger than 64 KiB"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, Oversized, "larger than 64 KiB"),
        (head(status=b"HTTP/1.1 103 Hints") * 5_000, Oversized, "larger than 64 KiB"),
        (head() + b" " * (17 << 20), Oversized, "larger than 16 MiB"),
        (sized(gzip.compress(bytes(17 << 20)), b"Content-Encoding: gzip"), Oversized, "once it is decompressed"),
        (sized(gzip.compress(b"") * 20_000, b"Content-Encoding: gzip"), Oversized, "gzip members"),
        (sized(BODY, b"Content-Encoding: " + b"gzip, " * 50), Oversized, "content codings"),
    ],
    ids=itertools.count(),
)
def test_what_cannot_be_read_is_told(response: bytes, kind: type[NoResponse], why: str) -> None:
    with saying(response) as port, pytest.raises(kind, match=why):
        asked(port)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (sized(gzip.compress(BODY)[:-9], b"Content-Encoding: gzip"), b"ends before its gzip does"),
        (sized(BODY, b"Content-Encoding: deflate"), b"not the deflate"),
        (sized(gzip.compress(BODY)[:-8] + bytes(8), b"Content-Encoding: gzip"), b"not the gzip"),
    ],
    ids=["cut", "plain", "damaged"],
)
def test_a_body_that_is_not_what_its_headers_say_is_a_response_and_no_json(response: bytes, why: bytes) -> None:
    with saying(response) as port:
        body = asked(port)
    assert why in body
    with pytest.raises(ValueError):
        json.loads(body)


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nX: ", head(b"Content-Length: 100000")], ids=["headers", "body"])
def test_the_time_limit_is_for_the_whole_response(begun: bytes) -> None:
    began = time.monotonic()
    with saying(begun, *[b"x"] * 100, pause=0.1) as port, pytest.raises(TooSlow, match=r"0\.6 s"):
        asked(port, timeout=0.6)
    assert 0.5 < time.monotonic() - began < 3


def test_a_run_that_is_over_waits_for_nothing() -> None:
    run = Deadline()
    with saying(b"HTTP/1.1 200 OK\r\nX: ", *[b"x"] * 300, pause=0.1) as port:
        threading.Timer(0.3, run.stop, ["enough"]).start()
        began = time.monotonic()
        with pytest.raises(Stopped, match="enough"):
            asked(port, timeout=30, run=run)
    assert time.monotonic() - began < 3
    with pytest.raises(Stopped):
        run.sleep(30)


def test_a_minute_without_a_response_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "SILENCE", 0.5)
    run, began = Deadline(), time.monotonic()
    run.got_nothing(began, "429")
    run.got_through()

    def ask_in_vain() -> None:
        while time.monotonic() - began < 20:
            run.got_nothing(time.monotonic(), "please wait")
            run.sleep(0.05)

    with pytest.raises(Stopped, match=r"not one request got through\. The last: please wait"):
        ask_in_vain()
    assert time.monotonic() - began < 5
    assert run.silent


def test_an_early_refusal_of_a_large_body_counts() -> None:
    """The server responds, and closes the connection before it has read the request."""
    with saying(head(b"Content-Length: 12", status=b"HTTP/1.1 413 Too Large") + BODY, pause=0.5) as port:
        connection = Connection(f"http://127.0.0.1:{port}", 10)
        assert connection.send("POST", "/x", {"Content-Length": str(1 << 25)}, bytes(1 << 25)).status == 413


@pytest.mark.parametrize(
    ("asked_for", "least", "most"),
    [
        ("²", 0, 2),
        ("٣", 0, 2),
        ("-5", 0, 2),
        ("1.5", 0, 2),
        ("NaN", 0, 2),
        ("inf", 0, 2),
        ("1e9", 0, 2),
        ("", 0, 2),
        ("soon", 0, 2),
        ("0", 0.01, 1),
        ("9" * 400, 0, LONGEST_WAIT + 1),
        ("9" * 200, LONGEST_WAIT, LONGEST_WAIT + 1),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT, LONGEST_WAIT + 1),
        ("Fri, 31 Dec 10000 23:59:59 GMT", 0, 2),
        ("Fri, 31 Dec 0000 23:59:59 GMT", 0, 2),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0, 2),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.01, 1),
        ("Sun, 06 Nov 1994 08:49:37 -0000", 0, 2),
    ],
)
def test_whatever_retry_after_says_the_wait_is_sensible(asked_for: str, least: float, most: float) -> None:
    exchange = Exchange(Call("GET", "/"), "http://x/", 429, {"retry-after": asked_for}, b"", 0.0)
    pause = pause_asked_for(exchange, 0)
    assert pause is not None
    assert least <= pause <= most


# --- reasons why nothing can be reached ----------------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ssl.SSLContext]]:
    """Return a function that makes TLS contexts with certificates of an authority that only SSL_CERT_FILE can make trusted."""
    own = trustme.CA()
    own.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def context(host: str = "localhost", *, trusted: bool = False, expired: bool = False) -> ssl.SSLContext:
        import datetime

        ends = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1) if expired else None
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.issue_cert(host, not_after=ends).configure_cert(made)
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        return made

    access._context.cache_clear()
    yield context
    access._context.cache_clear()


def advice(port: int, scheme: str, host: str = "localhost") -> str:
    with pytest.raises(NoResponse) as told:
        asked(port, scheme=scheme, host=host)
    return f"{told.value} {told.value.advice}"


def test_a_private_authority_is_trusted_by_its_file(authority: Callable[..., ssl.SSLContext]) -> None:
    with saying(sized(BODY), tls=authority(trusted=True)) as port:
        assert asked(port, scheme="https", host="localhost") == BODY


def test_each_fault_of_tls_has_its_own_sentence(authority: Callable[..., ssl.SSLContext]) -> None:
    with saying(sized(BODY), tls=authority()) as port:
        unknown = advice(port, "https")
    assert "SSL_CERT_FILE" in unknown
    assert "verify failed" in unknown
    with saying(sized(BODY)) as port:
        plain = advice(port, "https")
    assert "http://" in plain


@pytest.mark.parametrize(
    ("options", "says"),
    [({"host": "other.example"}, "Use the name"), ({"expired": True}, "Renew the certificate")],
    ids=["other host", "expired"],
)
def test_a_certificate_that_is_not_valid(authority: Callable[..., ssl.SSLContext], options: dict[str, object], says: str) -> None:
    with saying(sized(BODY), tls=authority(trusted=True, **options)) as port:
        said = advice(port, "https")
    assert says in said
    assert "SSL_CERT_FILE" in said


def test_plain_http_at_a_port_of_tls(authority: Callable[..., ssl.SSLContext]) -> None:
    with saying(sized(BODY), tls=authority()) as port:
        assert "https://" in advice(port, "http")


def test_a_file_of_authorities_that_is_not_there(monkeypatch: pytest.MonkeyPatch, authority: object) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with saying(b"") as port:
        assert "/nowhere/ca.pem" in advice(port, "https")


def test_nothing_listens_and_no_such_host() -> None:
    with saying(b"") as port:
        pass
    assert "Nothing listens" in advice(port, "http")
    assert "DNS" in advice(80, "http", "host.invalid")
