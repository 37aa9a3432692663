"""What variations are made of: applications with changed responses, and with the conversations of other people."""

import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.test import Client
from werkzeug.wrappers import Response

from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp

Environ = dict[str, Any]
Change = Callable[[Response, Environ], Response]


def mock(**settings: Any) -> WsgiApp:
    """The mock without conversations. The settings are those of `create_app`."""
    return create_app(**{"scenario": "empty", **settings})


def with_others(app: WsgiApp, each: int = 12) -> WsgiApp:
    """Add conversations of other people, each with a message, to the application, in both organisations by turns."""
    keys, client = StandardKeys.of(DEFAULT_SEED), Client(app)
    for number in range(2 * each):
        key = {"X-API-Key": keys.other_server if number % 2 else keys.server}
        somebody = {"user_email": f"somebody{number}@example.org"}
        subject = {"subject": f"Of somebody else, {number}", "metadata": {"number": number}}
        created = client.post("/api/v1/conversations/create/", json={**somebody, **subject}, headers=key)
        path = f"/api/v1/conversations/{json.loads(created.data)['id']}/messages/create/"
        client.post(path, json={**somebody, "body": "Nobody else's business."}, headers=key)
    return app


def changing(app: WsgiApp, change: Change) -> WsgiApp:
    """Wrap an application: each of its responses is changed."""

    def changed(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = change(Response.from_app(app, environ, buffered=True), environ)
        return response(environ, start_response)

    return changed


def before(app: WsgiApp, instead: Callable[[Environ], Response | None]) -> WsgiApp:
    """Wrap an application: `instead` may respond in its place."""

    def fronted(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = instead(environ)
        return (app if response is None else response)(environ, start_response)

    return fronted


def rewriting(
    app: WsgiApp, rewrite: Callable[[Any, Response], Any] = lambda value, _: value, dumps: Callable[[Any], str] = json.dumps
) -> WsgiApp:
    """Wrap an application: the JSON of its responses is parsed, rewritten, and written by `dumps`."""

    def change(response: Response, _: Environ) -> Response:
        if response.is_json and response.data:
            response.data = dumps(rewrite(json.loads(response.data), response)).encode()
        return response

    return changing(app, change)


def every(times: int) -> Callable[[], bool]:
    """Return a function that is true at each n-th call, counted over all threads."""
    counter = itertools.count(1)
    return lambda: next(counter) % times == 0
