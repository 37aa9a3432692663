"""Serving the mock over HTTP, by Granian: one process, one worker thread, one thread that runs Python.

Granian's own entry point starts a second process, which imports everything again, and opens its port in a way that lets two
servers share it unnoticed. So the worker is started here, in this process, on a socket that is bound here.
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import orjson

from accord.base.redaction import Redactor
from accord.base.visible import on_one_line
from mockserver import gc_tuning as collector
from mockserver.http.body_errors import STATUS_OF
from mockserver.http.delivery import SLOT
from mockserver.keys.sent import redactor_for
from mockserver.namespaces.addressing import INSIDE, PREFIX
from mockserver.serving.bodies import SECONDS_FOR_A_BODY, Bodies, Incoming, MissingBody
from mockserver.serving.deliveries import Deliveries
from mockserver.serving.environs import Environs
from mockserver.serving.granian_worker import Headers, Worker
from mockserver.serving.ports import DEFAULT_HOST, bind, url_of
from mockserver.serving.timers import Timers
from mockserver.serving.tls import Certificate

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_log = logging.getLogger("mockserver")

_SECONDS_TO_FINISH = 0.7
_ANYBODY_MAY_READ = [("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*")]


class Server:
    """An application served on a listening socket, by a thread of this process: one request at a time.

    Requests whose bodies are on their way, and responses with a `Delivery`, do not take its time. `turn` is held while the
    application handles a request; servers of one application share it.
    """

    def __init__(
        self,
        app: WsgiApp,
        listener: socket.socket,
        seconds_for_a_body: float = SECONDS_FOR_A_BODY,
        tls: Certificate | None = None,
        turn: "threading.Lock | None" = None,
    ) -> None:
        host, port = listener.getsockname()[:2]
        self._app = app
        self._environs = Environs(host, port, "http" if tls is None else "https")
        self._timers = Timers()
        self._bodies = Bodies(self._timers, port, self._go_on, seconds_for_a_body)
        self._deliveries = Deliveries(self._timers, port)
        # Needed for requests with a late body: they are handled on the thread that noticed it.
        self._turn = turn or threading.Lock()
        self._worker = Worker(listener, self._handle, tls)

    def start(self) -> None:
        """Serve. Connections made since the socket was bound are answered now."""
        self._worker.start()

    def stop(self) -> bool:
        """Finish the current requests, and stop. Return whether that was possible in time.

        The connections of those whose body or response is still on its way are closed.
        """
        self._timers.stop()
        self._bodies.abandon()
        self._deliveries.abandon()
        return self._worker.stop(_SECONDS_TO_FINISH)

    def _handle(self, scope: Any, protocol: Any) -> None:
        try:
            environ = self._environs.of(scope)
            length = None if "HTTP_TRANSFER_ENCODING" in environ else int(environ.get("CONTENT_LENGTH", 0))
            if length == 0:
                self._answer(scope, protocol, environ)
            else:
                self._bodies.receive(Incoming(scope, protocol, environ), length)
        except BaseException:  # noqa: BLE001  Granian is not to get it: it would keep it for whatever is called next.
            self._fail(protocol)

    def _go_on(self, request: Incoming) -> None:
        try:
            self._answer(request.scope, request.protocol, request.environ)
        except BaseException:  # noqa: BLE001  As above.
            self._fail(request.protocol)

    def _answer(self, scope: Any, protocol: Any, environ: dict[str, Any]) -> None:
        source = environ["wsgi.input"]
        with self._turn:
            try:
                status, headers, body = _response_of(self._app, environ)
            except OSError as error:
                if type(source) is not MissingBody or error is not source.error:
                    raise
                status, headers, body = 500, [], b""
            finally:
                # The environ may be kept, as the journal does, and must not keep the body with it.
                source.close()
        if type(source) is MissingBody:
            status, headers, body = _of_missing(source, status, headers, body)
        delivery = environ[SLOT]
        if delivery:
            self._deliveries.begin(scope.client, protocol, (status, headers, body), delivery[0])
        else:
            protocol.response_bytes(status, headers, body)

    @staticmethod
    def _fail(protocol: Any) -> None:
        _log.exception("The application raised an exception.")
        protocol.response_empty(500, [])


class AccessLog:
    """An application that writes one line for each request: time, method, path, status, milliseconds.

    `known` finds the keys that the application takes, which may change. Keys that a request carries are hidden as well. Requests
    that the console repeats all the time are left out.
    """

    def __init__(self, app: WsgiApp, stream: TextIO, known: Callable[[], Redactor] = Redactor) -> None:
        self._app = app
        self._stream = stream
        self._known = known

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        status = ""

        def note_status(line: str, headers: Any, exc_info: Any = None) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, headers, exc_info)

        body = self._app(environ, note_status)
        if _is_read_by_console(environ):
            return body
        took = (time.perf_counter() - began) * 1000
        # The query is left out, as it may hold e-mail addresses. Whatever was sent stays on one line.
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        shown = on_one_line(redactor_for(self._known(), environ).redact(f"{environ.get('REQUEST_METHOD', '?')} {path}"))
        line = f"{time.strftime('%H:%M:%S')} {shown[:200]} {status} {took:.1f} ms\n"
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):
            pass  # Nobody reads the log any more, which is no reason to stop answering.
        return body


def _is_read_by_console(environ: dict[str, Any]) -> bool:
    """Tell whether a page of the mock itself reads the control API, as the console does more than once a second."""
    return (
        environ.get("HTTP_SEC_FETCH_SITE") == "same-origin"
        and environ.get("REQUEST_METHOD") == "GET"
        and environ.get("PATH_INFO", "").startswith(f"{PREFIX}/")
        and not environ["PATH_INFO"].startswith(INSIDE)
    )


class _Started:
    """What an application passes to `start_response`."""

    __slots__ = ("headers", "status")

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = int(status[:3])
        self.headers = headers


def _response_of(app: WsgiApp, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
    """Return the response in one piece: otherwise Granian sends headers and body separately, which costs 30 ms."""
    started = _Started()
    chunks = app(environ, started)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return started.status, started.headers, body


def _of_missing(source: MissingBody, status: int, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
    """Return the response to a request with a missing body: the application's, unless it read the body and hides the error."""
    expected = STATUS_OF[type(source.error)]
    if source.was_read and status != expected:
        status, headers = expected, list(_ANYBODY_MAY_READ)
        body = orjson.dumps({"detail": str(source.error)})
    return status, [*headers, ("Connection", "close")], body


