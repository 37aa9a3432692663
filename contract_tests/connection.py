"""One connection to a server: HTTP/1.1 as it travels, and nothing that a test did not ask for.

A general client merges settings, cookies, proxies and retries into each request and parses headers as mail, which costs more than
a server takes to answer. Whatever a conforming server may send is read: interim answers, chunks with extensions and trailers,
bodies that end with the connection, folded headers, gzip and deflate.
"""

import re
import select
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, Protocol, cast
from urllib.parse import SplitResult, quote, urlsplit

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: |\r?\n)")
_LONGEST_LINE = 65_536
_MOST_HEADERS = 1_000
_BUFFER = 64 * 1024
_INTERIM = range(100, 200)
_SWITCHED = 101
_BODILESS = frozenset({204, 304})
_PORTS = {"http": 80, "https": 443}


class NoAnswer(Exception):
    """No answer came, for the reason that is its text."""


class TooSlow(NoAnswer):
    """None came within the time limit."""

    def __init__(self) -> None:
        super().__init__("none came within the time limit")


class Closed(NoAnswer):
    """The connection was closed, or spoke no HTTP, before an answer was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case; those that came several times are joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line(Protocol):
    """What carries requests to a server: a connection, or something in its place."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send a request and return the answer. `target` is what follows the base URL. Raises NoAnswer where none comes."""
        ...

    def close(self) -> None:
        """Let go of what is held; it can be used again."""
        ...


class Connection:
    """A line that is opened with the first request, kept open, and opened anew where the server closed it meanwhile.

    `timeout` is in seconds, for each time that something is waited for. Not safe to use from several threads.
    """

    def __init__(self, base_url: str, timeout: float) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._reader: BinaryIO | None = None
        self._prefix = ""
        self._host = ""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send a request and return the answer. `target` is what follows the base URL. Raises NoAnswer where none comes."""
        try:
            return self._exchanged(method, target, headers, body)
        except (NoAnswer, OSError, ValueError, zlib.error) as error:
            self.close()
            raise _told(error) from error

    def close(self) -> None:
        """Let go of the socket; the next request opens another."""
        if self._reader is not None:
            self._reader.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._reader = None

    def _exchanged(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if self._socket is not None and _has_something_to_say(self._socket):
            # Nothing was asked, so it is the end: the server closed the connection while it was idle.
            self.close()
        if self._socket is None or self._reader is None:
            self._socket, self._reader = self._opened()
        lines = [f"{method} {self._prefix}{target} HTTP/1.1\r\nHost: {self._host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        # In one piece: a server that gets head and body apart is woken twice.
        request = "\r\n".join([*lines, "\r\n"]).encode("latin-1") + (body or b"")
        try:
            self._socket.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            # A server may refuse a large body before it has read all of it: that answer counts.
            return self._received(method, self._reader)
        return self._received(method, self._reader)

    def _opened(self) -> tuple[socket.socket, BinaryIO]:
        url = urlsplit(self._base_url)
        if url.scheme not in _PORTS:
            raise NoAnswer(f"{self._base_url} begins neither with http:// nor with https://")
        self._prefix, self._host = encoded(url.path), _host(url)
        address = (url.hostname or "", url.port or _PORTS[url.scheme])
        opened = socket.create_connection(address, self._timeout)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if url.scheme == "https":
                opened = _tls().wrap_socket(opened, server_hostname=url.hostname)
        except OSError:
            opened.close()
            raise
        return opened, cast(BinaryIO, opened.makefile("rb", _BUFFER))

    def _received(self, method: str, reader: BinaryIO) -> Answer:
        while True:
            minor, status = _status(reader)
            headers = _headers(reader)
            if status not in _INTERIM or status == _SWITCHED:
                break
        body, ends_here = b"", True
        if method != "HEAD" and status not in _BODILESS and status != _SWITCHED:
            body, ends_here = _body(reader, headers)
        options = {option.strip() for option in headers.get("connection", "").lower().split(",")}
        if not ends_here or "close" in options or (minor == b"0" and "keep-alive" not in options):
            self.close()
        if body and "content-encoding" in headers:
            body = _decoded(body, headers["content-encoding"])
        return Answer(status, headers, body)


def encoded(path: str) -> str:
    """A path as it may travel. Most are percent-encoded already; the ids that a server makes need not be."""
    return path if path.isascii() and path.replace("/", "").replace("-", "").isalnum() else quote(path, safe="%/:=&~+!$,;'@()*[]")


def _host(url: SplitResult) -> str:
    """The Host header: the name as it is sought, and the port where it is not the usual one."""
    name = (url.hostname or "").encode("idna").decode() if not (url.hostname or "").isascii() else url.hostname or ""
    name = f"[{name}]" if ":" in name else name
    return name if url.port in (None, _PORTS[url.scheme]) else f"{name}:{url.port}"


@cache
def _tls() -> ssl.SSLContext:
    """Trusts what this machine trusts, and the usual authorities where it knows none."""
    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _has_something_to_say(opened: socket.socket) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([opened], [], [], 0)[0])
    poll = select.poll()
    poll.register(opened, select.POLLIN)
    return bool(poll.poll(0))


def _status(reader: BinaryIO) -> tuple[bytes, int]:
    line = reader.readline(_LONGEST_LINE)
    if not line:
        raise Closed("the connection was closed without an answer")
    match = _STATUS_LINE.match(line)
    if match is None:
        raise Closed(f"what came is no HTTP: {line[:40]!r}")
    return match[1], int(match[2])


def _headers(reader: BinaryIO) -> dict[str, str]:
    """The header fields up to the empty line after them; also the trailer of a body in chunks."""
    found: dict[str, str] = {}
    name = ""
    for _ in range(_MOST_HEADERS):
        line = reader.readline(_LONGEST_LINE)
        if line in (b"\r\n", b"\n"):
            return found
        if not line.endswith(b"\n"):
            raise Closed("the connection was closed within the headers of an answer")
        text = line.decode("latin-1")
        if text[0] in " \t" and name:
            found[name] += " " + text.strip()
            continue
        name, _, value = text.partition(":")
        name, value = name.strip().lower(), value.strip()
        found[name] = f"{found[name]}, {value}" if name in found else value
    raise Closed(f"an answer has more than {_MOST_HEADERS} headers")


def _body(reader: BinaryIO, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """The body of an answer, and whether another answer can follow it on this connection (RFC 9112, section 6.3)."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return _chunks(reader), True
    said = headers.get("content-length")
    if said is None:
        return reader.read(), False
    # The same length twice is one length.
    (length,) = {int(one) for one in said.split(",")}
    body = reader.read(length)
    if len(body) < length:
        raise Closed(f"the connection was closed after {len(body)} of {length} bytes of an answer")
    return body, True


