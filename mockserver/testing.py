"""The mock inside the tests of code that calls the API: no socket, no process, a fresh state for each test.

    from mockserver.testing import mocked_api

    def test_it():
        with mocked_api() as api:
            requests.get(f"{api.url}/api/v1/conversations/", headers={"X-API-Key": api.keys.server})

`mocked_api` answers every call that is made with `requests`, wherever in the program; `MockAdapter` is for one session only. As a
fixture of pytest: `from mockserver.testing import support_api` in a conftest.py.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPResponse
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mockserver.app import MockApp, create_app
from mockserver.keys import StandardKeys
from mockserver.world import DEFAULT_SEED

DEFAULT_URL = "https://support.example.com"

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

WsgiApp = Callable[..., Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class MockedApi:
    """A mock that answers under `url`. `app` is the Flask application, `keys` are its ready-made keys."""

    url: str
    app: MockApp
    keys: StandardKeys


@contextmanager
def mocked_api(url: str = DEFAULT_URL, **settings: Any) -> Iterator[MockedApi]:
    """Answer whatever `requests` is asked under the URL. Calls to other addresses are refused with a ConnectionError.

    The settings are those of `create_app`; the scenario is `empty` unless another one is named. Raises AccordError for bad ones.
    """
    app = create_app(**{"scenario": "empty", **settings})
    with answering(app, url):
        yield MockedApi(url.rstrip("/"), app, app.world.standard_keys or StandardKeys.of(settings.get("seed", DEFAULT_SEED)))


@contextmanager
def answering(app: WsgiApp, url: str = DEFAULT_URL) -> Iterator[responses.RequestsMock]:
    """Let a WSGI application answer what `requests` is asked under the URL; `add_passthru` of what is yielded spares others."""
    base = url.rstrip("/")
    pattern = re.compile(re.escape(base) + r"(/.*)?(\?.*)?$", re.DOTALL)

    # A list of headers, as `responses` takes one besides the mapping that it declares: a name may be there twice.
    callback: Any = partial(_call, app, base)
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
        """Answer one request."""
        status, headers, body = _call(self._app, self._base, request)
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


@pytest.fixture
def support_api() -> Iterator[MockedApi]:
    """A fixture: a mock of its own for each test, answering under `support_api.url`."""
    with mocked_api() as api:
        yield api


def _call(app: WsgiApp, base: str, request: PreparedRequest) -> tuple[int, list[tuple[str, str]], bytes]:
    """Hand a request over to the application: status, headers and body of its answer."""
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
        # The body is whole here, however it would have travelled.
        headers=[item for item in request.headers.items() if item[0].lower() != "transfer-encoding"],
        data=body,
    )
    try:
        chunks, status, headers = run_wsgi_app(app, builder.get_environ())
        return int(status.split()[0]), headers.to_wsgi_list(), b"".join(chunks)
    finally:
        builder.close()
