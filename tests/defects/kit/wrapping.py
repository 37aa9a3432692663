"""Where the layer in front of a server is broken: middleware that looks at requests, and changes or replaces responses."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Response

from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken

Environ = dict[str, Any]
Inner = Callable[[], Response]

PREFIX = "/api/v1/conversations/"
KEYS = StandardKeys.of(DEFAULT_SEED)


def wrapped(around: Callable[[Environ, Inner], Response], **parts: Any) -> WsgiApp:
    """Make a mock with middleware: `around` gets the request, and a function that passes it on, with changes made until then."""
    app = broken(**parts)

    def middleware(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = around(environ, lambda: Response.from_app(app, environ, buffered=True))
        return response(environ, start_response)

    return middleware


def refusal(status: int, detail: str) -> Response:
    """A refusal as the mock writes it."""
    return Response(json.dumps({"detail": detail}), status, mimetype="application/json")


def header(environ: Environ, name: str) -> str:
    """The value of a request's header; empty where it has none."""
    return str(environ.get(f"HTTP_{name.upper().replace('-', '_')}", ""))


def sent_keys(environ: Environ) -> str:
    """Return what was sent in both headers for a key."""
    return header(environ, "X-API-Key") + " " + header(environ, "Authorization")


def as_key(environ: Environ, key: str) -> None:
    """Change the key of a request to this one."""
    environ.pop("HTTP_AUTHORIZATION", None)
    environ["HTTP_X_API_KEY"] = key


def path_of(environ: Environ) -> str:
    """The path of a request, decoded."""
    return unquote(str(environ["PATH_INFO"]))
