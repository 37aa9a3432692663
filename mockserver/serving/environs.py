"""The environ of WSGI, made from what Granian has of a request."""

import io
import sys
from typing import Any

from mockserver.http.delivery import SLOT
from mockserver.http.messages import BYTES_OF_TEXT

_BASIC: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    # A body ends where `wsgi.input` ends, also if it came in chunks.
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
        """Return the environ of a request without its body. `BYTES_OF_TEXT` is the total length of the texts that the client sent.

        A header with an underscore in its name is left out, as other servers do: in an environ it would take the place of the one
        with hyphens. A value that is not ASCII becomes empty.
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
        # Repeated or omitted headers set it too: the two lengths may then be equal although a header is missing.
        if incomplete:
            self._add_empty(environ, headers)
        if "HTTP_HOST" not in environ:
            environ["HTTP_HOST"] = scope.authority or ""
        environ[BYTES_OF_TEXT] = size
        return environ

    def _add_empty(self, environ: dict[str, Any], headers: Any) -> None:
        """Add, as empty, the headers that Granian leaves out because their values are not ASCII."""
        for header in headers.keys():  # noqa: SIM118  It is no mapping.
            name = self._name(header)
            if name is not None:
                environ.setdefault(name, "")

    def _name(self, header: str) -> str | None:
        """Return the name in an environ of a header, given in lower case; None if an environ leaves it out."""
        if "_" in header:
            return None
        name = header.upper().replace("-", "_")
        name = name if name in _KEPT_ONCE else f"HTTP_{name}"
        # Limited, since clients can send any number of different names.
        if len(self._names) < _MANY_NAMES:
            self._names[header] = name
        return name
