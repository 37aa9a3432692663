"""A relay that lays faults over a server: requests that meet none, and their responses, go on as they came."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import h11

from mockserver.faults.active import Fired
from mockserver.http.delivery import Delivery, head_of, malformed
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.laid import LaidFaults, own_response
from mockserver.proxy.reading import LARGEST_KEPT, LONGEST_HEAD, Connection, end_of_head, exchange_of
from mockserver.proxy.relay import PIECE, Relay, Streams, reset
from mockserver.proxy.upstream import Upstream

_WITHOUT_BODY = (204, 304)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class FaultyRelay(Relay):
    """Passes on requests one by one, each when it is complete, since a rule may look at its body."""

    def __init__(
        self, upstream: Upstream, done: Callable[[Exchange], None], lost: Callable[[str], None], faults: LaidFaults
    ) -> None:
        super().__init__(upstream, done, lost)
        self._faults = faults

    async def _pass(self, client: Streams, server: Streams, begun: bytes = b"") -> None:
        line = _Line(client, server, _Requests(client, begun), Connection(self._done_later), self._lost)
        try:
            while (request := await line.next_request()) is not None:
                exchange, sent = request
                fired = self._faults.decide(exchange)
                exchange.fault = "" if fired is None else fired.id
                if fired is not None and fired.takes_the_place:
                    stays = await self._respond(line, exchange, fired)
                else:
                    stays = await line.carry_out(exchange, self._changed(sent), fired)
                if not stays:
                    return
            # Anything that is not HTTP/1, or too long to be kept, is passed on unchanged, with everything after it.
            rest = await line.untouched()
            if rest or line.is_blind:
                await super()._pass(client, server, rest)
        except _ServerBrokeError as error:
            self._lost(f"the server broke the connection off: {error}")
            reset(client.writer)
        except OSError:
            reset(server.writer)
        finally:
            line.end()

    def _changed(self, sent: bytes) -> bytes:
        if self._upstream.is_unchanged:
            return sent
        end = end_of_head(sent)
        return self._upstream.changed_head(sent[:end]) + sent[end:]

    async def _respond(self, line: "_Line", exchange: Exchange, fired: Fired) -> bool:
        """Respond in the place of the server. Return whether the connection stays open."""
        response = own_response(exchange, fired)
        delivery = response.delivery or Delivery()
        exchange.is_made_up = True
        exchange.ended = time.monotonic()
        exchange.response_body = b""
        if not delivery.drop:
            exchange.status = response.status
            exchange.response_headers = [*response.headers.items()]
            exchange.response_body = response.body
        self._done_later(exchange)
        return await line.deliver(response.status, response.headers.items(), response.body, delivery)


class _ServerBrokeError(Exception):
    """The connection to the server broke."""


class _Requests:
    """Reads the requests of a client one by one. `rest` are the bytes that follow the requests already read.

    `may_interrupt` is set while no response is under way.
    """

    def __init__(self, client: Streams, begun: bytes) -> None:
        self._client = client
        self.rest = begun
        self.has_ended = False
        self.may_interrupt = asyncio.Event()

    async def next(self) -> tuple[Exchange, bytes] | None:
        """Return the next request and its bytes; None if none comes or it is not understood (its bytes stay). Raises OSError."""
        while (end := end_of_head(self.rest)) < 0:
            if len(self.rest) > LONGEST_HEAD or not await self._more():
                return None
        reader = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        reader.receive_data(self.rest[:end])
        given, body = end, bytearray()
        exchange: Exchange | None = None
        while len(body) <= LARGEST_KEPT:
            try:
                event = reader.next_event()
            except h11.RemoteProtocolError:
                return None
            if isinstance(event, h11.Request):
                exchange = exchange_of(event)
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and exchange is not None:
                rest = len(reader.trailing_data[0]) + len(self.rest) - given
                taken, self.rest = self.rest[: len(self.rest) - rest], self.rest[len(self.rest) - rest :]
                exchange.body = bytes(body)
                return exchange, taken
            elif exchange is None:
                return None
            else:
                if len(self.rest) == given:
                    await self._tell_to_go_on(reader)
                    if not await self._more():
                        return None
                reader.receive_data(self.rest[given:])
                given = len(self.rest)
        return None

    async def _tell_to_go_on(self, reader: h11.Connection) -> None:
        if reader.they_are_waiting_for_100_continue and not self.has_ended:
            await self.may_interrupt.wait()
            self._client.writer.write(_CONTINUE)
            reader.send(h11.InformationalResponse(status_code=100, headers=[]))

    async def _more(self) -> bool:
        data = await self._client.reader.read(PIECE)
        self.rest += data
        self.has_ended = not data
        return bool(data)


class _Line:
    """A client's connection and its connection to the server. The next request is read while one is being responded to."""

    def __init__(
        self, client: Streams, server: Streams, requests: _Requests, seen: Connection, lost: Callable[[str], None]
    ) -> None:
        self._client = client
        self._server = server
        self._requests = requests
        self._seen = seen
        self._lost = lost
        self._coming = asyncio.create_task(requests.next())
        self._has_told_end = False

    @property
    def is_blind(self) -> bool:
        """Whether the server sent what is not understood, or changed to another protocol."""
        return self._seen.is_blind

    def end(self) -> None:
        """Read no more."""
        if not self._coming.cancel() and not self._coming.cancelled():
            self._coming.exception()

    async def untouched(self) -> bytes:
        """Return what the client sent beyond the requests that were carried out. Nothing is read any more."""
        self._coming.cancel()
        [found] = await asyncio.gather(self._coming, return_exceptions=True)
        return (found[1] if isinstance(found, tuple) else b"") + self._requests.rest

    async def next_request(self) -> tuple[Exchange, bytes] | None:
        """Wait for the next request; None if there is none, or the server leaves. Raises OSError and _ServerBrokeError."""
        self._requests.may_interrupt.set()
        if self.is_blind:
            return None
        while not self._coming.done():
            data = await self._read_server(until_request=True)
            if data == b"":
                return None
            if data is not None:
                self._client.writer.write(data)
        found = self._coming.result()
        if found is not None:
            self._requests.may_interrupt.clear()
            self._coming = asyncio.create_task(self._requests.next())
        return found

    async def carry_out(self, exchange: Exchange, sent: bytes, fired: Fired | None) -> bool:
        """Let the server respond, with or without a fault. Return whether it stays open. Raises OSError and _ServerBrokeError."""
        client = self._client.writer
        delay = 0.0 if fired is None else fired.delay
        is_held = fired is not None and not fired.effect.is_late_only
        held = b""
        self._seen.expect(exchange)
        self._server.writer.write(sent)
        with suppress(OSError):
            await self._server.writer.drain()
        while self._seen.waits:
            data = await self._read_server() or b""
            self._seen.received(data)
            held += data
            if is_held and (len(held) > LARGEST_KEPT or self._seen.is_blind):
                is_held, delay, exchange.fault = False, 0.0, ""
            if not is_held:
                await asyncio.sleep(delay)
                client.write(held)
                await client.drain()
                delay, held = 0.0, b""
            if not data:
                return await self._end_with_server(exchange, held, fired)
            if self.is_blind:
                return True
        return not is_held or await self._deliver_changed(exchange, held, fired)

    async def _end_with_server(self, exchange: Exchange, held: bytes, fired: Fired | None) -> bool:
        """End the connection to the client, since the server closed its own. Return False."""
        if self._seen.waits and not exchange.status:
            self._lost("the server closed the connection without a response")
        if held:
            await self._deliver_changed(exchange, held, fired)
        return False

    async def _deliver_changed(self, exchange: Exchange, held: bytes, fired: Fired | None) -> bool:
        """Deliver the complete response with its fault, or unchanged if it is already broken."""
        assert fired is not None
        if self._seen.waits or exchange.is_cut or exchange.response_body is None:
            exchange.fault = ""
            self._client.writer.write(held)
            return True
        headers = exchange.response_headers
        if fired.effect.content_type is not None:
            others = [(name, value) for name, value in headers if name.lower() != "content-type"]
            headers = [*others, ("Content-Type", fired.effect.content_type)]
        delivery = fired.effect.delivery(fired.delay) or Delivery()
        return await self.deliver(exchange.status, headers, exchange.response_body, delivery)

    async def deliver(self, status: int, headers: Iterable[tuple[str, str]], body: bytes, delivery: Delivery) -> bool:
        """Send a response as `delivery` says. Return whether the connection stays open. Raises OSError."""
        writer = self._client.writer
        await asyncio.sleep(delivery.delay)
        if delivery.hang:
            while await self._coming is not None:
                self._coming = asyncio.create_task(self._requests.next())
        if delivery.hang or delivery.drop:
            return False
        if delivery.malformed:
            writer.write(malformed(status, headers))
            return False
        writer.write(head_of(status, headers, "" if status in _WITHOUT_BODY else f"Content-Length: {len(body)}"))
        pieces = delivery.pieces(body)
        for piece in pieces:
            await asyncio.sleep(delivery.drip / len(pieces))
            writer.write(piece)
            await writer.drain()
        return delivery.truncate is None

    async def _read_server(self, *, until_request: bool = False) -> bytes | None:
        """Return what the server sends; None if a request comes first, with `until_request`. Raises OSError and _ServerBrokeError.

        The server is told if the client stops sending meanwhile.
        """
        read = asyncio.create_task(self._server.reader.read(PIECE))
        try:
            while not read.done():
                waited = {read} if self._coming.done() else {read, self._coming}
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                if self._coming.done():
                    if until_request and not read.done():
                        return None
                    self._tell_end()
            if error := read.exception():
                raise _ServerBrokeError(getattr(error, "strerror", None) or error)
            return read.result()
        finally:
            read.cancel()

    def _tell_end(self) -> None:
        is_over = self._coming.result() is None and self._requests.has_ended and not self._requests.rest
        if is_over and not self._has_told_end and self._server.writer.can_write_eof():
            self._has_told_end = True
            with suppress(OSError):
                self._server.writer.write_eof()
