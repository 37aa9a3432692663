"""Proxies that stand between the suite and a server, for as long as a block runs."""

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

Carry = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def listening(carry: Carry, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Yield the URL of a proxy that handles each connection with `carry`. Open connections are cancelled at the end.

    With `tls`, clients have to use TLS, although the URL says http.
    """
    started: Future[tuple[str, Callable[[], object]]] = Future()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(carry, started, tls)), daemon=True)
    thread.start()
    url, stop = started.result()
    try:
        yield url
    finally:
        stop()
        thread.join()


async def _serve(carry: Carry, started: "Future[tuple[str, Callable[[], object]]]", tls: ssl.SSLContext | None) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    carried: set[asyncio.Task[None]] = set()

    # Only what a connection's task waits for refers to it: when a client closes, asyncio may drop the task before it has ended.
    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_carry(carry, reader, writer))
        carried.add(task)
        task.add_done_callback(carried.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    started.set_result((f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", lambda: loop.call_soon_threadsafe(ended.set)))
    await ended.wait()
    server.close()
    for task in carried:
        task.cancel()
    await asyncio.gather(*carried, return_exceptions=True)
    # Sockets are closed only in the next iteration of the event loop.
    await asyncio.sleep(0.01)


async def _carry(carry: Carry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        await carry(reader, writer)


@contextmanager
def closing(writer: asyncio.StreamWriter) -> Iterator[None]:
    """Close a connection at the end of a block. If the block is cancelled, close it at once and drop what is unsent."""
    try:
        yield
    except asyncio.CancelledError:
        writer.transport.abort()
        raise
    finally:
        writer.close()
