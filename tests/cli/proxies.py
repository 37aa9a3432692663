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
    """The URL of a proxy that carries each connection by that coroutine. At the end those that are open are cancelled.

    With `tls`, clients are to speak TLS, whatever the URL says.
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
    server = await asyncio.start_server(carry, "127.0.0.1", 0, ssl=tls)
    started.set_result((f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", lambda: loop.call_soon_threadsafe(ended.set)))
    await ended.wait()
    server.close()
