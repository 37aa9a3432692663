"""Granian's worker, by parts of it that it does not document: everything that may break with another version of it is here.

Tried with Granian 2.8.9, on CPython 3.11; pyproject.toml takes 2.8 and no other. What is used, beyond the documented RSGI:

- `RSGIWorker`, `SocketHolder` and `WorkerSignal`, which Granian's own entry points start in processes of their own;
- `CallbackScheduler`, whose `_schedule_fn` Granian calls for each request, on its one thread for Python. Granian's own makes a task
  of an asyncio loop there; here the request is handled at once, which costs less than WSGI does;
- the awaitables of its protocol, by `add_done_callback` and `cancel` instead of `await`. To call back, they ask their loop for
  `call_soon` and `call_soon_threadsafe`: a loop that calls at once is all that is needed, on the thread that runs Python.

`tests/mock/test_mock_granian.py` says of each whether it is still so.
"""

import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from granian._granian import CallbackScheduler, RSGIWorker, SocketHolder, WorkerSignal

from mockserver.serving.ports import BACKLOG
from mockserver.serving.tls import Certificate

MOST_CONNECTIONS = 65536
"""The most connections at once. Granian's default, 1024, is reached by a client that just opens connections and sends nothing."""

Headers = list[tuple[str, str]]


class Worker:
    """Serves a listening socket, and calls `handle` with scope and protocol of each request, on one thread and one at a time.

    `handle` must not raise. The scope is as RSGI describes it; the protocol is answered by `response_bytes`, at any time, from any
    thread, or by one of the functions below. If a protocol is freed without a response, its request gets a 500.
    """

    def __init__(self, listener: socket.socket, handle: Callable[[Any, Any], None], tls: Certificate | None = None) -> None:
        # Typed as Any, since Granian's stubs lack the arguments of these classes, or their defaults.
        holder: Any = SocketHolder
        worker: Any = RSGIWorker
        scheduler: Any = _Scheduler
        self._signal = WorkerSignal()
        self._loop = _Loop()
        self._scheduler = scheduler(self._loop, None, None, None, None)
        self._scheduler._schedule_fn = lambda request: handle(request.scope, request.proto)
        # Granian closes the socket that it gets, so it gets a duplicate: the listener belongs to the caller.
        sockets = (None, holder(os.dup(listener.fileno()), False, BACKLOG))
        secured = {} if tls is None else {"ssl_enabled": True, "ssl_cert": str(tls.chain), "ssl_key": str(tls.key)}
        # TLS 1.2 too, which older clients speak.
        secured |= {"ssl_protocol_min": "tls1.2", "ssl_crl": []} if secured else {}
        self._worker = worker(1, sockets, None, py_threads=1, backpressure=MOST_CONNECTIONS, **secured)
        self._thread = threading.Thread(name="mockserver", target=self._run, daemon=True)

    def _run(self) -> None:
        stopped = threading.Event()
        self._signal.add_cb(stopped.set)
        self._worker.serve_str(self._scheduler, self._loop, self._signal)
        stopped.wait()

    def start(self) -> None:
        """Serve. Connections made since the socket was bound are accepted now."""
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Finish the current requests within so many seconds, and stop. Return whether that was possible."""
        self._signal.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()


class Receiving:
    """A body, or a piece of it, that is on its way. `then` is called once, on the thread of the worker, unless it is cancelled."""

    __slots__ = ("_future", "_then")

    def __init__(self, future: Any, then: Callable[[bytes | None], None]) -> None:
        self._future: Any = future
        self._then = then
        future.add_done_callback(self)

    def __call__(self, future: Any) -> None:
        """Pass on what there is. For Granian."""
        # The future refers to this object. No garbage collection would find that cycle, as part of it is inside Granian.
        self._future = None
        try:
            data = future.result()
        except BaseException:  # noqa: BLE001  It may be asyncio.CancelledError, and asyncio would be imported only for this.
            if future.cancelled():
                return
            data = None
        self._then(data)

    def cancel(self) -> bool:
        """Stop receiving. Return False if the data is there already, and `then` was or will be called."""
        future = self._future
        return future is not None and bool(future.cancel())


def receive_whole(protocol: Any, then: Callable[[bytes | None], None]) -> Receiving:
    """Receive the body of a request; `then` gets it, or None if it broke off."""
    return Receiving(protocol(), then)


def receive_piece(protocol: Any, then: Callable[[bytes | None], None]) -> Receiving:
    """Receive the next piece of a body, or b"" at its end or if it broke off. Use it for the whole body or not at all."""
    return Receiving(protocol.__anext__(), then)


def begin_pieces(protocol: Any) -> None:
    """Prepare for `receive_piece`."""
    protocol.__aiter__()


def when_left(protocol: Any, then: Callable[[], None]) -> Receiving:
    """Call `then` once the client closed its connection."""
    return Receiving(protocol.client_disconnect(), lambda _: then())


def leave_unanswered(protocol: Any) -> None:
    """Be done with a request whose connection was closed."""
    # Without a response Granian would report a mistake on stderr. The client does not get this one.
    protocol.response_empty(500, [])


class Stream:
    """A response whose body is sent in pieces. If it ends before its Content-Length, the connection is closed."""

    __slots__ = ("_transport",)

    def __init__(self, protocol: Any, status: int, headers: Headers) -> None:
        self._transport = protocol.response_stream(status, headers)

    def send(self, data: bytes) -> bool:
        """Send a piece. False if the client left."""
        try:
            # The awaitable that it returns is already done, or raises the error.
            next(self._transport.send_bytes(data).__await__())
        except StopIteration:
            return True
        except RuntimeError:
            return False
        return True

    def end(self) -> None:
        """End the body here."""
        self._transport = None


class _Loop:
    """What Granian takes for an event loop."""

    @staticmethod
    def call_soon(callback: Callable[..., Any], *arguments: Any, context: Any = None) -> None:
        callback(*arguments)

    call_soon_threadsafe = call_soon


class _Scheduler(CallbackScheduler):
    # Granian's class is not to be given attributes of its own.
    __slots__ = ()
