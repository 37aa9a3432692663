"""Responses that are late, slow, cut or never come, while others are sent as ever."""

from collections.abc import Callable
from typing import Any

from mockserver.http.delivery import Delivery, malformed
from mockserver.serving.connections import hang_up, send_and_hang_up
from mockserver.serving.granian_worker import Headers, Receiving, Stream, leave_unanswered, when_left
from mockserver.serving.timers import Timers

_SECONDS_TO_SEND = 0.05


class Deliveries:
    """Carries out deliveries of responses to requests that came to a port."""

    def __init__(self, timers: Timers, port: int) -> None:
        self._timers = timers
        self._port = port
        self._under_way: dict[int, _Sending] = {}

    def begin(self, client: str, protocol: Any, response: tuple[int, Headers, bytes], delivery: Delivery) -> None:
        """Deliver a response. Returns at once."""
        sending = _Sending(client, protocol, *response)
        self._under_way[id(sending)] = sending
        self._timers.later(delivery.delay, lambda: self._send(sending, delivery))

    def abandon(self) -> None:
        """Close the connections of all whose response is under way."""
        for sending in list(self._under_way.values()):
            self._close(sending, hang_up)

    def _send(self, sending: "_Sending", delivery: Delivery) -> None:
        if delivery.hang:
            sending.leaving = when_left(sending.protocol, lambda: self._end(sending))
        elif delivery.drop:
            self._close(sending, hang_up)
        elif delivery.malformed:
            self._close(sending, lambda client, port: send_and_hang_up(client, port, malformed(sending.status, sending.headers)))
        elif sending.body and (delivery.drip or delivery.truncate is not None):
            self._stream(sending, delivery)
        else:
            self._end(sending)
            sending.protocol.response_bytes(sending.status, sending.headers, sending.body)

    def _stream(self, sending: "_Sending", delivery: Delivery) -> None:
        pieces = delivery.pieces(sending.body)
        seconds = delivery.drip / len(pieces)
        stream = Stream(sending.protocol, sending.status, sending.headers_with_length())

        def send_piece(number: int) -> None:
            there = stream.send(pieces[number])
            if there and number + 1 < len(pieces):
                self._timers.later(seconds, lambda: send_piece(number + 1))
            else:
                # Ended later if truncated: ending a body too early discards the bytes that were not sent yet.
                self._timers.later(0 if delivery.truncate is None else _SECONDS_TO_SEND, end_stream)

        def end_stream() -> None:
            stream.end()
            self._end(sending)

        self._timers.later(seconds, lambda: send_piece(0))

    def _close(self, sending: "_Sending", close: Callable[[str, int], None]) -> None:
        self._end(sending)
        close(sending.client, self._port)
        leave_unanswered(sending.protocol)

    def _end(self, sending: "_Sending") -> None:
        self._under_way.pop(id(sending), None)
        sending.leaving = None


class _Sending:
    """A response under way."""

    __slots__ = ("body", "client", "headers", "leaving", "protocol", "status")

    def __init__(self, client: str, protocol: Any, status: int, headers: Headers, body: bytes) -> None:
        self.client = client
        self.protocol = protocol
        self.status = status
        self.headers = headers
        self.body = body
        self.leaving: Receiving | None = None

    def headers_with_length(self) -> Headers:
        if any(name.lower() == "content-length" for name, _ in self.headers):
            return self.headers
        return [*self.headers, ("Content-Length", str(len(self.body)))]
