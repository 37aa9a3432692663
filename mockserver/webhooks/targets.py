"""Which addresses receivers may have: those of this machine, and those of hosts that were allowed.

A name is looked up when somebody subscribes, so that a mistake is told at once, and again when a connection is made, which goes to
the very address that was checked. So a name that leads to this machine at first, and elsewhere later ("DNS rebinding"), is refused
later.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from accord.base.errors import AccordError

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}")
_LONGEST_URL = 2000
_SECONDS_TO_LOOK_UP = 1.0


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
            self._check_member(parts.hostname, [parts.hostname])
        return parts

    def check_for_subscription(self, url: str) -> None:
        """Raise AccordError for the URL of a receiver that cannot be sent to, or whose name leads elsewhere now."""
        host = self.checked(url).hostname or ""
        if not _is_address(host):
            self._check_member(host, self._addresses(host))

    def _check_member(self, host: str, addresses: Iterable[str]) -> None:
        try:
            for address in addresses:
                self._check(host, address)
        except TargetRefusedError as error:
            raise AccordError(f"The member url is refused: {error}") from None

    def _addresses(self, host: str) -> list[str]:
        """Return the addresses of a name; none if it is not found within a second, as `connect` looks it up again."""
        if host.lower() in self.allowed:
            return []
        found: list[str] = []

        def look_up() -> None:
            with suppress(OSError, UnicodeError):
                found.extend(str(address[0]) for *_, address in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))

        # On a thread, to limit the time: a look-up may be slow, and nothing else is done meanwhile.
        thread = threading.Thread(target=look_up, daemon=True)
        thread.start()
        thread.join(_SECONDS_TO_LOOK_UP)
        return [*found]

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
