"""The mock inside the process of the tests: it responds to code that uses `requests`, without a socket.

A response that is to be late or slow is answered at once here; one that never comes, is dropped, malformed or cut raises what
`requests` raises then (`ReadTimeout`, `ConnectionError`, `ChunkedEncodingError`).
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import responses
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.exceptions import ChunkedEncodingError, ReadTimeout
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mockserver.app import MockApp, create_app
from mockserver.control.guard import IN_PROCESS
from mockserver.faults.active import Faults
from mockserver.http.delivery import SLOT, Delivery
from mockserver.keys.model import StandardKeys
from mockserver.model.clock import Clock
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.testing.journal import SentRequests
from mockserver.testing.steering import in_process

DEFAULT_URL = "https://support.example.com"

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

WsgiApp = Callable[..., Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class MockedApi:
    """A mock that answers under `url`. `app` is the Flask application, `keys` are its ready-made keys."""

    url: str
    app: MockApp
    keys: StandardKeys

    def reply(self, conversation_id: str, body: str, **more: str) -> None:
        """Reply to a conversation as an agent; `sender_email` and `message_type` may be given. Raises AccordError and Refusal."""
        namespace = self.app.namespace
        with namespace.store.transaction():
            namespace.agent.reply(conversation_id, namespace.agent.read_reply({"body": body, **more}))

    def change(self, conversation_id: str, **members: Any) -> None:
        """Change a conversation as an agent: status, assignee, priority, subject, metadata. Raises AccordError and Refusal."""
        namespace = self.app.namespace
        with namespace.store.transaction():
            namespace.agent.change(conversation_id, namespace.agent.read_change(members))

    @property
    def clock(self) -> Clock:
        """The clock: `api.clock.freeze()`, `advance(microseconds)`, `run_at(60)`, `reset()`."""
        return self.app.namespace.clock

    @property
    def faults(self) -> Faults:
        """The fault rules: `api.faults.add({"match": …, "when": …, "then": {"status": 503}})`, `replace`, `remove`, `clear`."""
        return self.app.namespace.faults

    @property
    def sent(self) -> SentRequests:
        """What was sent so far: `api.sent.expect(operation="createConversation", body={…})`, `expect_none`, `all()`."""
        return SentRequests(in_process(self.app))


@contextmanager
def mocked_api(url: str = DEFAULT_URL, **settings: Any) -> Iterator[MockedApi]:
    """Answer whatever `requests` is asked under the URL. Requests to other addresses are refused with a ConnectionError.

    The settings are those of `create_app`; the scenario is `empty` unless another one is named. Raises AccordError for bad ones.
    """
    app = create_app(**{"scenario": "empty", **settings})
    with answering(app, url):
        yield MockedApi(url.rstrip("/"), app, app.namespace.standard_keys or StandardKeys.of(settings.get("seed", DEFAULT_SEED)))


@contextmanager
def answering(app: WsgiApp, url: str = DEFAULT_URL) -> Iterator[responses.RequestsMock]:
    """Let a WSGI application respond to `requests` under the URL. Call `add_passthru` on the result to let other URLs through."""
    base = url.rstrip("/")
    pattern = re.compile(re.escape(base) + r"(/.*)?(\?.*)?$", re.DOTALL)

    # Typed as Any: its headers are a list, as a name may occur twice. `responses` takes that, but declares only a mapping.
    callback: Any = partial(_hand_over, app, base)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in _METHODS:
            # Content type None: the application's own header is to be the only one.
            mock.add_callback(method, pattern, callback=callback, content_type=None)
        yield mock


class MockAdapter(BaseAdapter):
    """For one session: `session.mount(url, MockAdapter(create_app(), url))`. Other sessions are left alone."""

    def __init__(self, app: WsgiApp, url: str = DEFAULT_URL) -> None:
        super().__init__()
        self._app = app
        self._base = url.rstrip("/")

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Respond to one request."""
        status, headers, body = _hand_over(self._app, self._base, request)
        raw = HTTPResponse(
            body=io.BytesIO(body), headers=dict(headers), status=status, preload_content=False, request_method=request.method
        )
        response = Response()
        response.status_code = status
        response.headers.update(headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = raw
        response.url = str(request.url)
        response.request = request
        return response

    def close(self) -> None:
        """Nothing is held open."""


def _is_kept(name: str) -> bool:
    """Whether the application is handed a header of that name."""
    # The body is complete here, even if it was sent in chunks. In an environ, X_API_KEY would be X-API-Key.
    return name.lower() != "transfer-encoding" and "_" not in name


def _raise_failure(delivery: Delivery, request: PreparedRequest) -> None:
    """Raise what `requests` would, of a response that does not arrive whole. Nobody waits for one that is late or slow."""
    if delivery.hang:
        raise ReadTimeout("The mock was told never to respond to this request.", request=request)
    if delivery.drop or delivery.malformed:
        raise RequestsConnectionError("The mock was told to break this connection.", request=request)
    if delivery.truncate is not None:
        raise ChunkedEncodingError("The mock was told to cut this response.", request=request)


def _hand_over(app: WsgiApp, base: str, request: PreparedRequest) -> tuple[int, list[tuple[str, str]], bytes]:
    """Hand a request over to the application: status, headers and body of its response."""
    whole, root = urlsplit(str(request.url)), urlsplit(base)
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = body.read() if hasattr(body, "read") else b"".join(body)
    builder = EnvironBuilder(
        method=str(request.method),
        base_url=f"{root.scheme}://{root.netloc}{root.path}/",
        path=whole.path[len(root.path) :],
        query_string=whole.query,
        headers=[item for item in request.headers.items() if _is_kept(item[0])],
        data=body,
    )
    try:
        # IN_PROCESS allows any host name, since no browser sent this.
        asked: list[Delivery] = []
        chunks, status, headers = run_wsgi_app(app, {**builder.get_environ(), IN_PROCESS: True, SLOT: asked})
        for delivery in asked:
            _raise_failure(delivery, request)
        return int(status.split()[0]), headers.to_wsgi_list(), b"".join(chunks)
    finally:
        builder.close()
