"""One connection to a server: HTTP/1.1 as the standard library speaks it, and nothing that a test did not ask for.

`requests` and urllib3 merge settings, cookies, proxies and retries into each request, which costs more than a server takes to
answer: several times what `http.client` takes. What it leaves to its users is here: interim answers other than 100, encodings
of the body, and connections that the server closed while they were idle.
"""

import re
import select
import socket
import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead, RemoteDisconnected
from typing import Any, Protocol
from urllib.parse import SplitResult, quote, urlsplit

_FOLD = re.compile(r"\r?\n[ \t]*")
_INTERIM = range(102, 200)
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


class _InOnePiece(HTTPConnection):
    """Sends head and body together: a server that gets them apart is woken twice."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unsent: list[Any] = []

    def send(self, data: Any) -> None:
        """Keep it until the answer is asked for."""
        self._unsent.append(data)

    def getresponse(self) -> HTTPResponse:
        """Send what was kept, and read the head of the answer."""
        request, self._unsent = b"".join(self._unsent), []
        try:
            super().send(request)
        except (BrokenPipeError, ConnectionResetError):
            # A server may refuse a large body before it has read all of it: that answer counts.
            if self.sock is None:
                raise
        return super().getresponse()


class _InOnePieceByTls(_InOnePiece, HTTPSConnection):
    """The same, encrypted."""


class Connection:
    """A line that is opened with the first request, kept open, and opened anew where the server closed it meanwhile.

    `timeout` is in seconds, for each time that something is waited for. Not safe to use from several threads.
    """

    def __init__(self, base_url: str, timeout: float) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._http: HTTPConnection | None = None
        self._prefix = ""
        self._host = ""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send a request and return the answer. `target` is what follows the base URL. Raises NoAnswer where none comes."""
        try:
            return self._exchanged(method, target, headers, body)
        except (NoAnswer, HTTPException, OSError, ValueError, zlib.error) as error:
            self.close()
            raise _told(error) from error

    def close(self) -> None:
        """Let go of the socket; the next request opens another."""
        if self._http is not None:
            self._http.close()
        self._http = None

    def _exchanged(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if self._http is not None and self._http.sock is not None and _has_something_to_say(self._http.sock):
            # Nothing was asked, so it is the end: the server closed the connection while it was idle.
            self.close()
        if self._http is None:
            self._http = self._made()
        self._http.putrequest(method, self._prefix + target, skip_host=True, skip_accept_encoding=True)
        self._http.putheader("Host", self._host)
        for name, value in headers.items():
            self._http.putheader(name, value)
        self._http.endheaders(body or None)
        return self._received(self._http)

    def _made(self) -> HTTPConnection:
        url = urlsplit(self._base_url)
        if url.scheme not in _PORTS:
            raise NoAnswer(f"{self._base_url} begins neither with http:// nor with https://")
        self._prefix, self._host = encoded(url.path), _host(url)
        address = (url.hostname or "", url.port or _PORTS[url.scheme])
        if url.scheme == "https":
            return _InOnePieceByTls(*address, timeout=self._timeout, context=_tls())
        return _InOnePiece(*address, timeout=self._timeout)

    def _received(self, http: HTTPConnection) -> Answer:
        with http.getresponse() as response:
            while response.status in _INTERIM:
                # The library takes only 100 for what comes before an answer.
                response.headers = response.msg = None  # type: ignore[assignment]
                response.begin()
            body = response.read()
            if response.will_close:
                self.close()
        headers: dict[str, str] = {}
        for name, value in response.getheaders():
            name, value = name.lower(), _FOLD.sub(" ", value).strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        if body and "content-encoding" in headers:
            body = _decoded(body, headers["content-encoding"])
        return Answer(response.status, headers, body)


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
    if isinstance(error, RemoteDisconnected):
        return Closed("the connection was closed without an answer")
    if isinstance(error, IncompleteRead):
        return Closed(f"the connection was closed after {len(error.partial)} bytes of the body of an answer")
    if isinstance(error, HTTPException):
        return Closed(f"what came is no HTTP: {type(error).__name__} {str(error)[:60]}".rstrip())
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError | ssl.SSLEOFError):
        return Closed((error.strerror or str(error)).lower())
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoAnswer(f"certificate verify failed: {error.verify_message}")
    if isinstance(error, OSError):
        return NoAnswer((error.strerror or str(error)).lower())
    # The URL has an impossible host or port, a length is no number, or what should be compressed is not.
    return NoAnswer(str(error))
