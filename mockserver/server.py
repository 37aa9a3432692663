"""Serving the mock over HTTP, by Granian: one process, one worker thread, one thread that runs Python.

Granian's own entry point starts a second process, which imports everything again, and opens its port in a way that lets two
servers share it unnoticed. So the worker is started here, in this process, on a socket that is bound here.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.server.mt import MTServer

from mockserver import collector
from mockserver.answers import BODY_WAS_READ
from mockserver.ports import BACKLOG, DEFAULT_HOST, bind, url_of

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_SECONDS_TO_FINISH = 0.7
_LONGEST_UNREAD = 64 * 1024 * 1024


class Server:
    """An application served on a listening socket, by a thread of this process."""

    def __init__(self, app: WsgiApp, listener: socket.socket) -> None:
        granian: Any = MTServer(
            "mockserver",
            interface=Interfaces.WSGI,
            runtime_mode=RuntimeModes.st,
            http=HTTPModes.http1,
            blocking_threads=1,
            backlog=BACKLOG,
            websockets=False,
            log_enabled=False,
        )
        holder: Any = SocketHolder  # Its stub knows no arguments.
        # It closes what it is given, and the listener is not ours to close.
        granian._shd = holder(os.dup(listener.fileno()), False, BACKLOG)
        self._worker = granian._spawn_worker(0, granian._spawn_wsgi_worker, _in_one_piece(app))

    def start(self) -> None:
        """Serve. Connections made since the socket was bound are answered now."""
        self._worker.inner.daemon = True
        self._worker.inner.start()

    def stop(self) -> bool:
        """Finish what is being answered, and stop. Whether that was possible in time."""
        self._worker.terminate()
        self._worker.inner.join(_SECONDS_TO_FINISH)
        return not self._worker.inner.is_alive()


class AccessLog:
    """An application that writes one line for each request: time, method, path, status, milliseconds."""

    def __init__(self, app: WsgiApp, stream: TextIO) -> None:
        self._app = app
        self._stream = stream

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        status = ""

        def note_status(line: str, headers: Any, exc_info: Any = None) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, headers, exc_info)

        body = self._app(environ, note_status)
        took = (time.perf_counter() - began) * 1000
        # Without the query, which may hold addresses of people; and whatever was sent stays on this one line.
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        shown = path if path.isprintable() else ascii(path)[1:-1]
        line = f"{time.strftime('%H:%M:%S')} {environ.get('REQUEST_METHOD', '?')} {shown[:200]} {status} {took:.1f} ms\n"
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):
            pass  # Nobody reads the log any more, which is no reason to stop answering.
        return body


def _in_one_piece(app: WsgiApp) -> WsgiApp:
    """The application, answering with a list: Granian sends any other iterable apart from the headers, which costs 30 ms."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = app(environ, start_response)
        try:
            return [b"".join(body)]
        finally:
            if hasattr(body, "close"):
                body.close()
            may_have_body = environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ
            if may_have_body and not environ.get(BODY_WAS_READ):
                _read_to_end(environ["wsgi.input"])

    return answer


def _read_to_end(stream: Any) -> None:
    """Read what the application left of the body. With some of it unread, Granian closes a connection that the client counts on."""
    left = _LONGEST_UNREAD
    while left > 0:
        chunk = stream.read(min(left, 65536))
        if not chunk:
            return
        left -= len(chunk)


def serve(
    app: WsgiApp,
    listener: socket.socket,
    when_ready: Callable[[], None] | None = None,
    until: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
) -> None:
    """Serve until the process gets one of the signals. To be called in the main thread."""
    collector.spare()
    # Blocked, in all threads started from here on, and waited for: a handler could run at a moment when it must not.
    signal.pthread_sigmask(signal.SIG_BLOCK, until)
    server = Server(app, listener)
    server.start()
    stopped = False
    try:
        if when_ready:
            when_ready()
        signal.sigwait(until)
    finally:
        stopped = server.stop()
    if not stopped:
        # Something is being answered that does not end; a thread that is stuck would keep the process from ending.
        sys.stdout.flush()
        os._exit(0)


@contextmanager
def serving(app: WsgiApp, host: str = DEFAULT_HOST, port: int = 0) -> Iterator[str]:
    """Serve any WSGI application from a thread of this process: its address, for as long as the block runs."""
    with bind(host, port) as listener:
        server = Server(app, listener)
        server.start()
        try:
            yield url_of(listener)
        finally:
            server.stop()
