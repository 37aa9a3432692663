"""Bytes from one side to the other, as they come: each connection of a client has one of its own to the server."""

import asyncio
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from mockserver.proxy.exchange import Exchange
from mockserver.proxy.reading import Connection
from mockserver.proxy.upstream import Upstream

PIECE = 64 * 1024
"""Bytes that are read at once."""

_RESET = struct.pack("ii", 1, 0)


class Streams(NamedTuple):
    """Both directions of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Relay:
    """Passes what clients send on to a server, and what it responds with back.

    `done` is told of each exchange, after its last byte went on. `lost` is told why the server could not be reached or went away
    in the middle of a response.
    """

    def __init__(self, upstream: Upstream, done: Callable[[Exchange], None], lost: Callable[[str], None]) -> None:
        self._upstream = upstream
        self._done = done
        self._lost = lost
        self._served: set[asyncio.Task[None]] = set()

    def serve(self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter) -> None:
        """Start to serve one connection of a client, until it ends."""
        task = asyncio.ensure_future(self._serve(client_reader, client_writer))
        # asyncio itself keeps no reference to a task that waits for the server after its client stopped sending.
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, client_reader: asyncio.StreamReader, client_writer: asyncio.StreamWriter) -> None:
        try:
            server = Streams(*await self._upstream.connect())
        except OSError as error:
            self._lost(f"the server cannot be reached: {error.strerror or error}")
            # The client sees a broken connection, as it would without the proxy. No response is invented.
            reset(client_writer)
            return
        client = Streams(client_reader, client_writer)
        for streams in (client, server):
            _send_at_once(streams.writer)
        try:
            await self._pass(client, server)
        finally:
            # Closed before anything is awaited, as stopping the proxy may interrupt that.
            for streams in (server, client):
                streams.writer.close()
            for streams in (server, client):
                with suppress(OSError):
                    await streams.writer.wait_closed()

    async def _pass(self, client: Streams, server: Streams, begun: bytes = b"") -> None:
        """Pass everything on until one side has ended; `begun` is what was read of the client before."""
        seen = Connection(self._done_later, None if self._upstream.is_unchanged else self._upstream.changed_head)
        up = asyncio.create_task(self._up(client.reader, server.writer, seen, begun))
        down = asyncio.create_task(self._down(server.reader, client.writer, seen))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if not down.done():
                # The client stopped sending, but may still wait for a response.
                if up.result():
                    await down
            elif not up.done():
                up.cancel()
        finally:
            for task in (up, down):
                task.cancel()
            # Closed before anything is awaited, as stopping the proxy may interrupt that.
            for streams in (server, client):
                streams.writer.close()
            await asyncio.gather(up, down, return_exceptions=True)

    def _done_later(self, exchange: Exchange) -> None:
        # Called later, so that judging an exchange does not delay its bytes.
        asyncio.get_running_loop().call_soon(self._done, exchange)

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Connection, begun: bytes) -> bool:
        """Pass on what the client sends. Return whether it may still wait for a response."""
        while True:
            try:
                data = begun or await reader.read(PIECE)
                begun = b""
            except OSError:
                reset(writer)
                return False
            if not data:
                if writer.can_write_eof():
                    with suppress(OSError):
                        writer.write_eof()
                return True
            if self._upstream.is_unchanged:
                writer.write(data)
                seen.sent(data)
            else:
                writer.write(seen.sent(data))
            with suppress(OSError):
                await writer.drain()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Connection) -> None:
        """Pass on what the server sends, and how it ends."""
        while True:
            try:
                data = await reader.read(PIECE)
            except OSError as error:
                self._lost(f"the server broke the connection off: {error.strerror or error}")
                with suppress(OSError):
                    await writer.drain()
                reset(writer)
                return
            if not data:
                waited = seen.waits
                seen.received(b"")
                if waited and seen.waits:
                    self._lost("the server closed the connection without a response")
                return
            writer.write(data)
            seen.received(data)
            try:
                await writer.drain()
            except OSError:
                return


async def serve_until_told(relay: Relay, listener: socket.socket, when_ready: Callable[[], None]) -> None:
    """Serve until the process gets a signal to end; connections that are open then are closed."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, told.set)
    server = await asyncio.start_server(relay.serve, sock=listener)
    when_ready()
    await told.wait()
    server.close()


def _send_at_once(writer: asyncio.StreamWriter) -> None:
    own = writer.get_extra_info("socket")
    if own is not None:
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection as one that broke."""
    own = writer.get_extra_info("socket")
    if own is not None:
        with suppress(OSError):
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
