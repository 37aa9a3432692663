"""A receiver of webhooks for tests: it keeps what arrives, says whether it is signed, and responds as it is told."""

import hmac
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mockserver.serving.ports import DEFAULT_HOST
from mockserver.webhooks.signing import signature

_SIGNATURE = "x-bancroft-signature"
_SECRET = "whsec-of-a-test-0123456789"
_REDIRECTS = (301, 302, 307, 308)


@dataclass(frozen=True, slots=True)
class ReceivedWebhook:
    """One event as it arrived. `headers` are by their names in lower case; `signed` says whether the signature is right."""

    headers: dict[str, str]
    body: bytes
    signed: bool

    @property
    def json(self) -> Any:
        """The payload. Raises ValueError if it is no JSON."""
        return json.loads(self.body)


class WebhookReceiver:
    """Receives at `url`, and checks signatures by `secret`."""

    def __init__(self, url: str, secret: str = _SECRET) -> None:
        self.url = url
        self.secret = secret
        self._received: list[ReceivedWebhook] = []
        self._statuses: deque[int] = deque()
        self._changed = threading.Condition()

    @property
    def received(self) -> list[ReceivedWebhook]:
        """What arrived so far, oldest first."""
        with self._changed:
            return list(self._received)

    def respond_with(self, *statuses: int) -> None:
        """Respond to the next deliveries with these statuses, one each. All others get 204."""
        with self._changed:
            self._statuses.extend(statuses)

    def wait_for(self, count: int = 1, seconds: float = 5.0) -> list[ReceivedWebhook]:
        """Return what arrived, once there is so much of it. Raises AssertionError if there is not, after so many seconds."""
        __tracebackhide__ = True
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._received) >= count, seconds):
                events = [one.json.get("event") for one in self._received]
                raise AssertionError(f"Expected {count} webhooks within {seconds:g} seconds; {len(events)} arrived: {events}")
            return list(self._received)

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Keep one delivery and return the status of the response."""
        signed = hmac.compare_digest(headers.get(_SIGNATURE, "").encode(), signature(self.secret, body).encode())
        with self._changed:
            self._received.append(ReceivedWebhook(headers, body, signed))
            self._changed.notify_all()
            return self._statuses.popleft() if self._statuses else 204


@contextmanager
def receiving() -> Iterator[WebhookReceiver]:
    """Receive on a free port of this machine, for as long as the block runs."""

    def take(path: str, headers: list[tuple[str, str]], body: bytes) -> int:
        return receiver.take({name.lower(): value for name, value in headers}, body)

    with listening(take) as url:
        receiver = WebhookReceiver(url)
        yield receiver


Take = Callable[[str, list[tuple[str, str]], bytes], int | None]
"""Gets path, headers and body of a delivery, and returns the status of the response; None closes the connection without one."""


@contextmanager
def listening(take: Take) -> Iterator[str]:
    """Pass what is posted to a free port of this machine to `take`, for as long as the block runs. Yield the URL to post to.

    A redirect leads to `/elsewhere` there.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(length := int(self.headers.get("Content-Length", 0)))
            # The body is shorter if the sender was killed meanwhile.
            status = take(self.path, self.headers.items(), body) if len(body) == length else None
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            if status in _REDIRECTS:
                self.send_header("Location", f"{url}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of a sender that does not wait for the response any more."""

    with Server((DEFAULT_HOST, 0), Handler) as server:
        url = f"http://{DEFAULT_HOST}:{server.server_port}/hooks"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()
