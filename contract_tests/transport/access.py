"""How a server behind a gate is reached: what the gate asks for with each request, which certificates count, and a proxy."""

import errno
import os
import re
import shlex
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from accord.base.errors import AccordError
from accord.base.redaction import shown

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110, section 5.6.2)."""

_CONTRACT = re.compile(
    r"x-api-key|authorization|origin|referer|cookie|accept(-.*)?|content-.*|if-.*|range|access-control-.*|x-http-method(-override)?"
    r"|x-method-override|cache-control|pragma|dnt"
)
"""Headers that the contract says something of, or that the suite varies: their values are part of what is judged."""

_CONNECTION = re.compile(
    "host|connection|keep-alive|proxy-connection|proxy-authorization|te|trailer|transfer-encoding|upgrade|expect|http2-settings"
)
"""Headers of one connection (RFC 9110, section 7.6.1), and what says where a request goes and where its body ends."""

_FORM = "Write it as --header 'NAME: VALUE', in ASCII."
_MOST_HEADERS = 50


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. `authorization` is the value of Proxy-Authorization, or nothing."""

    host: str
    port: int
    authorization: str = ""

    @property
    def place(self) -> str:
        """Host and port, without the credentials."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Access:
    """What every request to a server carries and passes, whatever it asks for; `Access.of` checks it."""

    headers: tuple[tuple[str, str], ...] = ()
    ca_file: str = ""
    client_cert: str = ""
    client_key_file: str = ""
    insecure: bool = False
    proxy_url: str = ""

    @classmethod
    def of(
        cls,
        header: Sequence[str] = (),
        ca_file: str = "",
        client_cert: str = "",
        client_key_file: str = "",
        insecure: bool = False,
        proxy: str = "",
    ) -> "Access":
        """Take options, by their names. Raises AccordError, saying what to do, for one that cannot be."""
        if client_key_file and not client_cert:
            raise AccordError("--client-key-file is given and --client-cert is not.", "Give both.")
        if insecure and ca_file:
            raise AccordError("--insecure checks no certificate, so that --ca-file would be for nothing.", "Give one of them.")
        found = cls(tuple(_headers(header)), ca_file, client_cert, client_key_file, insecure, proxy)
        if proxy:
            _ = found.proxy
        if ca_file or client_cert:
            found.context()
        return found

    @property
    def proxy(self) -> Proxy | None:
        """The proxy, or None where requests go straight to the server. Raises AccordError for a URL of none."""
        return _proxy(self.proxy_url) if self.proxy_url else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be shown: the values of the headers, and the password for the proxy."""
        return (*(value for _, value in self.headers), *proxy_secrets(self.proxy_url))

    @property
    def curl(self) -> str:
        """The same as options of curl. Values are variables: ACCORD_HEADER_1 and so on, ACCORD_PROXY where it has a password."""
        options = [f'-H "{name}: $ACCORD_HEADER_{number}"' for number, (name, _) in enumerate(self.headers, 1)]
        files = {"--cacert": self.ca_file, "--cert": self.client_cert, "--key": self.client_key_file}
        options += [f"{option} {shlex.quote(path)}" for option, path in files.items() if path]
        options += ["-k"] if self.insecure else []
        if self.proxy_url:
            options.append('-x "$ACCORD_PROXY"' if proxy_secrets(self.proxy_url) else f"-x {shlex.quote(self.proxy_url)}")
        return " ".join(options)

    def context(self) -> ssl.SSLContext:
        """What checks certificates, made once. Raises AccordError for files that are not what they should be."""
        return _context(self.ca_file, self.client_cert, self.client_key_file, self.insecure)

    def to_json(self) -> Mapping[str, Any]:
        """What a report says of it: only what differs from going straight there, and nothing secret."""
        found: dict[str, Any] = {}
        if self.headers:
            found["headers"] = {name: shown(value) for name, value in self.headers}
        if self.insecure:
            found["insecure"] = True
        if self.proxy_url:
            found["proxy"] = f"http://{_proxy(self.proxy_url).place}"
        return found


