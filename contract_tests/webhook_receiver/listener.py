"""The listener: an HTTP server that takes whatever is sent, and writes it to a file, a line for each request."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from accord.base.errors import AccordError
from contract_tests.webhook_receiver.arrivals import Arrival, to_line
from contract_tests.webhook_receiver.behaviour import REDIRECTED, Behaviour

_LARGEST = 1 << 20
"""Bytes of a body that are read."""

_SECONDS = 30.0
"""How long a sender may take for each part of a request."""


def address_of(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`. Raises AccordError for anything else."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise AccordError(f"--webhook-listen {text[:100]!r} is no address to listen on.", "For example 127.0.0.1:9000.")
    return host, int(port)


@contextmanager
def listening(address: str, written: Path, hold: float) -> Iterator[None]:
    """Listen on `HOST:PORT` for as long as the block runs, and write what comes to a file.

    hold: the seconds after which a connection is closed that gets no response. Raises AccordError if nobody can listen there.
    """
    host, port = address_of(address)
    ending = threading.Event()
    try:
        server = _Server(host, port, _Log(written), hold, ending)
    except OSError as error:
        raise AccordError(f"Nothing can listen on {address} (--webhook-listen): {error.strerror}.", "Give another port.") from error
    thread = threading.Thread(name="webhook listener", target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        server.shutdown()
        thread.join()
        server.server_close()
        server.log.close()


class _Log:
    """The file of arrivals. Each line is written completely before the response to its request is sent."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._open = True
        path.touch()

    def add(self, arrival: Arrival) -> None:
        with self._lock:
            if self._open:
                with open(self._path, "a", encoding="utf-8") as writing:
                    writing.write(to_line(arrival))

    def close(self) -> None:
        """Write nothing any more, whatever is still on its way."""
        with self._lock:
            self._open = False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, log: _Log, hold: float, ending: threading.Event) -> None:
        self.log, self.hold, self.ending = log, hold, ending
        self.behaviour = Behaviour()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error: the sender gave up, and each request that came completely is already written."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS
    server: _Server

    def do_POST(self) -> None:
        came = time.time()
        body = self._body()
        if body is None:
            self.close_connection = True
            return
        status = self.server.behaviour.status(self.path, body)
        self.server.log.add(Arrival(came, self.path, tuple(self.headers.items()), body, status))
        if not status:
            self.server.ending.wait(self.server.hold)
            self.close_connection = True
            return
        self._respond(status)

    do_GET = do_PUT = do_POST

    def _respond(self, status: int) -> None:
        self.send_response(status)
        if status == 307:
            self.send_header("Location", REDIRECTED)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> bytes | None:
        """The whole body; None if it is cut, malformed or too long."""
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
                return self._chunks()
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 <= length <= _LARGEST:
                return None
            body = self.rfile.read(length)
            return body if len(body) == length else None
        except (OSError, ValueError):
            return None

    def _chunks(self) -> bytes | None:
        body = b""
        while size := int(self.rfile.readline(1000).partition(b";")[0], 16):
            if size < 0 or len(body) + size > _LARGEST:
                return None
            body += self.rfile.read(size)
            self.rfile.readline(10)
        while self.rfile.readline(1000).strip():
            pass
        return body

    def log_message(self, format: str, *args: Any) -> None:
        """What comes is written to the file alone."""

    def version_string(self) -> str:
        return "accord"

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
