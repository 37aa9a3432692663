"""Reading a response: HTTP/1 as servers speak it, leniently, and no more of it than anybody needs.

`http.client` knows no limit to a body and to the time that a response takes, reads no more than 100 headers, and reserves as much
memory as a length says.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from contract_tests.transport.encodings import LARGEST, TooLarge, decoded

LARGEST_HEAD = 64 * 1024
"""Bytes of status lines, headers and trailers that are read of one response."""

_STATUS_LINE = re.compile(rb"HTTP/(\d)(?:\.(\d))?[ \t]+([1-9]\d\d)(?:[ \t].*)?")
_LENGTH = re.compile(r"\d{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_WITHOUT_BODY = frozenset({101, 204, 304})
_AT_ONCE = 64 * 1024


class Malformed(Exception):
    """What came is no HTTP. The text says what it is."""


class Ended(Exception):
    """The connection was closed before the response was whole. The text says when."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response. Header names are in lower case; those that came several times are joined by commas.

    `reusable` says whether the connection may carry another request.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    reusable: bool


class Receiver:
    """Reads responses from what `receive` gets: at most so many bytes, and none where the connection was closed."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._buffer = b""
        self._at = 0
        self._head_left = LARGEST_HEAD

    def response(self, method: str) -> Response:
        """Return the response to a request of this method.

        Raises Malformed, Ended or TooLarge.
        """
        self._head_left = LARGEST_HEAD
        status = 100
        while 100 <= status < 200 and status != 101:
            version, status = self._status_line()
            fields = self._fields()
        codings = [name.strip() for name in fields.get("transfer-encoding", "").lower().split(",") if name.strip()]
        chunked = codings[-1:] == ["chunked"]
        length = None if chunked else _length(fields)
        if method == "HEAD" or status in _WITHOUT_BODY:
            body, closes = b"", False
        elif chunked:
            body, closes = self._chunks(), False
        elif length is None:
            body, closes = self._until_closed(), True
        else:
            body, closes = self._exactly(length), False
        if chunked and body and codings[:-1]:
            body = decoded(body, ",".join(codings[:-1]))
        if body and "content-encoding" in fields:
            body = decoded(body, fields["content-encoding"])
        # Bytes after the response must not be taken for the response to the next request.
        reusable = not closes and self._at == len(self._buffer) and status != 101 and _stays_open(version, fields)
        return Response(status, fields, body, reusable)

    def _status_line(self) -> tuple[int, int]:
        line = self._line()
        found = _STATUS_LINE.fullmatch(line)
        if found is None:
            raise Malformed(_not_http(line))
        major, minor = int(found[1]), int(found[2] or 0)
        if major > 1:
            raise Malformed(f"HTTP/{major} in place of HTTP/1.1")
        return major * 10 + minor, int(found[3])

    def _fields(self) -> dict[str, str]:
        found: dict[str, str] = {}
        name = ""
        while line := self._line():
            text = line.decode("latin-1")
            if text[0] in " \t":
                # A header on several lines.
                if name:
                    found[name] = f"{found[name]} {text.strip()}".strip()
                continue
            name, colon, value = text.partition(":")
            name = name.strip().lower() if colon else ""
            if name:
                value = value.strip()
                found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    def _line(self) -> bytes:
        """The next line of a head or of a chunk, without its end."""
        while (end := self._buffer.find(b"\n", self._at)) < 0:
            if len(self._buffer) - self._at >= self._head_left:
                self._head_is_too_large()
            more = self._receive(_AT_ONCE)
            if not more:
                raise self._ended_within_head()
            self._buffer, self._at = self._buffer[self._at :] + more, 0
        line = self._buffer[self._at : end]
        self._at = end + 1
        self._head_left -= len(line) + 1
        if self._head_left < 0:
            self._head_is_too_large()
        return line[:-1] if line.endswith(b"\r") else line

    def _ended_within_head(self) -> Exception:
        begun = self._buffer[self._at :]
        if self._head_left < LARGEST_HEAD or begun.startswith(b"HTTP/"):
            return Ended("the connection was closed within the headers of a response")
        return Malformed(_not_http(begun)) if begun else Ended("the connection was closed without a response")

    def _head_is_too_large(self) -> None:
        raise TooLarge(f"the response headers are larger than {LARGEST_HEAD >> 10} KiB: reading stopped")

    def _exactly(self, length: int) -> bytes:
        if length > LARGEST:
            raise TooLarge(
                f"the response body is larger than {LARGEST >> 20} MiB, by its Content-Length of {length}: it was not read"
            )
        return self._take(length, 0)

    def _take(self, length: int, before: int) -> bytes:
        """Return the next `length` bytes of a body; `before` says how many of it came already."""
        taken = self._buffer[self._at : self._at + length]
        self._at += len(taken)
        left = length - len(taken)
        if not left:
            return taken
        pieces = [taken]
        while left:
            more = self._receive(min(left, _AT_ONCE))
            if not more:
                raise _ended_within_body(before + length - left)
            pieces.append(more)
            left -= len(more)
        return b"".join(pieces)

    def _until_closed(self) -> bytes:
        pieces = [self._buffer[self._at :]]
        size = len(pieces[0])
        self._at = len(self._buffer)
        while more := self._receive(_AT_ONCE):
            pieces.append(more)
            size += len(more)
            _check_size(size)
        return b"".join(pieces)

    def _chunks(self) -> bytes:
        pieces: list[bytes] = []
        size = around = 0
        head_left = self._head_left
        try:
            while length := self._chunk_length():
                size += length
                around += LARGEST_HEAD - self._head_left
                # The lines around the chunks must not be endless either.
                _check_size(max(size, around))
                pieces.append(self._take(length, size - length))
                if self._line():
                    raise Malformed("a chunk of the body that is longer than it says")
            self._head_left = head_left
            self._fields()
        except Ended:
            raise _ended_within_body(size) from None
        return b"".join(pieces)

    def _chunk_length(self) -> int:
        self._head_left = LARGEST_HEAD
        line = self._line()
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise Malformed(f"a chunk of the body that begins with {_excerpt(line)}")
        return int(found[1], 16)


def _ended_within_body(received: int) -> Ended:
    return Ended(f"the connection was closed after {received} bytes of the body of a response")


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise TooLarge(f"the response body is larger than {LARGEST >> 20} MiB: reading stopped")


def _length(fields: dict[str, str]) -> int | None:
    """The length that the headers give, where they give one. Raises Malformed where it is none, or there are two."""
    given = {value.strip() for value in fields.get("content-length", "").split(",")} - {""}
    if not given:
        return None
    if len(given) > 1:
        raise Malformed(f"two different lengths of one body: {_excerpt(', '.join(sorted(given)).encode('latin-1'))}")
    (value,) = given
    if not (value.isascii() and _LENGTH.fullmatch(value)):
        raise Malformed(f"a Content-Length that is no length: {_excerpt(value.encode('latin-1'))}")
    return int(value)


def _stays_open(version: int, fields: dict[str, str]) -> bool:
    wanted = {token.strip() for token in fields.get("connection", "").lower().split(",")}
    if version >= 11:
        return "close" not in wanted
    return "keep-alive" in wanted or "keep-alive" in fields


def _not_http(line: bytes) -> str:
    if line[:2] == b"\x15\x03":
        return "TLS, which is asked for by https://"
    return _excerpt(line) if line else "an empty line"


def _excerpt(line: bytes) -> str:
    return repr(line[:60].decode("latin-1"))
