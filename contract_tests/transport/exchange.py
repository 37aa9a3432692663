"""One request and what came back, as plain values: what tests send, what they judge, and what evidence is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from contract_tests.contract.json_text import parse
from contract_tests.transport.credentials import Credential, Forgery


@dataclass(frozen=True, slots=True)
class Call:
    """A request before it is sent. `path` is percent-encoded already and begins after the base URL; `body` is sent as it is.

    `raw_query` is a query that is sent as it is, malformed as it may be, in place of the parameters of `query`. `forgery` is a bad
    key whose headers are among the headers. `without` names headers, such as Accept, that other requests have and this one lacks.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    credential: Credential | None = None
    raw_query: str = ""
    forgery: Forgery | None = None
    without: tuple[str, ...] = ()

    @property
    def search(self) -> str:
        """What follows the path: a question mark and the query, or nothing."""
        # A value from a server may contain half a surrogate pair, which has no valid UTF-8, only bytes that some encoders use.
        query = self.raw_query or (urlencode(self.query, errors="surrogatepass") if self.query else "")
        return f"?{query}" if query else ""


LARGE = 64 * 1024
"""Bytes of a body from which on a server may close the connection in place of a response."""

DROPPED = 0
"""The status of an exchange whose connection was closed without a response, by a server that is alive."""


@dataclass(frozen=True)
class Exchange:
    """A call and its response. Header names are in lower case; `elapsed` is in seconds.

    `hiccup` is the gateway error that the same call was answered with first, where it was sent again; `again` says that it was sent
    again because the connection was closed before a response came. `number` says how many requests its process had sent by then,
    and `at` when it was sent, in seconds since 1970.
    """

    call: Call
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float
    hiccup: "Exchange | None" = None
    again: bool = False
    number: int = 0
    at: float = 0.0

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        return 400 <= self.status < 500 or self.cut_off

    @property
    def cut_off(self) -> bool:
        """Whether the connection was closed on a large body, which a server need not read to its end to refuse it."""
        return self.status == DROPPED and len(self.call.body or b"") > LARGE

    @property
    def repeated(self) -> bool:
        """Return whether the call was sent twice, so that the server may have acted on the first one."""
        return self.again or self.hiccup is not None

    @property
    def failed(self) -> bool:
        """Whether it is a server error, or no response at all."""
        return self.status >= 500 or (self.status == DROPPED and not self.cut_off)

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not JSON, which NaN and Infinity are not (RFC 8259)."""
        return parse(self.body)

    @property
    def members(self) -> Mapping[str, Any]:
        """The body's members where it is a JSON object, else none."""
        try:
            return self.json if isinstance(self.json, dict) else {}
        except ValueError:
            return {}
