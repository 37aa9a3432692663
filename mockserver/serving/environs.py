"""The environ of WSGI, made from what Granian has of a request."""

import io
import sys
from typing import Any

from mockserver.http.delivery import SLOT
from mockserver.http.messages import BYTES_OF_TEXT

_BASIC: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    # There is no other end of a body than that of `wsgi.input`, as with chunks.
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
_KEPT_ONCE = ("CONTENT_TYPE", "CONTENT_LENGTH")
_MANY_NAMES = 1000


class Environs:
    """Makes environs for a server at that address."""

    def __init__(self, host: str, port: int, scheme: str = "http") -> None:
        self._basic = {
            **_BASIC,
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "wsgi.url_scheme": scheme,
            "wsgi.errors": sys.stderr,
        }
        self._names: dict[str, str] = {}

    def of(self, scope: Any) -> dict[str, Any]:
        """The environ of a request without its body. `BYTES_OF_TEXT` is how long the texts are that the client sent.

        A header with an underscore in its name is left out, as other servers do: an environ would have it in the place of the one
        with hyphens. A value that is not ASCII is empty.
        """
        names, headers = self._names, scope.headers
        path, query = scope.path, scope.query_string
        environ = {
            **self._basic,
            "SERVER_PROTOCOL": "HTTP/" + scope.http_version,
            "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
            "REQUEST_METHOD": scope.method,
            # WSGI hands bytes over as latin-1.
            "PATH_INFO": path if path.isascii() else path.encode().decode("latin-1"),
            "QUERY_STRING": query if query.isascii() else query.encode().decode("latin-1"),
            "wsgi.input": io.BytesIO(),
            SLOT: [],
        }
        size = len(path) + len(query)
        items = headers.items()
        incomplete = len(items) < len(headers)
        for header, value in items:
            name = names.get(header) or self._name(header)
            size += len(value)
            if name is None:
                incomplete = True
            elif name not in environ:
                environ[name] = value
            else:
                incomplete = True
                if name not in _KEPT_ONCE:
                    environ[name] += f",{value}"
        # That may be so as well where items are not headers, one for one.
        if incomplete:
            self._add_empty(environ, headers)
        if "HTTP_HOST" not in environ:
            environ["HTTP_HOST"] = scope.authority or ""
        environ[BYTES_OF_TEXT] = size
        return environ

    def _add_empty(self, environ: dict[str, Any], headers: Any) -> None:
        """Add the headers that Granian leaves out among the others, as their values are not ASCII."""
        for header in headers.keys():  # noqa: SIM118  It is no mapping.
            name = self._name(header)
            if name is not None:
                environ.setdefault(name, "")

    def _name(self, header: str) -> str | None:
        """Under which name an environ has a header, whose name is in lower case; None if it has not."""
        if "_" in header:
            return None
        name = header.upper().replace("-", "_")
        name = name if name in _KEPT_ONCE else f"HTTP_{name}"
        # Clients make names up.
        if len(self._names) < _MANY_NAMES:
            self._names[header] = name
        return name
