"""Where a mock listens."""

import socket

from accord.errors import AccordError

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
        raise AccordError(
            f"The mock cannot listen on {host}:{port}: {reason}.", "Choose another --port (0 takes a free one) or --host."
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The address of the server on that socket, such as `http://127.0.0.1:4010`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
