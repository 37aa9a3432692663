"""Where requests go to, and what is added to them for a gate before the server."""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from accord.base.errors import AccordError

_HEADER = re.compile(r"(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?P<value>[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)")
_OF_FRAMING = ("connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade")


@dataclass(frozen=True)
class Upstream:
    """A server: its address, its base path without a final slash, and headers that every request gets.

    `host_header` is what `Host` is replaced by; empty leaves it as the client sent it.
    """

    host: str
    port: int
    base: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    host_header: str = ""
    context: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str, *, header: Sequence[str] = (), ca_file: str = "", insecure: bool = False) -> "Upstream":
        """Return the server at a URL. Raises AccordError for options that cannot be used."""
        parts = urlsplit(url)
        is_tls = parts.scheme.lower() == "https"
        host = parts.hostname or ""
        given = [_header(text) for text in header]
        named = next((value for name, value in given if name.lower() == "host"), "")
        rest = tuple((name, value) for name, value in given if name.lower() != "host")
        return cls(
            host,
            parts.port or (443 if is_tls else 80),
            parts.path.rstrip("/"),
            rest,
            named or ("" if _goes_by_no_name(host) else parts.netloc),
            _context(ca_file, insecure=insecure) if is_tls else None,
        )

    @property
    def is_unchanged(self) -> bool:
        """Whether requests go there byte for byte as they came."""
        return not (self.base or self.headers or self.host_header)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection. Raises OSError."""
        return await asyncio.open_connection(
            self.host, self.port, ssl=self.context, server_hostname=self.host if self.context else None
        )

    def changed_head(self, head: bytes) -> bytes:
        """Return the head of a request with the base path, the host and the headers of the gate; the rest as it is."""
        first, *lines = head.lstrip(b"\r\n").split(b"\r\n")
        method, _, rest = first.partition(b" ")
        if rest.startswith(b"/"):
            rest = self.base.encode() + rest
        replaced = {name.lower().encode(): f"{name}: {value}".encode() for name, value in self.headers}
        if self.host_header:
            replaced[b"host"] = f"Host: {self.host_header}".encode()
        kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in replaced]
        # Added headers come first, since `kept` ends with the empty line that ends the head.
        return b"\r\n".join([method + b" " + rest, *replaced.values(), *kept])


def _header(text: str) -> tuple[str, str]:
    found = _HEADER.fullmatch(text.strip())
    if found is None:
        raise AccordError("A --header is none.", "Write it as --header 'NAME: VALUE', in ASCII.")
    if found["name"].lower() in _OF_FRAMING:
        raise AccordError(f"--header {found['name']} says where a request ends, which only its sender knows.", "Leave it out.")
    return found["name"], found["value"]


def _goes_by_no_name(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _context(ca_file: str, *, insecure: bool) -> ssl.SSLContext:
    if insecure and ca_file:
        raise AccordError("--insecure checks no certificate, so that --ca-file would be for nothing.", "Give one of them.")
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise AccordError(f"--ca-file {ca_file} cannot be used: {error.strerror or error}.", "Give a file of PEM.") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
