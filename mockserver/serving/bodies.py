"""Bodies of requests as they come over the network: received whole, or not, before the application is asked.

While a body is on its way, other requests are responded to. A body that broke off, is late or is too long becomes a
`wsgi.input` that raises when it is read, so that an application can still refuse the request without reading it.
"""

import io
import socket
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mockserver.http.body_errors import BodyCutError, BodyLateError, BodyTooLongError
from mockserver.serving.connections import bytes_received, connection_of, hang_up
from mockserver.serving.granian_worker import Receiving, begin_pieces, leave_unanswered, receive_piece, receive_whole
from mockserver.serving.timers import Timers

SECONDS_FOR_A_BODY = 10.0
"""How many seconds a body may take to arrive."""

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a body that is received whole. Of a longer one nothing is kept."""

COUNTS_BYTES = sys.platform == "linux"
"""Whether the system counts the bytes received by a connection. Elsewhere, chunks that broke off look complete."""

_MOST_UNKEPT = 64 * 1024 * 1024
"""How many bytes of a body that is too long are received anyway, as its client would not read the response before."""

_SECONDS_BETWEEN_LOOKS = 0.01
_SECONDS_BETWEEN_ROUNDS = 0.25


class MissingBody:
    """A `wsgi.input` that raises the error whenever it is read. `was_read` tells whether somebody did."""

    def __init__(self, error: OSError) -> None:
        self.error = error
        self.was_read = False

    def read(self, size: int | None = -1) -> bytes:
        """Raise the error."""
        self.was_read = True
        raise self.error

    def readline(self, size: int | None = -1) -> bytes:
        """Raise the error."""
        return self.read()

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Raise the error."""
        return [self.read()]

    def __iter__(self) -> Iterator[bytes]:
        yield self.read()

    def close(self) -> None:
        """Nothing is held."""


class Incoming:
    """A request whose body is on its way, as Granian has it, and the environ that is made of it."""

    # Defaults on the class cost nothing for the many bodies that arrive at once.
    receiving: Receiving | None = None
    connection: socket.socket | None = None
    received_before: int | None = None
    is_too_long = False
    size = 0

    def __init__(self, scope: Any, protocol: Any, environ: dict[str, Any]) -> None:
        self.scope = scope
        self.protocol = protocol
        self.environ = environ
        self.began = time.monotonic()
        self.pieces: list[bytes] = []

    def cancel(self) -> bool:
        """Stop receiving the body. Return False if the worker has already taken it over."""
        receiving = self.receiving
        return receiving is not None and receiving.cancel()


class Bodies:
    """Receives the bodies of the requests that come to a port, puts them into their environs, and calls `then` with each request.

    That happens on the thread of the worker; for a body that is late or too long, on that of the timers.
    """

    def __init__(self, timers: Timers, port: int, then: Callable[[Incoming], None], seconds: float = SECONDS_FOR_A_BODY) -> None:
        self._timers = timers
        self._port = port
        self._then = then
        self._seconds = seconds
        self._arriving: set[Incoming] = set()
        self._rounds_are_made = False

    def receive(self, request: Incoming, length: int | None) -> None:
        """Receive a body of that length, or of unknown length if None."""
        self._arriving.add(request)
        if not self._rounds_are_made:
            self._rounds_are_made = True
            self._timers.later(_SECONDS_BETWEEN_ROUNDS, self._end_what_is_late)
        if length is None:
            self._receive_chunks(request)
        elif length <= LARGEST_BODY:
            request.receiving = receive_whole(request.protocol, partial(self._end, request))
        else:
            begin_pieces(request.protocol)
            request.is_too_long = True
            self._receive_piece(request)

    def abandon(self) -> None:
        """Receive nothing more, and close the connections."""
        for request in list(self._arriving):
            if request.cancel():
                self._forget(request)
                hang_up(request.scope.client, self._port)
                leave_unanswered(request.protocol)

    def _receive_chunks(self, request: Incoming) -> None:
        request.connection = connection_of(request.scope.client, self._port)
        request.received_before = bytes_received(request.connection) if request.connection is not None else None
        if request.received_before is None:
            # Received in pieces, as its length is not known before it has arrived.
            begin_pieces(request.protocol)
            self._receive_piece(request)
            return
        request.receiving = receive_whole(request.protocol, partial(self._end, request))
        self._timers.later(_SECONDS_BETWEEN_LOOKS, partial(self._end_if_too_long, request))

    def _receive_piece(self, request: Incoming) -> None:
        request.receiving = receive_piece(request.protocol, partial(self._take_piece, request))

    def _take_piece(self, request: Incoming, data: bytes | None) -> None:
        if data:
            request.size += len(data)
            request.is_too_long |= request.size > LARGEST_BODY
            if request.is_too_long:
                request.pieces.clear()
            else:
                request.pieces.append(data)
        if data and request.size <= _MOST_UNKEPT:
            self._receive_piece(request)
        elif request.is_too_long:
            self._end_without(request, _too_long())
        else:
            self._end(request, b"".join(request.pieces))

    def _end(self, request: Incoming, data: bytes | None) -> None:
        if data is None:
            end = "its Content-Length" if "CONTENT_LENGTH" in request.environ else "its last chunk"
            self._end_without(request, BodyCutError(f"The body ended before {end}."))
        elif len(data) > LARGEST_BODY:
            self._end_without(request, _too_long())
        else:
            self._forget(request)
            request.environ["wsgi.input"] = io.BytesIO(data)
            self._then(request)

    def _end_without(self, request: Incoming, error: OSError) -> None:
        self._forget(request)
        request.environ["wsgi.input"] = MissingBody(error)
        self._then(request)

    def _forget(self, request: Incoming) -> None:
        self._arriving.discard(request)
        request.receiving = None
        if request.connection is not None:
            request.connection.close()
            request.connection = None

    def _end_what_is_late(self) -> None:
        self._rounds_are_made = False
        late = time.monotonic() - self._seconds
        for request in list(self._arriving):
            if request.began < late and request.cancel():
                self._end_without(request, BodyLateError("The body did not arrive in time."))
        if self._arriving and not self._rounds_are_made:
            self._rounds_are_made = True
            self._timers.later(_SECONDS_BETWEEN_ROUNDS, self._end_what_is_late)

    def _end_if_too_long(self, request: Incoming) -> None:
        connection = request.connection
        if connection is None:
            return
        received = bytes_received(connection)
        if received is None or request.received_before is None or received - request.received_before <= LARGEST_BODY:
            self._timers.later(_SECONDS_BETWEEN_LOOKS, partial(self._end_if_too_long, request))
        elif request.cancel():
            self._end_without(request, _too_long())


def _too_long() -> BodyTooLongError:
    return BodyTooLongError(f"The body is longer than {LARGEST_BODY} bytes.")
