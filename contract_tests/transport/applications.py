"""Applications in this process, WSGI (PEP 3333) and ASGI 3.0, called without a socket, as a server would call them.

Each is an adapter of `requests`, and does what a server does for an application: status 500 for an exception, no body after HEAD,
no header with an underscore in its name, and the whole body of a chunked request.
"""

import asyncio
import io
import logging
import random
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import Future
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ReadTimeout
from requests.structures import CaseInsensitiveDict

from accord.base.errors import AccordError

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
AsgiApp = Callable[[MutableMapping[str, Any], Callable[..., Awaitable[Any]], Callable[..., Awaitable[None]]], Awaitable[None]]

_LOG = logging.getLogger("accord")
_LONGEST_STARTUP = 60.0
"""Seconds that an ASGI application may take to start, and to shut down."""


class WsgiAdapter(BaseAdapter):
    """Calls a WSGI application, in the thread that asks."""

    def __init__(self, app: WsgiApp) -> None:
        super().__init__()
        self._app = app

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Call the application and return its response."""
        started: list[Any] = []
        written: list[bytes] = []
        _leave_chance_to_it()

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            started[:] = [status, headers]
            return written.append

        try:
            chunks = self._app(_environ(request), start_response)
            try:
                written += chunks
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()
            status, headers = int(started[0].split()[0]), started[1]
        except Exception as error:  # noqa: BLE001 - whatever it raises, its server would answer that it has failed
            return _failed(request, error)
        return _response(request, status, headers, b"".join(written))

    def close(self) -> None:
        """Nothing is held open."""


class AsgiHost:
    """An ASGI application that was started: its lifespan, and the event loop, in a thread, in which its requests are handled."""

    def __init__(self, app: AsgiApp) -> None:
        """Start it. Raises AccordError where it says that it cannot, or takes longer than a minute."""
        self._app = app
        self._state: dict[str, Any] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="accord-asgi", daemon=True)
        self._thread.start()
        self._to_lifespan: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_lifespan: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._lifespan = asyncio.run_coroutine_threadsafe(self._live(), self._loop)
        try:
            said = self._ask("lifespan.startup")
        except BaseException:
            self._end()
            raise
        if said["type"] == "lifespan.startup.failed":
            self._end()
            raise AccordError(f"The ASGI application did not start: {said.get('message', '')}", "Mend its lifespan.")

    def adapter(self) -> "AsgiAdapter":
        """A way to send requests to it."""
        return AsgiAdapter(self)

    def run(self, coroutine: Any) -> "Future[Any]":
        """Run something in its event loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Shut it down."""
        try:
            self._ask("lifespan.shutdown")
        finally:
            self._end()

    async def handle(self, request: PreparedRequest) -> Response:
        """Hand over one request and return the response."""
        done = asyncio.Event()
        received = [{"type": "http.request", "body": _body(request), "more_body": False}]
        started: list[Any] = []
        written: list[bytes] = []

        async def receive() -> dict[str, Any]:
            if received:
                return received.pop()
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())]
                started[:] = [message["status"], headers]
            elif message["type"] == "http.response.body":
                written.append(bytes(message.get("body", b"")))
                if not message.get("more_body", False):
                    done.set()

        task = asyncio.ensure_future(self._app(_scope(request, self._state), receive, send))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        responded = asyncio.ensure_future(done.wait())
        # Nobody waits for what the application still does after its response.
        await asyncio.wait({task, responded}, return_when=asyncio.FIRST_COMPLETED)
        responded.cancel()
        if not done.is_set():
            return _failed(request, task.exception())
        return _response(request, started[0], started[1], b"".join(written))

    async def _live(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        try:
            await self._app(scope, self._to_lifespan.get, self._from_lifespan.put)
        except Exception:  # noqa: BLE001 - by the specification, an exception says that there is no lifespan
            _LOG.debug("The application has no lifespan.", exc_info=True)
        # The lifespan has ended, or there is none: a caller that waits for its message gets this one instead of waiting for ever.
        await self._from_lifespan.put({"type": "over"})

    def _ask(self, event: str) -> dict[str, Any]:
        async def asked() -> dict[str, Any]:
            if self._lifespan.done():
                return {"type": "over"}
            await self._to_lifespan.put({"type": event})
            return await self._from_lifespan.get()

        try:
            return dict(self.run(asked()).result(_LONGEST_STARTUP))
        except TimeoutError:
            raise AccordError(
                f"The ASGI application did not respond to {event} in {_LONGEST_STARTUP:.0f} s.", "Mend its lifespan."
            ) from None

    def _end(self) -> None:
        async def cancelled() -> None:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            await self._loop.shutdown_asyncgens()
            await self._loop.shutdown_default_executor()

        self.run(cancelled()).result(_LONGEST_STARTUP)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class AsgiAdapter(BaseAdapter):
    """Hands requests to an ASGI application."""

    def __init__(self, host: AsgiHost) -> None:
        super().__init__()
        self._host = host

    def send(self, request: PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> Response:
        """Hand over a request and return the response. Raises ReadTimeout after `timeout` seconds."""
        _leave_chance_to_it()
        future = self._host.run(self._host.handle(request))
        try:
            response: Response = future.result(timeout)
        except TimeoutError as error:
            future.cancel()
            raise ReadTimeout(f"The application did not respond within {timeout} s.", request=request) from error
        return response

    def close(self) -> None:
        """What is held open is the host's."""


