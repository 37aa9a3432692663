"""Which namespace a request is addressed to, by its URL or by its header, and what a namespace may be called."""

import re
from collections.abc import Mapping
from typing import Any

from accord.base.errors import AccordError
from mockserver.http.messages import environ_name
from mockserver.store import DEFAULT_NAMESPACE

PREFIX = "/__accord__"
"""What the mock offers besides the documented operations lies under this path, which none of them can have."""

INSIDE = f"{PREFIX}/in/"
"""`/__accord__/in/NAME/…` is `…` in the namespace of that name."""

NAMESPACE_HEADER = "X-Accord-Namespace"
"""The header that names the namespace to which a request is addressed."""

_NAMESPACE = "accord.namespace"
_HEADER = environ_name(NAMESPACE_HEADER)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")


def namespace_of(environ: Mapping[str, Any]) -> str:
    """Return the namespace that a request is addressed to, by its URL or by its header.

    Raises AccordError if that cannot be a namespace's name, rather than falling back to the default namespace.
    """
    in_url, in_header = environ.get(_NAMESPACE), environ.get(_HEADER)
    if in_header is None and in_url is None:
        return DEFAULT_NAMESPACE
    if in_header == "":
        # Servers hand over a value that is not ASCII as an empty one.
        raise AccordError(f"The header {NAMESPACE_HEADER} is empty or not ASCII.", "Name a namespace, or leave the header out.")
    if in_url == "":
        raise AccordError(f"The path names no namespace after {INSIDE}.", f"Write {INSIDE}NAME/ and the path of the API.")
    names = [_text(name) for name in (in_url, in_header) if name is not None]
    for name in names:
        check_name(name)
    if len(set(names)) > 1:
        raise AccordError(
            f"The path names the namespace {names[0]!r}, and the header {NAMESPACE_HEADER} {names[1]!r}.", "Name one of them."
        )
    return names[0]


def _text(value: str) -> str:
    # WSGI hands bytes over as latin-1.
    return value.encode("latin-1", "replace").decode("utf-8", "replace")


def enter(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the environ as seen inside the namespace in the URL: its prefix is moved from PATH_INFO to SCRIPT_NAME."""
    path = environ["PATH_INFO"]
    if not path.startswith(INSIDE):
        return environ
    name, slash, rest = path[len(INSIDE) :].partition("/")
    mounted = f"{environ.get('SCRIPT_NAME', '')}{INSIDE}{name}"
    return {**environ, "SCRIPT_NAME": mounted, "PATH_INFO": slash + rest, _NAMESPACE: name}


def check_name(name: str, what: str = "namespace") -> None:
    """Raise AccordError if that cannot be the name of a namespace, or of whatever else `what` says."""
    if not _NAME.fullmatch(name):
        raise AccordError(f"{name[:120]!r} cannot be the name of a {what}.", "Use up to 100 of A-Z a-z 0-9 . _ ~ -")
