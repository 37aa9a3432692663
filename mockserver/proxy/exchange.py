"""One request with its response, as they went through the proxy."""

import gzip
import json
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

Headers = list[tuple[str, str]]


@dataclass
class Exchange:
    """A request and its response. A body is None if it is not completely known: it was too long, or was cut off.

    `began` and `ended` are seconds of a clock that never goes back; `came` is nanoseconds since 1970. `fault` is the id of the rule
    that changed how the response arrived, or empty; `is_made_up`: the response is the proxy's, and the server was not asked.
    `status` is 0 where there was none.
    """

    method: str
    target: str
    headers: Headers
    began: float
    came: int
    body: bytes | None = None
    status: int = 0
    response_headers: Headers = field(default_factory=list)
    response_body: bytes | None = None
    ended: float = 0.0
    is_cut: bool = False
    fault: str = ""
    is_made_up: bool = False

    @property
    def path(self) -> str:
        """The path of the target, as it was sent."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query of the target, as it was sent."""
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        """A header of the request; those of one name joined."""
        return _joined(self.headers, name)

    def response_header(self, name: str) -> str | None:
        """A header of the response; those of one name joined."""
        return _joined(self.response_headers, name)

    @cached_property
    def content(self) -> bytes | None:
        """The decoded body of the response; None if the body is not known or has an encoding that is not supported here."""
        if self.response_body is None or not self.response_body:
            return self.response_body
        encoding = (self.response_header("content-encoding") or "identity").strip().lower()
        try:
            if encoding in ("gzip", "x-gzip"):
                return gzip.decompress(self.response_body)
            if encoding == "deflate":
                return zlib.decompress(self.response_body)
        except (OSError, EOFError, zlib.error):
            return None
        return self.response_body if encoding == "identity" else None

    @cached_property
    def response_json(self) -> Any:
        """The value of the response. Raises ValueError if its content is not JSON."""
        assert self.content is not None
        return json_of(self.content)


def json_of(data: bytes) -> Any:
    """Return the value of JSON text in UTF-8, with or without a byte order mark. Raises ValueError, also if nested too deeply."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(data)
    except ValueError:
        try:
            # Unlike orjson, the json module reads integers of any size.
            return json.loads(data.decode("utf-8"), parse_constant=_refuse)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _joined(headers: Headers, name: str) -> str | None:
    found = [value for header, value in headers if header.lower() == name]
    return ", ".join(found) if found else None
