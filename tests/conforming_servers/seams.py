"""What variations are made of: changed answers, and state that a server keeps besides."""

import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Response

from mockserver.app import create_app
from mockserver.server import WsgiApp

Environ = dict[str, Any]
Change = Callable[[Response, Environ], Response]


def mock(**settings: Any) -> WsgiApp:
    """The mock without conversations. The settings are those of `create_app`."""
    return create_app(**{"scenario": "empty", **settings})


def changing(app: WsgiApp, change: Change) -> WsgiApp:
    """The application, each of its answers changed on its way out."""

    def changed(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = change(Response.from_app(app, environ, buffered=True), environ)
        return response(environ, start_response)

    return changed


def before(app: WsgiApp, instead: Callable[[Environ], Response | None]) -> WsgiApp:
    """The application, and in front of it what may answer in its place."""

    def fronted(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = instead(environ)
        return (app if response is None else response)(environ, start_response)

    return fronted


def rewriting(
    app: WsgiApp, rewrite: Callable[[Any, Response], Any] = lambda value, _: value, dumps: Callable[[Any], str] = json.dumps
) -> WsgiApp:
    """The application, the JSON of its answers taken apart, rewritten and written by `dumps`."""

    def change(response: Response, _: Environ) -> Response:
        if response.mimetype.endswith("json") and response.data:
            response.data = dumps(rewrite(json.loads(response.data), response)).encode()
        return response

    return changing(app, change)


def every(times: int) -> Callable[[], bool]:
    """True at each so-many-th call. Counts calls from all threads."""
    counter = itertools.count(1)
    return lambda: next(counter) % times == 0
