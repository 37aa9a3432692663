"""Where a mock listens."""

import errno
import ipaddress
import socket

from accord.base.errors import AccordError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4010
BACKLOG = 1024


def bind(host: str = DEFAULT_HOST, port: int = DEFAULT_PORT) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises AccordError if the port is taken or the host is not ours."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise AccordError(f"The mock cannot listen on {place[:200]}: {reason}.", _hint(error, port)) from error
    return listener


def _hint(error: Exception, port: int) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "Give --host a name or an address of this machine, such as 127.0.0.1."
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return f"Perhaps another mock does (`lsof -i :{port}` tells who): stop it, or choose another --port; 0 takes a free one."
    if code in (errno.EACCES, errno.EPERM):
        return "Ports below 1024 are for administrators: choose a higher --port; 0 takes a free one."
    if code == errno.EADDRNOTAVAIL:
        return "That is no address of this machine: choose another --host, such as 127.0.0.1."
    return "Choose another --port (0 takes a free one) or --host."


def bind_beside(listener: socket.socket) -> socket.socket | None:
    """A socket that listens on [::1], at the port of one that listens on 127.0.0.1: programs resolve `localhost` to either.

    None if the other listens elsewhere, or the machine has no such address. Raises AccordError if the port is taken there.
    """
    host, port = listener.getsockname()[:2]
    if host != DEFAULT_HOST or not _has_loopback_6():
        return None
    return bind("::1", port)


def _has_loopback_6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trying:
            trying.bind(("::1", 0))
    except OSError:
        return False
    return True


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """An address at which this machine reaches the server on that socket, such as `http://127.0.0.1:4010`."""
    host, port = listener.getsockname()[:2]
    # The address that means all addresses cannot be opened, so loopback takes its place.
    return _url({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, scheme)


def urls_elsewhere(listener: socket.socket, scheme: str = "http") -> list[str]:
    """The addresses at which other machines may reach the server on that socket; none if it listens on loopback."""
    host, port = listener.getsockname()[:2]
    if not is_beyond_loopback(listener):
        return []
    if host not in ("0.0.0.0", "::"):
        return [_url(host, port, scheme)]
    families = (socket.AF_INET,) if host == "0.0.0.0" else (socket.AF_INET, socket.AF_INET6)
    return [_url(own, port, scheme) for own in map(_own_address, families) if own is not None]


def is_beyond_loopback(listener: socket.socket) -> bool:
    """Whether others than this machine may reach the server on that socket."""
    return not ipaddress.ip_address(str(listener.getsockname()[0]).partition("%")[0]).is_loopback


def _own_address(family: socket.AddressFamily) -> str | None:
    """The address by which this machine would reach others; None if it could not."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            # Addresses for documentation: choosing a route sends nothing.
            asking.connect(("192.0.2.1" if family == socket.AF_INET else "2001:db8::1", 9))
            return str(asking.getsockname()[0])
    except OSError:
        return None


def _url(host: str, port: int, scheme: str) -> str:
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
