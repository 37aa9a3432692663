"""Whether a server can be asked at all: by its URL and the keys for it, before anything is sent there."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from accord.base.errors import AccordError

_HOST = re.compile(r"[^\s/\\?#@<>^`{|}%\"]+")
_ASCII_DIGITS = re.compile(r"[0-9]{0,5}")


def check_target(url: str, keys: Mapping[str, Any], impossible: str) -> None:
    """Raise AccordError where a URL, an origin, or the lack of a server key keeps a command from asking a server.

    `keys` are by the names of their options (`server_key`, `origin`); `impossible` says what cannot be done without a server key.
    """
    check_url(url)
    check_origin(keys.get("origin") or "")
    if not keys.get("server_key"):
        raise AccordError(f"{impossible} without a server key.", "Give --server-key, or set ACCORD_SERVER_KEY.")


def check_url(url: str) -> None:
    """Raise AccordError, saying why, where a text is no URL of a server."""
    if not url.lower().startswith(("http://", "https://")):
        raise AccordError(f"{_shown(url)} is not a URL of a server.", "Write it with http:// or https://.")
    # urlsplit drops line ends and tabs, and would go on with another address than the one that was given.
    if not url.isprintable() or " " in url:
        raise AccordError(f"{_shown(url)} holds spaces or control characters.", "Percent-encode them, or leave them out.")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise AccordError(f"{_shown(url)} is not a URL: {error}.", "Check its host.") from error
    if "@" in parts.netloc:
        raise AccordError("The URL holds a user name or a password, and is written to every report.", "Give it without them.")
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise AccordError(f"{_shown(url)} has a query or a fragment.", "Give it without: /api/v1/… is appended to it.")
    _check_host(url, host)
    _check_port(url, parts)


def check_origin(origin: str) -> None:
    """Raise AccordError where a text cannot travel as the value of an Origin header."""
    if not (origin.isascii() and origin.isprintable() and " " not in origin):
        raise AccordError("--origin cannot travel in a header.", "Write it as https://app.example.com.")


def _check_host(url: str, host: str) -> None:
    if not host:
        raise AccordError(f"{_shown(url)} names no host.", "Write http://HOST:PORT.")
    if ":" in host:
        # A colon means an IPv6 address, and urlsplit has already found its brackets.
        return
    if not _HOST.fullmatch(host):
        raise AccordError(f"{_shown(url)} has an impossible host.", "Check it.")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise AccordError(f"{_shown(url)} has an impossible host: {error}.", "Check it.") from error


def _check_port(url: str, parts: SplitResult) -> None:
    # The port follows the host, and the host of an IPv6 address ends with a bracket.
    digits = parts.netloc.rpartition("]")[2].rpartition(":")[2] if ":" in parts.netloc.rpartition("]")[2] else ""
    try:
        port = parts.port if _ASCII_DIGITS.fullmatch(digits) else -1
    except ValueError:
        port = -1
    if port is not None and port < 1:
        raise AccordError(f"{_shown(url)} has an impossible port.", "Give one from 1 to 65535.")


def _shown(url: str) -> str:
    return ascii(url) if len(url) <= 200 else f"{url[:200]!a}…"
