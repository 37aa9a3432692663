"""One request and what came back, as plain values: what tests send, what they judge, and what evidence is made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from contract_tests.credentials import Credential, Forgery


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is sent. `path` is percent-encoded already and begins after the base URL; `body` is sent as it is.

    `raw_query` is a query that is sent as it is, malformed as it may be, in place of the parameters of `query`. `forgery` is a bad
    key whose headers are among the headers.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    credential: Credential | None = None
    raw_query: str = ""
    forgery: Forgery | None = None

    @property
    def search(self) -> str:
        """What follows the path: a question mark and the query, or nothing."""
        query = self.raw_query or (urlencode(self.query) if self.query else "")
        return f"?{query}" if query else ""


DROPPED = 0
"""The status of an exchange whose connection was closed without an answer, by a server that is alive."""


@dataclass(frozen=True)
class Exchange:
    """A call and its answer. Header names are in lower case; `elapsed` is in seconds.

    `hiccup` is the gateway error that the same call was answered with first, where it was sent again; `again` says that it was sent
    again because the connection was closed before an answer came.
    """

    call: Call
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float
    hiccup: "Exchange | None" = None
    again: bool = False

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        return 400 <= self.status < 500

    @property
    def repeated(self) -> bool:
        """Whether it is the answer to a second sending, and the first may have been acted upon."""
        return self.again or self.hiccup is not None

    @property
    def failed(self) -> bool:
        """Whether it is a server error, or no answer at all."""
        return self.status >= 500 or self.status == DROPPED

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not JSON, which NaN and Infinity are not (RFC 8259)."""
        return json.loads(self.body.decode("utf-8"), parse_constant=_not_json)

    @property
    def members(self) -> Mapping[str, Any]:
        """The body's members where it is a JSON object, else none."""
        try:
            return self.json if isinstance(self.json, dict) else {}
        except (ValueError, RecursionError):
            return {}


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
