"""What goes in and out of the mock, free of any web framework."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_input_stream

BODY_WAS_READ = "accord.body_was_read"
"""Set in the environ of a request whose body was read to its end, so that the server need not look for more."""


_NONE: Mapping[str, str] = MappingProxyType({})


class Answer(NamedTuple):
    """A response: status, body as bytes, headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = _NONE

    @classmethod
    def json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None, media: str = "application/json") -> "Answer":
        """A response whose body is the value as JSON."""
        return cls(status, orjson.dumps(value), {"Content-Type": media, **(headers or {})})


@cache
def environ_name(header: str) -> str:
    """Under which name WSGI has a header."""
    return "HTTP_" + header.upper().replace("-", "_")


class Call:
    """A request to a documented operation: its WSGI environ, the parameters of its path, and its body once that was read."""

    __slots__ = ("data", "environ", "path")

    def __init__(self, environ: dict[str, Any], path: Mapping[str, str]) -> None:
        self.environ = environ
        self.path = path
        self.data: bytes | None = None

    @property
    def query(self) -> str:
        """The query string as it was sent."""
        text = str(self.environ.get("QUERY_STRING", ""))
        # WSGI hands bytes over as latin-1; what was not percent-encoded is UTF-8.
        return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case and without parameters; empty if none was sent."""
        return str(self.environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()

    def header(self, name: str) -> str | None:
        """A header of the request, or None."""
        value = self.environ.get(environ_name(name))
        return None if value is None else str(value)

    def body(self, limit: int) -> bytes | None:
        """The body, or None if it is longer than `limit` bytes. May be asked for again."""
        if self.data is None:
            try:
                self.data = self._read(limit)
            except RequestEntityTooLarge:
                return None
        return self.data if len(self.data) <= limit else None

    def _read(self, limit: int) -> bytes:
        # Flask's own request, where there is one: a hook that was added to the application may have read the body already.
        request: Request | None = self.environ.get("werkzeug.request")
        if request is not None:
            request.max_content_length = limit
            return request.get_data()
        length = self.environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and int(length) <= limit:
            data: bytes = self.environ["wsgi.input"].read(int(length))
            self.environ[BODY_WAS_READ] = len(data) == int(length)
            return data
        return get_input_stream(self.environ, max_content_length=limit).read()