def serve(
    app: WsgiApp,
    listener: socket.socket,
    when_ready: Callable[[], None] | None = None,
    until: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
    when_told: Callable[[], None] | None = None,
    when_done: Callable[[], int] | None = None,
    *,
    beside: socket.socket | None = None,
    tls: Certificate | None = None,
) -> int:
    """Serve until the process gets one of the signals, also on the socket `beside`. Return the exit code.

    To be called in the main thread.

    `when_told` is called as soon as a signal came or serving failed. `when_done` returns the exit code, and is called once nothing
    is handled any more. SIGHUP is ignored if the process was started to ignore it.
    """
    until = [number for number in until if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    collector.spare()
    # All threads started from here on block the signals, and this one waits for them: a handler could run at a wrong moment.
    signal.pthread_sigmask(signal.SIG_BLOCK, until)
    turn = threading.Lock()
    servers = [Server(app, one, tls=tls, turn=turn) for one in (listener, beside) if one is not None]
    for server in servers:
        server.start()
    stopped = False
    try:
        if when_ready:
            when_ready()
        signal.sigwait(until)
    finally:
        if when_told:
            when_told()
        ended = [server.stop() for server in servers]
        stopped = all(ended)
    code = when_done() if when_done else 0
    if not stopped:
        # A request does not end, and its stuck thread would keep the process from ending.
        sys.stdout.flush()
        os._exit(code)
    return code


@contextmanager
def serving(
    app: WsgiApp,
    host: str = DEFAULT_HOST,
    port: int = 0,
    seconds_for_a_body: float = SECONDS_FOR_A_BODY,
    tls: Certificate | None = None,
) -> Iterator[str]:
    """Serve any WSGI application from a thread of this process, for as long as the block runs. Yield its URL."""
    with bind(host, port) as listener:
        server = Server(app, listener, seconds_for_a_body, tls)
        server.start()
        try:
            yield url_of(listener, "http" if tls is None else "https")
        finally:
            server.stop()
