"""The server under test: sends calls and keeps the rules of a guest (pacing, Retry-After, time limits)."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from contract_tests.transport.access import Access, given_headers
from contract_tests.transport.creations import Creations
from contract_tests.transport.credentials import Keys
from contract_tests.transport.exchange import DROPPED, Call, Exchange
from contract_tests.transport.guard import Guard
from contract_tests.transport.http import Closed, Connection, Line, NoResponse, Oversized, encoded
from contract_tests.transport.stopping import Deadline

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

GATEWAY = frozenset({502, 503, 504})
"""Answers that may come from something before the server."""

_HEADERS = {"User-Agent": "accord", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
_SECONDS = re.compile("[0-9]{1,300}")
_RETRIES = 2
_TO_BE_TOLD = 0.3
"""Seconds to wait, once the run is over, for the response to a request that may create something."""

LONGEST_WAIT = 60.0
"""Seconds that a server may make one call wait, all in all."""


class Unanswered(Exception):
    """No response came: the server cannot be reached, or the time limit passed. `call` is what was sent.

    `advice` says what to do about it, where that is known; `responded` that something came, of which not all was read.
    """

    def __init__(self, call: Call, reason: str, advice: str = "", *, responded: bool = False) -> None:
        super().__init__(reason)
        self.call = call
        self.advice = advice
        self.responded = responded


class _Dropped(Unanswered):
    """The connection was closed before a response came."""


class Unavailable(Exception):
    """The server went on asking to wait (429, or 503 with Retry-After) until patience ended."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"The server went on answering {exchange.status}, please wait.")
        self.exchange = exchange


