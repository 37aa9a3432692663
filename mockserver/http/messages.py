"""What goes in and out of the mock, free of any web framework."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wsgi import get_input_stream

from mockserver.http.body_errors import BodyCutError, BodyTooLongError
from mockserver.http.delivery import Delivery

BYTES_OF_TEXT = "accord.bytes_of_text"
"""Set in an environ by our own server: the total length of its texts. After the request it holds nothing else that is large."""

_NONE: Mapping[str, str] = MappingProxyType({})


class Response(NamedTuple):
    """A response: status, body as bytes, headers, what decided it, and how it is to travel, if not as usual.

    `decided_by` is the id of the requirement or choice for which the request was refused, or `fault:` and the id of the fault that
    it met; None for all other responses.
    `refused` is the name of the kind of refusal, of `mockserver.model.refusal`.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = _NONE
    decided_by: str | None = None
    delivery: Delivery | None = None
    refused: str | None = None

    @classmethod
    def json(
        cls,
        status: int,
        value: Any,
        headers: Mapping[str, str] | None = None,
        media: str = "application/json",
        decided_by: str | None = None,
        refused: str | None = None,
    ) -> "Response":
        """A response whose body is the value as JSON."""
        return cls(status, orjson.dumps(value), {"Content-Type": media, **(headers or {})}, decided_by, None, refused)


@cache
def environ_name(header: str) -> str:
    """Under which name WSGI has a header."""
    return "HTTP_" + header.upper().replace("-", "_")


class Request:
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
        """The body, or None if it is longer than `limit` bytes. May be asked for again.

        Raises BodyCutError and BodyLateError.
        """
        if self.data is None:
            try:
                self.data = self._read(limit)
            except (RequestEntityTooLarge, BodyTooLongError):
                return None
            except ClientDisconnected as error:
                raise BodyCutError(str(error.description)) from error
        return self.data if len(self.data) <= limit else None

    def _read(self, limit: int) -> bytes:
        # Flask's own request, where there is one: a hook that was added to the application may have read the body already.
        request: WerkzeugRequest | None = self.environ.get("werkzeug.request")
        if request is not None:
            request.max_content_length = limit
            return request.get_data()
        length = self.environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and int(length) <= limit:
            data: bytes = self.environ["wsgi.input"].read(int(length))
            if len(data) < int(length):
                raise BodyCutError("The body ended before its Content-Length.")
            return data
        if not length and "wsgi.input_terminated" in self.environ:
            chunks: bytes = self.environ["wsgi.input"].read(limit + 1)
            return chunks
        return get_input_stream(self.environ, max_content_length=limit).read()
