"""The server under test: sends calls and keeps the rules of a guest (pacing, Retry-After, time limits)."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from contract_tests.connection import Closed, Connection, Line, NoAnswer, encoded
from contract_tests.credentials import Keys, redact
from contract_tests.exchange import DROPPED, Call, Exchange

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

GATEWAY = frozenset({502, 503, 504})
"""Answers that may come from something before the server."""

_HEADERS = {"User-Agent": "accord", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
_RETRIES = 2
LONGEST_WAIT = 60.0
"""Seconds that a server may make one call wait, all in all."""


class Unanswered(Exception):
    """No answer came: the server cannot be reached, or the time limit passed. `call` is what was sent."""

    def __init__(self, call: Call, reason: str) -> None:
        super().__init__(reason)
        self.call = call


class _Dropped(Unanswered):
    """The connection was closed before an answer came."""


class Unavailable(Exception):
    """The server went on asking to wait (429, or 503 with Retry-After) until patience ended."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"The server went on answering {exchange.status}, please wait.")
        self.exchange = exchange


class Target:
    """Sends calls to one base URL. Safe to use from several threads; each has a connection of its own.

    `timeout` is in seconds per call; `latency` is what answers took lately, in seconds; `requests_per_second` limits the whole
    target; `adapter` replaces the network, for a server in this process.
    """

    def __init__(
        self,
        base_url: str,
        keys: Keys,
        *,
        timeout: float = 10.0,
        requests_per_second: float | None = None,
        adapter: "Callable[[], BaseAdapter] | None" = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.keys = keys
        self.timeout = timeout
        self.sent = 0
        self.latency = 0.0
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
        """Send a call and return the answer, after as many waits as the server asks for.

        Raises Unanswered where none comes, Unavailable where the server never stops asking to wait.
        """
        exchange = self._send_past_a_closed_connection(call)
        waited = 0.0
        for attempt in range(1000):
            pause = pause_asked_for(exchange, attempt)
            if pause is None:
                break
            if waited + pause > LONGEST_WAIT:
                raise Unavailable(exchange)
            time.sleep(pause)
            waited += pause
            exchange = self._send_once(call)
        return self._past_a_hiccup(call, exchange)

    def redact(self, text: str) -> str:
        """The text without any whole key of this run."""
        for credential in self.keys.named().values():
            text = text.replace(credential.key, redact(credential.key))
        return text

    def _past_a_hiccup(self, call: Call, exchange: Exchange) -> Exchange:
        # A gateway error that goes away is a server that is inconsistent, not one that breaks the contract.
        first = exchange
        for attempt in range(_RETRIES):
            if exchange.status not in GATEWAY:
                break
            time.sleep(0.1 * (attempt + 1))
            exchange = self._send_once(call)
        return exchange if exchange.status in GATEWAY or exchange is first else replace(exchange, hiccup=first)

    def _send_past_a_closed_connection(self, call: Call) -> Exchange:
        """Send it again by a new connection: the server may have closed an idle one in the moment that it was used.

        Where that is closed as well, and the server goes on answering others, this call is what it does not answer.
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
            return Exchange(call, self.base_url + call.path, DROPPED, {}, str(error).encode(), 0.0)

    def is_alive(self) -> bool:
        """Whether the server answers at all."""
        try:
            self._send_once(Call("GET", "/"))
        except Unanswered:
            return False
        return True

    def _send_once(self, call: Call) -> Exchange:
        self._wait_for_slot()
        search = call.search
        began = time.perf_counter()
        try:
            answer = self._line().send(call.method, encoded(call.path) + search, _headers(call), call.body)
        except NoAnswer as error:
            kind = _Dropped if isinstance(error, Closed) else Unanswered
            raise kind(call, f"No answer to {call.method} {call.path}: {_in_short(str(error))}") from error
        elapsed = time.perf_counter() - began
        # A running mean of what came last; the first answers of a server are slow.
        self.latency = 0.7 * self.latency + 0.3 * elapsed if self.latency else elapsed
        return Exchange(call, self.base_url + call.path + search, answer.status, answer.headers, answer.body, elapsed)

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
            return Connection(self.base_url, self.timeout)
        # `requests` takes its time to import, and only servers in this process need it.
        from contract_tests.adapted import Adapted

        return Adapted(self._adapter(), self.base_url, self.timeout)

    def _wait_for_slot(self) -> None:
        with self._lock:
            self.sent += 1
            if not self._interval:
                return
            now = time.monotonic()
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._interval
        time.sleep(slot - now)


def pause_asked_for(exchange: Exchange, attempt: int) -> float | None:
    """Seconds to wait before the call is sent again, or None where the answer does not ask for it."""
    asked = exchange.headers.get("retry-after")
    if exchange.status == 429 and asked is None:
        return float(min(0.25 * 2**attempt, 10.0))
    if asked is None or exchange.status not in (429, 503):
        return None
    if asked.strip().isdigit():
        return min(float(asked), LONGEST_WAIT + 1) or 0.05
    try:
        until = parsedate_to_datetime(asked)
        # The server's clock may be wrong: its own Date says what it takes for now.
        now = parsedate_to_datetime(exchange.headers["date"]) if "date" in exchange.headers else datetime.now(UTC)
        return max((until - now).total_seconds(), 0.05)
    except (ValueError, TypeError):
        return 1.0


def _headers(call: Call) -> dict[str, str]:
    """The headers as they travel: none that nobody asked for. The call's own take the place of others of their name."""
    found = {**_HEADERS, **(call.credential.headers() if call.credential else {}), **call.headers}
    if call.body is not None or call.method in ("POST", "PUT", "PATCH"):
        found["Content-Length"] = str(len(call.body or b""))
    return found


def _in_short(text: str) -> str:
    return text if len(text) < 200 else text[:200] + "…"
