"""Which addresses receivers may have: those of this machine, and those of hosts that were allowed.

A name is looked up when a connection is made, and the connection goes to the very address that was checked. So a name that leads to
this machine when somebody subscribes, and elsewhere later ("DNS rebinding"), is refused later.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from accord.base.errors import AccordError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
_LONGEST_URL = 2000


class TargetRefusedError(Exception):
    """The receiver is at an address that nothing is sent to. Says why."""


class Targets:
    """Decides where events may be sent. `allowed` are the names of hosts beyond this machine, in lower case."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self.allowed = frozenset(map(_allowed, allowed))

    def checked(self, url: str) -> SplitResult:
        """Return the URL of a receiver in its parts. Raises AccordError for one that cannot be sent to."""
        hint = "For example http://127.0.0.1:9000/hooks."
        if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise AccordError("The member url is not a URL.", hint)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise AccordError("The member url is not a URL.", hint) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
            raise AccordError("The member url is not the URL of an HTTP server.", hint)
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise AccordError("The member url has a user, a password or a fragment, which is not sent.", "Leave it out.")
        if _is_address(parts.hostname):
            try:
                self._check(parts.hostname, parts.hostname)
            except TargetRefusedError as error:
                raise AccordError(f"The member url is refused: {error}") from None
        return parts

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """Return a connection to an address of the host that events may be sent to.

        timeout: seconds for each address. Raises TargetRefusedError, and OSError where nobody is there.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise OSError(f"{host} is no name of a host") from None
        for *_, address in found:
            self._check(host, str(address[0]))
        failure: OSError = OSError("The name has no address.")
        for *_, address in found:
            try:
                return socket.create_connection((str(address[0]), port), timeout)
            except OSError as error:
                failure = error
        raise failure

    def _check(self, host: str, address: str) -> None:
        if host.lower() not in self.allowed and not is_loopback(address):
            where = host if host == address else f"{host} is at {address}, which"
            raise TargetRefusedError(f"{where} is beyond this machine; start the mock with --webhook-allow {host} to send there.")


def is_loopback(address: str) -> bool:
    """Tell whether that IP address is one by which a machine reaches itself only. False for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _allowed(name: str) -> str:
    bare = name.removeprefix("[").removesuffix("]")
    if not _NAME.fullmatch(bare):
        raise AccordError(f"{name[:120]!r} is no name of a host (--webhook-allow).", "For example host.example, without a port.")
    return bare.lower()
