"""Reads requests and responses from the bytes of one connection, which are passed on even if they are not understood."""

import time
from collections import deque
from collections.abc import Callable

import h11

from mockserver.proxy.exchange import Exchange

LARGEST_KEPT = 8 * 1024 * 1024
"""Bytes of a body that are kept; a longer one is not judged."""

LONGEST_HEAD = 1024 * 1024
"""Bytes of a head that is understood."""

_SWITCHED = 101


class Connection:
    """Follows the traffic of a client's connection and its connection to the server.

    `done` is called with each exchange when its response has ended. `changed_head` returns the head of a request to pass on.
    """

    def __init__(self, done: Callable[[Exchange], None], changed_head: Callable[[bytes], bytes] | None = None) -> None:
        self._done = done
        self._changed_head = changed_head
        self._waiting: deque[Exchange] = deque()
        self._requests: h11.Connection | None = None
        self._responses: h11.Connection | None = None
        self._current: Exchange | None = None
        self._head = b""
        self._behind = b""
        self._request_body = bytearray()
        self._response_body = bytearray()
        self._is_blind = False

    @property
    def waits(self) -> bool:
        """Whether a request has no response yet."""
        return bool(self._waiting)

    @property
    def is_blind(self) -> bool:
        """Whether what goes over it is not understood any more."""
        return self._is_blind

    def expect(self, exchange: Exchange) -> None:
        """Expect the response to a request that was read elsewhere."""
        self._waiting.append(exchange)

    # --- from the client ------------------------------------------------------------------------------------------------

    def sent(self, data: bytes) -> bytes:
        """Read bytes from the client, and return those to pass on now. A head that is changed is held until it is complete."""
        passed = bytearray()
        while data or self._head:
            if self._is_blind:
                return bytes(passed) + self._take_head() + data
            if self._current is None:
                self._head += data
                data = b""
                end = end_of_head(self._head)
                if end < 0:
                    if len(self._head) > LONGEST_HEAD:
                        self._is_blind = True
                        continue
                    break
                head, data, self._head = self._head[:end], self._head[end:], b""
                passed += self._changed_head(head) if self._changed_head else head
                self._begin(head)
            else:
                before = len(data)
                data = self._go_on(data, passed)
                if len(data) == before:
                    break
        return bytes(passed)

    def _take_head(self) -> bytes:
        head, self._head = self._head, b""
        return head

    def _begin(self, head: bytes) -> None:
        self._requests = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self._requests.receive_data(head)
        try:
            event = self._requests.next_event()
        except h11.RemoteProtocolError:
            self._is_blind = True
            return
        if not isinstance(event, h11.Request):
            self._is_blind = True
            return
        self._current = exchange_of(event)
        self._request_body = bytearray()
        self._waiting.append(self._current)
        self._read_body()

    def _go_on(self, data: bytes, passed: bytearray) -> bytes:
        """Look at bytes of a body; return those behind its end."""
        assert self._requests is not None
        self._requests.receive_data(data)
        self._read_body()
        rest = b"" if self._requests is not None or self._is_blind else self._behind
        passed += data[: len(data) - len(rest)]
        return rest

    def _read_body(self) -> None:
        assert self._requests is not None
        while True:
            try:
                event = self._requests.next_event()
            except h11.RemoteProtocolError:
                self._is_blind = True
                return
            if isinstance(event, h11.Data):
                if len(self._request_body) <= LARGEST_KEPT:
                    self._request_body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert self._current is not None
                self._current.body = bytes(self._request_body) if len(self._request_body) <= LARGEST_KEPT else None
                self._behind = self._requests.trailing_data[0]
                self._current = self._requests = None
                return
            else:
                return

    # --- from the server ------------------------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """Read bytes from the server. Empty bytes mean the end of the connection."""
        while not self._is_blind and self._waiting:
            if self._responses is None:
                self._responses = _expecting(self._waiting[0].method)
                self._response_body = bytearray()
            self._responses.receive_data(data)
            rest = self._read_response(at_end=not data)
            if rest is None or not rest:
                return
            data = rest

    def _read_response(self, *, at_end: bool) -> bytes | None:
        """Return the bytes behind the end of a response; None if it has not ended."""
        exchange, reader = self._waiting[0], self._responses
        assert reader is not None
        while True:
            try:
                event = reader.next_event()
            except h11.RemoteProtocolError:
                self._is_blind = True
                if exchange.status:
                    self._end(is_cut=True)
                return None
            if isinstance(event, h11.Response):
                exchange.status = event.status_code
                exchange.response_headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in event.headers.raw_items()]
            elif isinstance(event, h11.InformationalResponse) and event.status_code == _SWITCHED:
                self._is_blind = True
                return None
            elif isinstance(event, h11.Data):
                if len(self._response_body) <= LARGEST_KEPT:
                    self._response_body += event.data
            elif isinstance(event, h11.EndOfMessage):
                rest = reader.trailing_data[0]
                self._end(is_cut=False)
                return rest
            elif event is h11.NEED_DATA or at_end or event is h11.PAUSED:
                return None

    def _end(self, *, is_cut: bool) -> None:
        exchange = self._waiting.popleft()
        exchange.ended = time.monotonic()
        exchange.is_cut = is_cut
        exchange.response_body = bytes(self._response_body) if len(self._response_body) <= LARGEST_KEPT else None
        self._responses = None
        self._done(exchange)


def _expecting(method: str) -> h11.Connection:
    """What reads the response to a request with that method."""
    reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
    reader.send(h11.Request(method=method, target="/", headers=[("Host", "server")]))
    reader.send(h11.EndOfMessage())
    return reader


def exchange_of(request: h11.Request) -> Exchange:
    """Return the exchange that a request begins."""
    return Exchange(
        request.method.decode("latin-1"),
        request.target.decode("latin-1"),
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw_items()],
        time.monotonic(),
        time.time_ns(),
    )


def end_of_head(data: bytes) -> int:
    """Where the body begins; -1 if the head is not whole."""
    begin = len(data) - len(data.lstrip(b"\r\n"))
    ends = [place + len(mark) for mark in (b"\r\n\r\n", b"\n\n", b"\n\r\n") if (place := data.find(mark, begin)) >= 0]
    return min(ends) if ends else -1