def given_headers(own: Mapping[str, str], gate: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The headers of a request and those for the gate, which take the place of others of their name."""
    names = {name.lower() for name, _ in gate}
    return {**{name: value for name, value in own.items() if name.lower() not in names}, **dict(gate)}


def proxy_secrets(url: str) -> tuple[str, ...]:
    """The password in the URL of a proxy, as it is written and as it is meant."""
    try:
        written = urlsplit(url).password or ""
    except ValueError:
        return (url,)
    return tuple(dict.fromkeys((written, unquote(written)))) if written else ()


def _headers(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    if len(lines) > _MOST_HEADERS:
        raise AccordError(f"--header is given {len(lines)} times, and servers take no endless headers.", f"Give {_MOST_HEADERS}.")
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.strip(" \t"), value.strip(" \t")
        # What is malformed is not shown: a part of it may be secret.
        if not colon:
            raise AccordError("A --header has no colon.", _FORM)
        if not _TOKEN.fullmatch(name):
            raise AccordError("A --header has a name that no header has.", _FORM)
        if not value or not value.isascii() or not all(one.isprintable() or one == "\t" for one in value):
            raise AccordError(f"The value of --header {name} is empty, or not of printable ASCII.", _FORM)
        low = name.lower()
        if low == "content-length" or _CONNECTION.fullmatch(low):
            hint = "Give the proxy's user and password in --proxy." if low == "proxy-authorization" else "Leave it out."
            raise AccordError(f"--header {name} is about a connection, and the suite sends its own.", hint)
        if _CONTRACT.fullmatch(low):
            raise AccordError(
                f"--header {name} is a header that the contract defines or the suite varies, and part of what is judged.",
                "Have the gate take another header, or a client certificate.",
            )
        if low in seen:
            raise AccordError(f"--header {name} is given twice.", "Give each header once.")
        seen.add(low)
        yield name, value


def _proxy(url: str) -> Proxy:
    hint = "Write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT."
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError as error:
        raise AccordError("--proxy is not a URL of a proxy.", hint) from error
    if parts.scheme != "http" or not host or parts.path not in ("", "/") or parts.query or parts.fragment or not url.isprintable():
        raise AccordError("--proxy is not the URL of an HTTP proxy.", hint)
    if not url.isascii() or " " in url:
        raise AccordError("--proxy has characters that no URL has.", "Percent-encode them.")
    if parts.username is None:
        return Proxy(host, port)
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(host, port, f"Basic {b64encode(pair.encode()).decode()}")


@cache
def _context(ca_file: str, client_cert: str, client_key_file: str, insecure: bool) -> ssl.SSLContext:
    """Trust what this machine, SSL_CERT_FILE and --ca-file say, and the usual authorities."""
    import certifi

    named = os.environ.get("SSL_CERT_FILE")
    if named and not os.access(named, os.R_OK):
        # OpenSSL would silently ignore the file, and trust one authority less.
        raise FileNotFoundError(errno.ENOENT, f"SSL_CERT_FILE names {named}, which cannot be read")
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file:
        _load(lambda: context.load_verify_locations(ca_file), "--ca-file", ca_file, "certificates in PEM")
    if client_cert:
        what = "a certificate and its private key in PEM, which belong together"
        files = f"{client_cert} and {client_key_file}" if client_key_file else client_cert
        option = "--client-cert with --client-key-file" if client_key_file else "--client-cert"
        _load(lambda: context.load_cert_chain(client_cert, client_key_file or None, _no_password), option, files, what)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load(load: Any, option: str, path: str, what: str) -> None:
    try:
        load()
    except ssl.SSLError as error:
        raise AccordError(f"{option}: {path} does not hold {what}: {error.reason or error}.", f"Correct {option}.") from error
    except OSError as error:
        raise AccordError(f"{option}: {path} cannot be read: {error.strerror}.", f"Correct {option}.") from error


def _no_password() -> str:
    # Or OpenSSL would ask for it at the terminal.
    raise AccordError("--client-key-file is protected by a passphrase.", "Give a private key without one.")