def _chunks(reader: BinaryIO) -> bytes:
    pieces: list[bytes] = []
    while True:
        line = reader.readline(_LONGEST_LINE)
        if not line:
            raise Closed("the connection was closed between the chunks of an answer")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            _headers(reader)
            return b"".join(pieces)
        piece = reader.read(size)
        if len(piece) < size or not reader.readline(_LONGEST_LINE):
            raise Closed("the connection was closed within a chunk of an answer")
        pieces.append(piece)


def _decoded(body: bytes, encodings: str) -> bytes:
    """The body without the encodings that we said we take; one that we did not ask for stays."""
    for encoding in reversed(encodings.lower().split(",")):
        if encoding.strip() in ("gzip", "x-gzip"):
            body = _gunzipped(body)
        elif encoding.strip() == "deflate":
            # Some send it without the header that the standard asks for.
            body = zlib.decompress(body, zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS)
    return body


def _gunzipped(body: bytes) -> bytes:
    pieces: list[bytes] = []
    while body:
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        pieces.append(member.decompress(body) + member.flush())
        body = member.unused_data
    return b"".join(pieces)


def _told(error: Exception) -> NoAnswer:
    """What went wrong with a connection, as a reader of a report understands it."""
    if isinstance(error, NoAnswer):
        return error
    if isinstance(error, TimeoutError):
        return TooSlow()
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError | ssl.SSLEOFError):
        return Closed((error.strerror or str(error)).lower())
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoAnswer(f"certificate verify failed: {error.verify_message}")
    if isinstance(error, OSError):
        return NoAnswer((error.strerror or str(error)).lower())
    # The URL has an impossible host or port, a length is no number, or what should be compressed is not.
    return NoAnswer(str(error))
