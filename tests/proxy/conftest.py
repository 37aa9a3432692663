"""A proxy in a thread, in front of a server whose bytes the test itself sends."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from mockserver.proxy.exchange import Exchange
from mockserver.proxy.faulty_relay import FaultyRelay
from mockserver.proxy.laid import LaidFaults
from mockserver.proxy.relay import Relay
from mockserver.proxy.upstream import Upstream

LONGEST = 10.0
"""Seconds after which a socket is given up."""


class Proxy:
    """A proxy that listens on a port. `seen` has the exchanges that it saw, `lost` the errors of its server."""

    def __init__(self, upstream: str, faults: LaidFaults | None = None, **options: Any) -> None:
        self.seen: list[Exchange] = []
        self.lost: list[str] = []
        self.noticed = threading.Condition()
        self._upstream = Upstream.of(upstream, **options)
        self._faults = faults
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(LONGEST)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        relay = self._relay(lambda one: self._note(self.seen, one), lambda why: self._note(self.lost, why))
        server = self._loop.run_until_complete(asyncio.start_server(relay.serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def _relay(self, done: Callable[[Exchange], None], lost: Callable[[str], None]) -> Relay:
        if self._faults is None:
            return Relay(self._upstream, done, lost)
        return FaultyRelay(self._upstream, done, lost, self._faults)

    def _note(self, notes: list[Any], one: Any) -> None:
        with self.noticed:
            notes.append(one)
            self.noticed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.noticed:
            assert self.noticed.wait_for(condition, LONGEST)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONGEST)


@contextmanager
def proxying(upstream: str, faults: LaidFaults | None = None, **options: Any) -> Iterator[Proxy]:
    proxy = Proxy(upstream, faults, **options)
    try:
        yield proxy
    finally:
        proxy.stop()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server's listening socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(LONGEST)
        yield listening


@pytest.fixture
def proxy(listener: socket.socket) -> Iterator[Proxy]:
    with proxying(f"http://127.0.0.1:{listener.getsockname()[1]}") as one:
        yield one


@pytest.fixture
def ends(proxy: Proxy, listener: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection through the proxy: the client's and the server's."""
    client = proxy.connect()
    server, _ = listener.accept()
    server.settimeout(LONGEST)
    yield client, server
    for one in (client, server):
        with suppress(OSError):
            one.close()


def receive(end: socket.socket, size: int) -> bytes:
    """Receive `size` bytes."""
    found = b""
    while len(found) < size:
        data = end.recv(size - len(found))
        assert data, found
        found += data
    return found
