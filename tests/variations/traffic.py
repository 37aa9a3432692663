"""Servers that are busy, slow or ask to wait, and other ways of speaking HTTP."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp, serving
from tests.variations.registry import Conforming, variation
from tests.variations.seams import Environ, before, every, mock

_BETWEEN_WAITS = 1500


# --- busy -------------------------------------------------------------------------------------------------------------


@variation("large")
def large() -> WsgiApp:
    """The organisation has 10,000 conversations of other people already, of every status, each with a message."""
    app = create_app(scenario="empty")
    rules, store, organisation = app.namespace.pipeline.conversations, app.namespace.store, app.namespace.keys.organisations[0]
    people = [rules.new_user(organisation, f"customer{number}@example.org", None, None) for number in range(500)]
    with store.transaction():
        for number in range(10_000):
            status = ("open", "pending", "resolved", "closed")[number % 4]
            at = rules.clock.now()
            texts = (f"Old {number}", status, "normal", "web")
            old = Conversation(
                rules.ids.new(), organisation, rules.next_number(organisation), *texts, {}, people[number % 500], at, at
            )
            store.add_conversation(old)
            store.add_message(Message(rules.ids.new(), old.id, old.requester.email, "Old", "reply", at))
    return app


@variation("busy")
def busy() -> WsgiApp:
    """After every third request another client creates a conversation, writes to it, and resolves every second one."""
    app = create_app(scenario="empty")
    rules, store = app.namespace.pipeline.conversations, app.namespace.store
    key = app.namespace.keys.get(StandardKeys.of(1).server)
    assert key is not None
    somebody, due, closing = Caller(key, "X-API-Key"), every(3), every(2)

    def others(_: Environ) -> None:
        if due():
            with store.transaction():
                body = {"subject": "Somebody else's", "user_email": "somebody@else.example", "description": "Hello"}
                created = rules.create(somebody, CheckedRequest("", {}, body))
                rules.send(somebody, CheckedRequest(created.id, {}, {"body": "Again", "user_email": "agent@else.example"}))
                if closing():
                    rules.resolve(somebody, CheckedRequest(created.id, {}, {}))

    return before(app, others)


# --- slow, and limits of rates ----------------------------------------------------------------------------------------


@variation("slow-now-and-then", spare=True)
def slow() -> WsgiApp:
    """Every twentieth answer takes 20 ms longer."""
    due = every(20)
    return before(mock(), lambda _: time.sleep(0.02) if due() else None)


def asking_to_wait(response: Callable[[float], Response], seconds: float, requests: int = _BETWEEN_WAITS) -> WsgiApp:
    """Make a mock that, after so many `requests`, refuses all others for some `seconds`. `response` gets the end of that time."""
    due, lock, until = every(requests), threading.Lock(), [0.0]

    def instead(_: Environ) -> Response | None:
        with lock:
            now = time.time()
            if now < until[0]:
                return response(until[0])
            if due():
                until[0] = now + seconds
                return response(until[0])
            return None

    return before(mock(), instead)


def _wait(status: int, headers: dict[str, str]) -> Response:
    return Response('{"detail": "Slow down."}', status, headers, mimetype="application/json")


@variation("429-with-seconds")
def seconds_to_wait() -> WsgiApp:
    """Requests are limited by 429 and Retry-After in seconds."""
    return asking_to_wait(lambda _: _wait(429, {"Retry-After": "1"}), 0.9)


@variation("429-with-a-date")
def date_to_wait_for() -> WsgiApp:
    """Requests are limited by 429 and Retry-After as a date, by a clock that is seven hours fast, as Date tells too."""

    def date(at: float) -> str:
        return format_datetime(datetime.fromtimestamp(at, UTC) + timedelta(hours=7), usegmt=True)

    # Dates have whole seconds: what is announced is the second after the end.
    return asking_to_wait(lambda until: _wait(429, {"Retry-After": date(until + 1), "Date": date(time.time())}), 0.5)


@variation("429-without-a-word", spare=True)
def nothing_said() -> WsgiApp:
    """Requests are limited by 429 without Retry-After, as plain text."""
    return asking_to_wait(lambda _: Response("Too Many Requests", 429, mimetype="text/plain"), 0.4)


@variation("503-with-seconds", spare=True)
def maintenance() -> WsgiApp:
    """Now and then every request is answered with 503, Retry-After and a page of HTML."""
    return asking_to_wait(lambda _: Response("<h1>Back soon</h1>", 503, {"Retry-After": "1"}, mimetype="text/html"), 0.9)


@variation("429-at-once", spare=True)
def no_time_to_wait() -> WsgiApp:
    """Every fortieth request is refused once by 429 with Retry-After: 0."""
    return asking_to_wait(lambda _: _wait(429, {"Retry-After": "0"}), 0.0, 40)


# --- sockets ----------------------------------------------------------------------------------------------------------


@variation("over-sockets", spare=True)
def over_sockets() -> Conforming:
    """The mock as it is served: HTTP/1.1, connections kept."""
    return Conforming(mock(), serve=serving)


@variation("connections-close")
def connections_close() -> Conforming:
    """HTTP/1.0: no keep-alive, no Content-Length, the end of the connection ends the answer."""
    return Conforming(mock(), serve=lambda app: speaking(app, "HTTP/1.0", lambda _: "close"))


@variation("chunked")
def chunked() -> Conforming:
    """Answers come in chunks of a few bytes, headers in lower case."""
    return Conforming(mock(), serve=lambda app: speaking(app, "HTTP/1.1", lambda _: "chunked"))


@variation("connections-end-now-and-then", spare=True)
def connections_end() -> Conforming:
    """Every tenth answer says Connection: close, and ends it."""
    due = every(10)
    return Conforming(mock(), serve=lambda app: speaking(app, "HTTP/1.1", lambda _: "last" if due() else "whole"))


@contextmanager
def speaking(app: WsgiApp, version: str, framing: Callable[[Environ], str]) -> Iterator[str]:
    """Serve the application, and frame each response as `framing` says: whole, last, close, chunked, or dropped."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = version
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self.respond(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.wfile.flush()

        def respond(self, data: bytes) -> None:
            path, _, query = self.path.partition("?")
            environ = EnvironBuilder(
                method=self.command, path=path, query_string=query, headers=[*self.headers.items()], data=data
            ).get_environ()
            if (how := framing(environ)) == "dropped":
                self.close_connection = True
                return
            chunks, status, headers = run_wsgi_app(app, environ)
            body = b"".join(chunks)
            code, _, reason = status.partition(" ")
            empty = code in ("204", "304") or self.command == "HEAD"
            self.send_response_only(int(code), reason)
            for name, value in headers:
                if name.lower() != "content-length":
                    self.send_header(name.lower(), value)
            if how == "chunked" and not empty:
                self.send_header("transfer-encoding", "chunked")
            elif how in ("whole", "last") and code != "204":
                self.send_header("content-length", str(len(body)))
            if how in ("last", "close"):
                self.send_header("connection", "close")
                self.close_connection = True
            self.end_headers()
            if not empty:
                self.wfile.write(b"".join(_in_chunks(body)) if how == "chunked" else body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _in_chunks(body: bytes) -> Iterable[bytes]:
    sizes = [3, 1, 500] if len(body) > 504 else [2]
    for size in sizes:
        piece, body = body[:size], body[size:]
        if piece:
            yield b"%x;note=1\r\n%s\r\n" % (len(piece), piece)
    if body:
        yield b"%x\r\n%s\r\n" % (len(body), body)
    yield b"0\r\n\r\n"