def _body(request: PreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)


def _headers(request: PreparedRequest) -> dict[str, str]:
    """The headers of a request, in lower case, as a server hands them on."""
    texts = {name: value.decode("latin-1") if isinstance(value, bytes) else value for name, value in request.headers.items()}
    kept = {name.lower(): value.strip(" \t") for name, value in texts.items() if "_" not in name}
    chunked = kept.pop("transfer-encoding", None) is not None
    if chunked or request.body is not None:
        kept["content-length"] = str(len(_body(request)))
    kept.setdefault("host", urlsplit(str(request.url)).netloc)
    return kept


def _environ(request: PreparedRequest) -> dict[str, Any]:
    whole = urlsplit(str(request.url))
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(whole.path).decode("latin-1"),
        "QUERY_STRING": whole.query,
        "SERVER_NAME": whole.hostname or "",
        "SERVER_PORT": str(whole.port or (443 if whole.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": whole.scheme,
        "wsgi.input": io.BytesIO(_body(request)),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in _headers(request).items():
        variable = name.upper().replace("-", "_")
        environ[variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"] = value
    return environ


def _scope(request: PreparedRequest, state: dict[str, Any]) -> dict[str, Any]:
    whole = urlsplit(str(request.url))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": whole.scheme,
        "path": unquote(whole.path),
        "raw_path": whole.path.encode("ascii"),
        "query_string": whole.query.encode("ascii"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _headers(request).items()],
        "client": ("127.0.0.1", 50_000),
        "server": (whole.hostname, whole.port or (443 if whole.scheme == "https" else 80)),
        "state": state.copy(),
    }


def _failed(request: PreparedRequest, error: BaseException | None) -> Response:
    """What a server answers for an application that failed. What it raised, if anything, goes to the log."""
    _LOG.error("The application failed to respond to %s %s.", request.method, request.url, exc_info=error)
    return _response(request, 500, [("Content-Type", "text/plain")], b"Internal Server Error")


def _leave_chance_to_it() -> None:
    """Seed `random` anew, since Hypothesis has seeded it: an application that makes ids from it would make the same ones again."""
    random.seed()


def _response(request: PreparedRequest, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Response:
    response = Response()
    response.status_code = status
    found: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    response.headers = found
    response._content = b"" if request.method == "HEAD" else body
    response._content_consumed = True  # type: ignore[attr-defined]
    response.url, response.request = str(request.url), request
    return response
