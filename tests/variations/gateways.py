"""What stands before a server, or in it: proxies, caches, limits of connections and rates, and how undocumented methods fare."""

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from werkzeug.wrappers import Response

from mockserver.app import create_app
from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed, Selection
from tests.variations.registry import Conforming, variation
from tests.variations.seams import Environ, before, changing, mock

_CONNECTIONS = 100
_LONGEST_LINE = 4_000


# --- proxies and caches -----------------------------------------------------------------------------------------------


@variation("through-proxies", spare=True)
def proxied() -> WsgiApp:
    """Two proxies say that they were there, what they vary by, and how old their answer is."""

    def change(response: Response, environ: Environ) -> Response:
        response.headers["Via"] = "1.1 varnish, 2.0 edge-7 (CloudThing)"
        response.headers["Vary"] = "Accept, Authorization, X-API-Key, Origin, Cookie"
        response.headers["Age"] = "0"
        response.headers["X-Cache"] = "MISS, MISS"
        response.headers["Server-Timing"] = "app;dur=1.2"
        response.headers["X-Request-Id"] = hashlib.sha256(repr(environ.get("PATH_INFO")).encode()).hexdigest()[:20]
        return response

    return changing(mock(), change)


@variation("weak-etags", spare=True)
def weak_etags() -> WsgiApp:
    """What is read has a weak ETag and may be kept for no time; who asks with If-None-Match gets 304, and nobody else."""

    def change(response: Response, environ: Environ) -> Response:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and response.status_code == 200:
            tag = f'W/"{hashlib.sha256(response.data).hexdigest()[:16]}"'
            response.headers["ETag"] = tag
            response.headers["Cache-Control"] = "private, max-age=0, must-revalidate"
            if environ.get("HTTP_IF_NONE_MATCH") == tag:
                return Response(status=304, headers={"ETag": tag})
        return response

    return changing(mock(), change)


@variation("cold-start", spare=True)
def cold_start() -> WsgiApp:
    """The first call takes a second, and the first of each thread 50 ms."""
    known = threading.local()
    started: list[bool] = []

    def instead(_: Environ) -> None:
        if not started:
            started.append(True)
            time.sleep(1)
        if not getattr(known, "here", False):
            known.here = True
            time.sleep(0.05)

    return before(mock(), instead)


# --- limits -----------------------------------------------------------------------------------------------------------


@variation("429-in-bursts")
def bursts() -> WsgiApp:
    """A bucket of sixty calls, refilled at 600 a second: a call too many is a 429 that says to come back at once."""
    lock, bucket = threading.Lock(), {"calls": 60.0, "at": time.monotonic()}

    def instead(_: Environ) -> Response | None:
        with lock:
            now = time.monotonic()
            bucket.update(calls=min(60.0, bucket["calls"] + (now - bucket["at"]) * 600), at=now)
            if bucket["calls"] >= 1:
                bucket["calls"] -= 1
                return None
        return Response("slow down", 429, {"Retry-After": "0"}, mimetype="text/plain")

    return before(mock(), instead)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class _Limited(ThreadingHTTPServer, WSGIServer):
    """Serves a limited number of connections at the same time, and closes any other without a response."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *arguments: Any) -> None:
        self.places = threading.Semaphore(_CONNECTIONS)
        super().__init__(*arguments)

    def verify_request(self, *_: Any) -> bool:
        return self.places.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()


@variation("a-hundred-connections", spare=True)
def hundred_connections() -> Conforming:
    """A hundred connections are served at the same time, and others closed at once; each answer ends its own."""

    @contextmanager
    def serve(app: WsgiApp) -> Iterator[str]:
        with _Limited(("127.0.0.1", 0), _Quiet) as server:
            server.set_app(app)
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()

    return Conforming(mock(), serve=serve)


@variation("long-request-lines-refused")
def long_lines() -> WsgiApp:
    """A request line of more than 4,094 characters is refused by what reads it, with 400 and a page of HTML, as gunicorn does."""

    def instead(environ: Environ) -> Response | None:
        if len(environ["PATH_INFO"]) + len(environ["QUERY_STRING"]) <= _LONGEST_LINE:
            return None
        page = "<html><head><title>Bad Request</title></head><body><h1>Bad Request</h1></body></html>"
        return Response(page, 400, {"Connection": "close"}, mimetype="text/html")

    return before(mock(), instead)


@variation("unreadable-requests-refused", spare=True)
def unreadable() -> WsgiApp:
    """A gateway refuses control characters in a query by a page of its own."""

    def instead(environ: Environ) -> Response | None:
        if re.search("%([01][0-9A-F]|7F)", environ["QUERY_STRING"], re.IGNORECASE):
            return Response("<html><body><h1>400 Bad Request</h1></body></html>", 400, mimetype="text/html")
        return None

    return before(mock(), instead)


# --- methods ----------------------------------------------------------------------------------------------------------


@variation("head-is-answered", spare=True)
def head() -> WsgiApp:
    """HEAD is answered as GET is, without the body; OPTIONS by 204 with the methods that there are."""
    app = mock()

    def change(response: Response, environ: Environ) -> Response:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return Response(status=204, headers={"Allow": "GET, HEAD, POST, OPTIONS"})
        return response

    def as_get(environ: Environ, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] != "HEAD":
            return changed(environ, start_response)
        response = Response.from_app(app, environ | {"REQUEST_METHOD": "GET"}, buffered=True)
        response.data = b""
        return response(environ, start_response)

    changed = changing(app, change)
    return as_get


@variation("options-are-refused", spare=True)
def no_options() -> WsgiApp:
    """OPTIONS is refused with 405 as any other undocumented method is, and says which there are; TRACE with 501."""

    def instead(environ: Environ) -> Response | None:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return Response('{"detail": "Method not allowed."}', 405, {"Allow": "GET"}, mimetype="application/json")
        return Response(status=501) if environ["REQUEST_METHOD"] == "TRACE" else None

    return before(mock(), instead)


# --- a moment later ---------------------------------------------------------------------------------------------------

_LAG = 0.01


@variation("lists-lag-and-say-so", spare=True)
def lagging() -> Conforming:
    """Lists show a new conversation 10 ms later, and the run was told of a window in which that is so."""

    class Lagging(Conversations):
        def select(self, caller: Caller, query: Any) -> Selection[Conversation]:
            shown = self.clock.now() - _LAG * 1_000_000
            return Fixed([one for one in super().select(caller, query) if one.created_at <= shown])

    return Conforming(create_app(scenario="empty", conversations=Lagging), {"consistency_window": 1.0})
