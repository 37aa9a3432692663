"""What goes in and out of the mock, free of any web framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: status, body as bytes, headers."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None, media: str = "application/json") -> "Answer":
        """A response whose body is the value as JSON."""
        return cls(status, orjson.dumps(value), {"Content-Type": media, **(headers or {})})


class Call:
    """A request to a documented operation: its WSGI environ, and the parameters of its path."""

    __slots__ = ("environ", "path")

    def __init__(self, environ: Mapping[str, Any], path: Mapping[str, str]) -> None:
        self.environ = environ
        self.path = path

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
        value = self.environ.get("HTTP_" + name.upper().replace("-", "_"))
        return None if value is None else str(value)

    def body(self, limit: int) -> bytes | None:
        """The body, or None if it is longer than `limit` bytes."""
        # Flask's own request, where there is one: a hook that was added to the application may have read the body already.
        request: Request = self.environ.get("werkzeug.request") or Request(dict(self.environ))
        request.max_content_length = limit
        try:
            data = request.get_data()
        except RequestEntityTooLarge:
            return None
        return data if len(data) <= limit else None
