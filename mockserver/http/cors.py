"""Cross-origin requests: what browsers ask first, and what they must find in every response.

Any origin may call the documented API, with whatever headers and with credentials, since keys, not cookies, tell who calls. Without
an `Origin` no browser reads these headers, so that most requests get the same ones, made once.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.http.messages import Response
from mockserver.http.wsgi import joined

ALLOWED_HEADERS = ("X-API-Key", "Authorization", "Content-Type", "X-Bundle-Id", "X-Accord-Namespace", "X-Accord-Fault")
ALLOWED_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EXPOSED_HEADERS = "Allow, Location, Retry-After, WWW-Authenticate, X-Accord-Request-Id, X-Accord-Stateless"
_ANY = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED_HEADERS, "Vary": "Origin"}
_SECONDS_TO_REMEMBER = "600"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ORIGIN = re.compile(r"[!-~]+")
_ASKED = ("Access-Control-Request-Method", "Access-Control-Request-Headers", "Access-Control-Request-Private-Network")


def is_preflight(environ: Mapping[str, Any]) -> bool:
    """Tell whether the request is a browser's question about the one that it wants to send."""
    return (
        environ.get("REQUEST_METHOD") == "OPTIONS" and "HTTP_ORIGIN" in environ and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )


def preflight(environ: Mapping[str, Any]) -> Response:
    """Return the response to a preflight: whatever it asks for is allowed, so that pages can read the response to what follows."""
    method = str(environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"])
    headers = {
        "Access-Control-Allow-Methods": ", ".join(_with(ALLOWED_METHODS, [method], str)),
        "Access-Control-Allow-Headers": ", ".join(
            _with(ALLOWED_HEADERS, str(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "")).split(","), str.lower)
        ),
        "Access-Control-Max-Age": _SECONDS_TO_REMEMBER,
        "Vary": ", ".join(_ASKED),
    }
    if environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return Response(204, b"", headers)


class Cors:
    """Makes the headers that responses of the documented API carry for browsers; none unless it is enabled."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._without_origin: Mapping[str, str] = _ANY if enabled else {}

    def headers(self, environ: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the headers of the response to that request."""
        if "HTTP_ORIGIN" not in environ or not self._enabled:
            return self._without_origin
        found = headers_for(environ["HTTP_ORIGIN"])
        if not is_preflight(environ):
            return found
        asked = preflight(environ).headers
        return {**found, **asked, "Vary": joined(found["Vary"], asked["Vary"])}


def headers_for(origin: str) -> Mapping[str, str]:
    """Return what lets pages of that origin read a response."""
    if not _ORIGIN.fullmatch(origin):
        return _ANY
    return {**_ANY, "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}


def _with(usual: tuple[str, ...], asked: list[str], folded: Callable[[str], str]) -> list[str]:
    """Return the usual names, and after them the asked ones that are valid names and not among the usual."""
    found = {folded(name): name for name in usual}
    for name in asked:
        stripped = name.strip(" \t")
        if _TOKEN.fullmatch(stripped):
            found.setdefault(folded(stripped), stripped)
    return list(found.values())
