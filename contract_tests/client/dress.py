"""What client libraries add to requests by themselves, spread over the requests that a run sends anyway.

The API must behave as documented with each: a returned cookie, a browser's Origin, a requested language, a cache's conditional
request. A table and not chance decides what each request gets, so that each operation is called with all of it in few
requests.
"""

import itertools
import re
import time
import zlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from contract_tests.transport.exchange import Call, Exchange

COOKIES, ORIGIN = "auth.cookies", "origin.unrestricted"
"""The requirements that are violated if a request is refused because of what was added to it."""

_ORIGINS = ("https://shop.example.net", "http://localhost:3000", "null", "https://www.example.org:8443")

_MANNERS: tuple[Mapping[str, str | None], ...] = (
    {"Accept": "application/json", "Accept-Language": "de-DE,de;q=0.9,en;q=0.5"},
    {"Accept": None, "Accept-Encoding": None},
    {"Accept": "application/json, text/plain, */*", "Accept-Language": "ar", "Referer": "https://shop.example.net/help?page=2"},
    {"Accept-Encoding": "identity", "Accept-Language": "*"},
    {"Accept": "application/json;charset=utf-8, */*;q=0.1", "Accept-Language": "tr-TR", "Cache-Control": "no-cache", "DNT": "1"},
)
"""Headers of common clients. None leaves out one that is sent otherwise."""

_TURNS = ("cookie", "origin", "manner", "cookie origin", "", "origin manner")
"""What is added to the requests of one operation, in turn. Only a key without allowed origins is sent with an Origin."""

_COOKIE = re.compile(r"(?:^|, )(?P<name>[^\s;,=]+)=(?P<value>[^;,]*)(?P<attributes>(?:;[^;]*?)*?)(?=, [^\s;,=]+=|$)")
"""One cookie of a Set-Cookie header, several of which may have been joined by commas."""

_KEPT = 1_000
"""Reads that are remembered to be asked about again."""

_SAME_SECOND = 1.5
"""Seconds between a read and a write after which they are surely in different seconds of the server's clock."""


@dataclass(frozen=True, slots=True)
class Worn:
    """A call with what was added to it, and the requirement that a refusal because of that would violate.

    `known` is the earlier read that the call asks about, if it is a conditional request. `idle` is a requirement that this call
    would exercise if there were a cookie to bring back.
    """

    call: Call
    blamed: str = ""
    known: Exchange | None = None
    idle: str = ""


@dataclass(slots=True)
class _Known:
    """A read with a validator, when it came, and how many writes to what it shows had been acknowledged."""

    exchange: Exchange
    at: float
    writes: int


