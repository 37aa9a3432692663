"""Keeps strangers from steering and reading the mock.

A page in a browser can send requests to a server on the same machine, whatever page that is. Browsers add headers that no page
can set: `Origin` to every request that could change something or whose response the page could read, and `Sec-Fetch-Site` to all
requests. A page whose own name leads to this machine ("DNS rebinding") is recognised by `Host`. Programs send none of these, or the
right ones.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from mockserver.control.access import (
    LOOPBACK_NAMES,
    NEEDS_TOKEN,
    Access,
    HostName,
    default_port,
    host_name,
    is_address,
)
from mockserver.http import cors
from mockserver.http.messages import Response
from mockserver.namespaces.addressing import PREFIX
from mockserver.webhooks.targets import is_loopback

IN_PROCESS = "accord.in_process"
"""Set in the environ of a request that came through no socket: its host is whatever the program calls the mock."""

_HEALTH = f"{PREFIX}/health"
_CONSOLE = f"{PREFIX}/"
_CONSOLE_FILES = f"{PREFIX}/console/"
_PRIVATE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    # For browsers without Sec-Fetch-Site: they do not load it into pages of other origins, and do not guess its media type.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Vary": "Origin",
}


def is_control(path: str) -> bool:
    """Tell whether the path, within its namespace, belongs to the control API."""
    return path.startswith(_CONSOLE) or path == PREFIX


class Guard:
    """Decides by a request's headers whether its sender may steer and read the mock."""

    def __init__(self, allowed: Access) -> None:
        self.access = allowed

    def refusal(self, environ: Mapping[str, Any]) -> Response | None:
        """Return the response to a control request that must not be carried out, or to a preflight; None for all others."""
        path = environ["PATH_INFO"]
        # Health is served even if the rest is off, and without a token, since it reveals nothing that anybody did.
        is_health = path == _HEALTH
        if self.access.off and not is_health:
            return _refused(404 if self.access.off != NEEDS_TOKEN else 403, self.access.off)
        by_name = IN_PROCESS in environ or self._is_our_name(environ)
        if not by_name:
            return _refused(403, _host_text(environ))
        # Any page may link to the console, since its HTML itself holds no data.
        if path == _CONSOLE and environ["REQUEST_METHOD"] in ("GET", "HEAD") and "HTTP_ORIGIN" not in environ:
            return None
        stranger = self._stranger(environ)
        if stranger:
            return _refused(403, stranger)
        if cors.is_preflight(environ):
            # A preflight cannot carry a token, and `headers` adds what it asks for to every response.
            return Response(204, b"")
        # The console's files need no token: without them the page could not ask for one.
        return None if is_health or path.startswith(_CONSOLE_FILES) else self._without_token(environ)

    def headers(self, environ: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the headers of every response to a control request: no caching, no framing, no reading by origins not allowed."""
        origin = environ.get("HTTP_ORIGIN")
        if origin not in self.access.origins:
            return _PRIVATE
        more = cors.headers_for(origin)
        if cors.is_preflight(environ):
            more = {**more, **cors.preflight(environ).headers}
        return {**more, **_PRIVATE}

    def admitted(self, environ: dict[str, Any]) -> dict[str, Any]:
        """Return the environ of a request that may be carried out, without the token, so that nothing can keep it."""
        if self.access.token is None:
            return environ
        return {name: value for name, value in environ.items() if name != "HTTP_AUTHORIZATION"}

    def _is_our_name(self, environ: Mapping[str, Any]) -> bool:
        """Tell whether the Host of the request is a name of the mock. Without a Host it is fine, as no browser sent it."""
        text = environ.get("HTTP_HOST")
        if not text:
            return True
        host = host_name(text)
        if host is None:
            return False
        allowed = self.access
        if host in allowed.hosts or HostName(host.name, None) in allowed.hosts:
            return True
        port = host.port or default_port(environ["wsgi.url_scheme"])
        if str(port) != str(environ.get("SERVER_PORT", "")):
            return False
        return host.name in LOOPBACK_NAMES or host.name in allowed.names or (allowed.any_address and is_address(host.name))

    def _stranger(self, environ: Mapping[str, Any]) -> str:
        """Return why a page must not send the request; empty if no page did, or one that may."""
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        if origin is not None and origin in self.access.origins:
            return ""
        if origin is not None and not _is_own(origin, site, environ):
            return (
                f"Pages of the origin {origin[:200]} may not steer or read this mock. "
                f"Start it with --control-origin {origin[:200]} to allow them."
            )
        if site is not None and site not in ("same-origin", "none"):
            return (
                f"A page of another origin may not steer or read this mock (Sec-Fetch-Site: {site[:40]}). Open the address by "
                "itself, or start the mock with --control-origin and the page's origin, and use fetch there."
            )
        return ""

    def _without_token(self, environ: Mapping[str, Any]) -> Response | None:
        token, address = self.access.token, environ.get("REMOTE_ADDR")
        if token is None:
            # The server that runs the application may listen on any address, so only clients on loopback may go without a token.
            return None if not address or is_loopback(address) else _refused(403, NEEDS_TOKEN)
        scheme, _, sent = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(sent.strip(" ").encode("latin-1", "replace"), token.encode()):
            return None
        detail = "The control API needs the token of --control-token here. Send it as Authorization: Bearer TOKEN."
        return Response.json(401, {"detail": detail}, {"WWW-Authenticate": "Bearer"})


def _is_own(origin: str, site: str | None, environ: Mapping[str, Any]) -> bool:
    """Tell whether the origin is the mock's own. Its host name was already checked."""
    host = str(environ.get("HTTP_HOST", "")).lower()
    if not host:
        return False
    # Behind a proxy that ends TLS the schemes differ. The browser then tells by Sec-Fetch-Site that the origin is the same.
    return origin == f"{environ['wsgi.url_scheme']}://{host}" or (site == "same-origin" and origin.partition("://")[2] == host)


def _refused(status: int, detail: str) -> Response:
    return Response.json(status, {"detail": detail})


def _host_text(environ: Mapping[str, Any]) -> str:
    name = str(environ.get("HTTP_HOST", ""))[:200]
    return f"This mock does not go by the name {name}. Start it with --control-host {name} to use its control API by that name."