class Target:
    """Sends calls to one base URL. Safe to use from several threads; each has a connection of its own.

    `guard` lets no write through that may touch what is somebody else's. `watch` is called with every exchange;
    until it is set, they are kept in `early`.
    `timeout` is in seconds for a call and its whole response; `latency` is what responses took lately, in seconds;
    `requests_per_second` limits the whole target; `adapter` replaces the network, for a server in this process; `deadline` ends
    every wait with the run; `probe` is the path of the request that shows whether the server answers at all;
    `access` says how the server is reached; `creations` counts what is created, and says when it is enough.
    """

    def __init__(
        self,
        base_url: str,
        keys: Keys,
        *,
        guard: Guard,
        timeout: float = 10.0,
        requests_per_second: float | None = None,
        adapter: "Callable[[], BaseAdapter] | None" = None,
        deadline: Deadline | None = None,
        probe: str = "/",
        access: Access | None = None,
        creations: Creations | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.keys = keys
        self.guard = guard
        self._redactor = keys.redactor()
        self.timeout = timeout
        self.sent = 0
        self.latency = 0.0
        self.deadline = deadline or Deadline()
        self._probe = probe
        self.access = access or Access()
        self.creations = creations
        self.early: list[Exchange] = []
        self.watch: Callable[[Exchange], None] = self.early.append
        self._adapter = adapter
        self._interval = 1 / requests_per_second if requests_per_second else 0.0
        self._next_slot = 0.0
        self._lock = threading.Lock()
        self._local = threading.local()
        self._lines: list[Line] = []

    def close(self) -> None:
        """Close the connections of all threads; each opens another if it sends again."""
        with self._lock:
            for line in self._lines:
                line.close()

    def send(self, call: Call) -> Exchange:
        """Send a call, unless it may change what is somebody else's, and return the response.

        Raises Withheld and Unsafe where it is not sent (see Guard), Unanswered where no response comes, Unavailable where the
        server never stops asking to wait, Stopped where the run is over, Exhausted where the run may create nothing more.
        """
        self.guard.admit(call, self.deliver)
        return self.guard.noted(self.deliver(call))

    def deliver(self, call: Call) -> Exchange:
        """Send a call that the guard admitted, again after as many waits as the server asks for, and return the response."""
        exchange = self._send_past_a_closed_connection(call)
        waited = 0.0
        for attempt in range(1000):
            pause = pause_asked_for(exchange, attempt)
            if pause is None:
                break
            if waited + pause > LONGEST_WAIT:
                raise Unavailable(exchange)
            self.deadline.sleep(pause)
            waited += pause
            exchange = self._send_once(call)
        else:
            raise Unavailable(exchange)
        exchange = self._past_a_hiccup(call, exchange)
        self.watch(exchange)
        return exchange

    def redact(self, text: str) -> str:
        """Return the text without any key of this run, however it is spelled, and without the bad keys that are made from them."""
        return self._redactor.redact(text)

    def _past_a_hiccup(self, call: Call, exchange: Exchange) -> Exchange:
        # A gateway error that goes away shows an inconsistent server, not one that breaks the contract.
        first = exchange
        for attempt in range(_RETRIES):
            if exchange.status not in GATEWAY:
                break
            self.deadline.sleep(0.1 * (attempt + 1))
            exchange = self._send_once(call)
        return exchange if exchange.status in GATEWAY or exchange is first else replace(exchange, hiccup=first)

    def _send_past_a_closed_connection(self, call: Call) -> Exchange:
        """Send a call, and again by a new connection if it was closed: the server may have closed an idle one as it was used.

        If that is closed as well, but the server still answers another request, this call is the one that it does not answer.
        """
        try:
            return self._send_once(call)
        except _Dropped:
            self._line().close()
        try:
            return replace(self._send_once(call), again=True)
        except _Dropped as error:
            if not self.is_alive():
                raise
            return Exchange(call, self.base_url + call.path, DROPPED, {}, str(error).encode(), 0.0, number=self.sent)

    def is_alive(self) -> bool:
        """Whether the server answers at all: with whatever it may be, to a request that is documented."""
        try:
            self._send_once(Call("GET", self._probe, credential=self.keys.server))
        except Unanswered as error:
            return error.responded
        return True

    def ask_once(self) -> int:
        """Send a documented request once, without counting it, and return the status of the response. Raises NoResponse."""
        call = Call("GET", self._probe, credential=self.keys.server)
        return self._line().send(call.method, encoded(call.path), self._headers(call), None).status

    def _send_once(self, call: Call) -> Exchange:
        self.deadline.check()
        counted = self.creations is not None and self.guard.may_create(call)
        if counted and self.creations is not None:
            self.creations.reserve()
        number = self._wait_for_slot()
        search = call.search
        # The file must name what was created, even if the run ends before the response arrives.
        grace = _TO_BE_TOLD if counted else 0.0
        at, sent_at, began = time.time(), time.monotonic(), time.perf_counter()
        try:
            raw = self._line().send(call.method, encoded(call.path) + search, self._headers(call), call.body, grace)
        except NoResponse as error:
            kind = _Dropped if isinstance(error, Closed) else Unanswered
            oversized = isinstance(error, Oversized)
            reason = f"No response to {call.method} {call.path}: {_in_short(str(error))}"
            if not oversized:
                self.deadline.got_nothing(sent_at, reason)
            raise kind(call, reason, error.advice, responded=oversized) from error
        elapsed = time.perf_counter() - began
        # A running mean of what came last; the first responses of a server are slow.
        self.latency = 0.7 * self.latency + 0.3 * elapsed if self.latency else elapsed
        url = self.base_url + call.path + search
        exchange = Exchange(call, url, raw.status, raw.headers, raw.body, elapsed, number=number, at=at)
        if self.creations is not None and counted:
            self.creations.settle(exchange, creates=self.guard.creates(call), other=self.guard.is_other(call))
        elif self.creations is not None and self.guard.lists(call):
            self.creations.seen(exchange, other=self.guard.is_other(call))
        self._note(exchange)
        return exchange

    def _headers(self, call: Call) -> dict[str, str]:
        own = headers_of(call)
        return given_headers(own, self.access.headers) if self.access.headers else own

    def _note(self, exchange: Exchange) -> None:
        """Note whether a request got through, or was told to come again."""
        if exchange.status in (429, 503) and pause_asked_for(exchange, 0) is not None:
            call = exchange.call
            self.deadline.got_nothing(time.monotonic(), f"{call.method} {call.path} got {exchange.status}, please wait.")
        else:
            self.deadline.got_through()

    def _line(self) -> Line:
        """The line of this thread: each has its own."""
        line: Line | None = getattr(self._local, "line", None)
        if line is None:
            line = self._local.line = self._new_line()
            with self._lock:
                self._lines.append(line)
        return line

    def _new_line(self) -> Line:
        if self._adapter is None:
            return Connection(self.base_url, self.timeout, self.deadline, self.access)
        # `requests` takes its time to import, and only servers in this process need it.
        from contract_tests.transport.in_process import Adapted

        return Adapted(self._adapter(), self.base_url, self.timeout)

    def _wait_for_slot(self) -> int:
        """Wait until a request may be sent, and return how many are sent with it."""
        with self._lock:
            self.sent += 1
            number = self.sent
            if not self._interval:
                return number
            now = time.monotonic()
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._interval
        if slot > now:
            self.deadline.sleep(slot - now)
        return number


def pause_asked_for(exchange: Exchange, attempt: int) -> float | None:
    """Seconds to wait before the call is sent again, or None where the response does not ask for it. Never 0, never without end."""
    asked = exchange.headers.get("retry-after")
    if exchange.status == 429 and asked is None:
        return float(min(0.25 * 2**attempt, 10.0))
    if asked is None or exchange.status not in (429, 503):
        return None
    if _SECONDS.fullmatch(asked.strip()):
        return min(float(asked), LONGEST_WAIT + 1) or 0.05
    try:
        until = parsedate_to_datetime(asked)
        # The server's clock may be wrong: its Date header says what it takes for the current time.
        now = parsedate_to_datetime(exchange.headers["date"]) if "date" in exchange.headers else datetime.now(UTC)
        return min(max((until - now).total_seconds(), 0.05), LONGEST_WAIT + 1)
    except (ValueError, TypeError, OverflowError):
        # Neither seconds nor a date: as much as is polite.
        return 1.0


def headers_of(call: Call) -> dict[str, str]:
    """Return the headers as they are sent, without any that nobody asked for. The call's own replace others of the same name."""
    found = {**_HEADERS, **(call.credential.headers() if call.credential else {}), **call.headers}
    for name in call.without:
        found.pop(name, None)
    if call.body is not None or call.method in ("POST", "PUT", "PATCH"):
        found["Content-Length"] = str(len(call.body or b""))
    return found


def _in_short(text: str) -> str:
    return text if len(text) < 200 else text[:200] + "…"