@dataclass(slots=True)
class Wardrobe:
    """Decides what is added to the requests of a run. `unrestricted` is the client key without allowed origins, if there is one,
    `foreign` a key of another organisation.

    Cookies are kept per key, since each client has its own.
    """

    base_url: str
    unrestricted: str = ""
    foreign: str = ""
    seen: set[str] = field(default_factory=set)
    """Requirements that were found violated: what they are about is not added to requests any more."""
    _turns: defaultdict[tuple[str, str], Iterator[int]] = field(default_factory=lambda: defaultdict(itertools.count))
    _jars: defaultdict[str, dict[str, tuple[str, str, bool]]] = field(default_factory=lambda: defaultdict(dict))
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)
    _writes: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    _written_at: dict[str, float] = field(default_factory=dict)

    def begin(self, test: str) -> None:
        """Start another test: its requests get the same additions whether it runs alone or among others."""
        first = zlib.crc32(test.encode()) % (len(_TURNS) * len(_MANNERS))
        self._turns = defaultdict(lambda: itertools.count(first))

    def dress(self, operation_id: str, call: Call) -> Worn:
        """Return the call with the headers whose turn it is. A header that it already has is not replaced."""
        credential = call.credential
        if credential is None:
            return Worn(call)
        turn = next(self._turns[operation_id, credential.tier])
        wanted = _TURNS[turn % len(_TURNS)]
        added: dict[str, str | None] = {}
        if "manner" in wanted:
            added |= _MANNERS[turn // len(_TURNS) % len(_MANNERS)]
        blamed = ""
        if "origin" in wanted and credential.key == self.unrestricted and ORIGIN not in self.seen:
            added["Origin"], blamed = _ORIGINS[turn // 2 % len(_ORIGINS)], ORIGIN
        cookies = self.cookies(credential.key, call.path) if "cookie" in wanted else ""
        if cookies:
            added["Cookie"], blamed = cookies, COOKIES
        known, question = self._asked_about(call)
        added |= question
        headers = {name: value for name, value in added.items() if value is not None}
        without = tuple(name for name, value in added.items() if value is None and name not in call.headers)
        worn = replace(call, headers={**headers, **call.headers}, without=without)
        idle = COOKIES if "cookie" in wanted and not cookies and COOKIES not in self.seen else ""
        return Worn(worn, blamed, known, idle)

    def cookies(self, key: str, path: str) -> str:
        """The cookies that a client with this key brings back to a path, as the value of a header; empty where there are none."""
        if COOKIES in self.seen:
            # Cookies were already found mishandled: sending them with each bad key would only repeat that finding.
            return ""
        secure = self.base_url.startswith("https:")
        whole = urlsplit(self.base_url).path + path
        jar = self._jars.get(key, {})
        fitting = (name for name, (_, below, only_secure) in jar.items() if whole.startswith(below) and (secure or not only_secure))
        return "; ".join(f"{name}={jar[name][0]}" for name in fitting)

    def question(self, path: str) -> dict[str, str]:
        """Return an If-None-Match header for what was last read at a path; empty if nothing was read, or it had no ETag."""
        known = self._known.get(f"False {path}")
        tag = known.exchange.headers.get("etag") if known else None
        return {"If-None-Match": tag} if tag else {}

    def keep(self, exchange: Exchange) -> None:
        """Remember the cookies of a response, and a read with a validator for later conditional requests."""
        credential, call = exchange.call.credential, exchange.call
        if credential is None:
            return
        if "set-cookie" in exchange.headers:
            self._take(credential.key, exchange.headers["set-cookie"])
        has_validator = "etag" in exchange.headers or "last-modified" in exchange.headers
        if call.method == "GET" and exchange.status == 200 and has_validator:
            address = self._address(call)
            self._known[address] = _Known(exchange, time.monotonic(), self._writes[_about(call)])
            self._known.move_to_end(address)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def note_write(self, conversation_id: str) -> None:
        """Note that a write was acknowledged: to a conversation, or a new one."""
        for what in {conversation_id, ""}:
            self._writes[what] += 1
            self._written_at[what] = time.monotonic()

    def _asked_about(self, call: Call) -> tuple[Exchange | None, dict[str, str]]:
        """Return the earlier read of the same address and a conditional header for it; neither unless a write came in between."""
        known = self._known.get(self._address(call)) if call.method == "GET" else None
        about = _about(call)
        if known is None or known.writes == self._writes[about]:
            return None, {}
        tag, modified = (known.exchange.headers.get(name) for name in ("etag", "last-modified"))
        later = self._written_at[about] - known.at > _SAME_SECOND
        if modified and later and (not tag or self._writes[about] % 2):
            return known.exchange, {"If-Modified-Since": modified}
        return (known.exchange, {"If-None-Match": tag}) if tag else (None, {})

    def _address(self, call: Call) -> str:
        theirs = call.credential is not None and call.credential.key == self.foreign
        return f"{theirs} {call.path}{call.search}"

    def _take(self, key: str, header: str) -> None:
        for found in _COOKIE.finditer(header):
            attributes = dict(_attribute(part) for part in found["attributes"].split(";")[1:])
            jar, name = self._jars[key], found["name"]
            if attributes.get("max-age", "1").startswith(("0", "-")) or not found["value"]:
                jar.pop(name, None)
            else:
                jar[name] = (found["value"], attributes.get("path") or "/", "secure" in attributes)


def _attribute(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name.lower(), value


def _about(call: Call) -> str:
    """Return the id of the conversation that a path names; empty for a list."""
    parts = call.path.strip("/").split("/")
    return parts[3] if len(parts) > 3 else ""
