"""Who may steer and read the mock: the names that it goes by, the origins whose pages may, and the token."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from accord.base.errors import AccordError
from mockserver.webhooks.targets import is_loopback

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")

OFF = "The control API of this mock is off (--no-control)."
NEEDS_TOKEN = "Beyond loopback the control API is off without a token. Start the mock with --control-token to use it."

_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s:/?#\[\]@,]+))(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^\s/?#@,]+)")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{8,512}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class HostName(NamedTuple):
    """A name or an IP address in lower case, an IPv6 address without its brackets; `port` is None where none was given."""

    name: str
    port: int | None


@dataclass(frozen=True, slots=True)
class Access:
    """States who may use the control API. The default is for a mock that listens on loopback.

    `names` are host names besides those of loopback, valid with the port on which the mock listens. `any_address` accepts any IP
    address as host name, for a mock that listens on all of them. `hosts` are names of something in front of the mock, such as a
    proxy; one without a port is valid with every port. `origins` are those whose pages may use it. `token`, unless it is None, must
    come with every request. `off` tells why there is no control API; empty if there is one.
    """

    names: frozenset[str] = frozenset()
    hosts: frozenset[HostName] = frozenset()
    any_address: bool = False
    origins: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)
    off: str = ""


def access(
    *,
    host: str = "127.0.0.1",
    address: str = "127.0.0.1",
    control: bool = True,
    hosts: Iterable[str] = (),
    origins: Iterable[str] = (),
    token: str | None = None,
) -> Access:
    """Return who may steer a mock that was told to listen on `host`, and listens on the IP address `address`.

    hosts: further names by which the mock is reached, such as `mock.example` or `mock.example:8080`.
    origins: those whose pages may steer and read the mock, such as `http://localhost:5173`.
    token: what each control request has to send.

    Raises AccordError for a name, origin or token that cannot be one.
    """
    if token is not None and not _TOKEN.fullmatch(token):
        # The message does not quote the token, since even a mistyped one gives away most of a secret.
        raise AccordError(
            "The value of --control-token cannot be a token.", "Use 8 to 512 of A-Z a-z 0-9 . _ ~ + / = -, for example a UUID."
        )
    given = frozenset(_named(name) for name in hosts)
    allowed = frozenset(_origin(origin) for origin in origins)
    listening = ipaddress.ip_address(address.partition("%")[0])
    own = () if listening.is_unspecified else (host.lower(), str(listening))
    off = "" if control else OFF
    if control and token is None and not is_loopback(address):
        off = NEEDS_TOKEN
    return Access(frozenset(own), given, listening.is_unspecified, allowed, token, off)


def is_address(name: str) -> bool:
    """Tell whether the name is an IP address."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_name(text: str) -> HostName | None:
    """Read what a `Host` header or an option names; None if that is no name."""
    found = _HOST.fullmatch(text)
    if found is None:
        return None
    return HostName((found["six"] or found["name"]).lower(), int(found["port"]) if found["port"] else None)


def default_port(scheme: str) -> int | None:
    """Return the port that URLs of that scheme leave out."""
    return _DEFAULT_PORTS.get(scheme)


def _named(text: str) -> HostName:
    found = host_name(text)
    if found is None:
        raise AccordError(f"{text[:120]!r} is no name of a host (--control-host).", "For example mock.example or localhost:8080.")
    return found


def _origin(text: str) -> str:
    """The origin as browsers write it: in lower case, without a default port or a final slash."""
    found = _ORIGIN.fullmatch(text.removesuffix("/"))
    host = host_name(found["host"]) if found else None
    if found is None or host is None:
        raise AccordError(f"{text[:120]!r} is no origin (--control-origin).", "For example http://localhost:5173.")
    scheme = found["scheme"].lower()
    shown = f"[{host.name}]" if ":" in host.name else host.name
    return f"{scheme}://{shown}" if host.port in (None, default_port(scheme)) else f"{scheme}://{shown}:{host.port}"
