"""The connections of this process, found among its open files by their clients: Granian does not hand them out."""

import os
import socket
import stat
import struct
import sys
from contextlib import suppress

_OPEN_FILES = "/dev/fd"

_TCP_INFO = struct.Struct("=128xQ")
"""`struct tcp_info` of Linux up to the count of bytes received."""


def connection_of(client: str, port: int) -> socket.socket | None:
    """Find the connection of a client, such as `127.0.0.1:40000` or `[::1]:40000`, to this port. None if it is closed.

    The result is a duplicate of Granian's own socket. The caller must close it, which does not end the connection.
    """
    host, _, number = client.rpartition(":")
    wanted = (_plain(host), int(number))
    for name in os.listdir(_OPEN_FILES):
        try:
            if not stat.S_ISSOCK(os.stat(int(name)).st_mode):
                continue
            found = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue  # Closed since it was listed.
        if _is_between(found, wanted, port):
            return found
        found.close()
    return None


def hang_up(client: str, port: int) -> None:
    """Close the connection of a client, in both directions. Nothing happens if it is closed already."""
    connection = connection_of(client, port)
    if connection is not None:
        with connection, suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def send_and_hang_up(client: str, port: int, data: bytes) -> None:
    """Send bytes past Granian, and close the connection. Nothing happens if it is closed already."""
    connection = connection_of(client, port)
    if connection is not None:
        with connection, suppress(OSError):
            connection.send(data)
            connection.shutdown(socket.SHUT_RDWR)


def bytes_received(connection: socket.socket) -> int | None:
    """How many bytes came by a connection so far; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        return int(_TCP_INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size))[0])
    except (OSError, struct.error):
        return None


def _is_between(connection: socket.socket, client: tuple[str, int], port: int) -> bool:
    if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
        return False
    try:
        host, number = connection.getpeername()[:2]
        return (_plain(host), number) == client and connection.getsockname()[1] == port
    except OSError:
        return False  # It listens, or the client is gone.


def _plain(host: str) -> str:
    """An address without brackets and without the zone of link-local ones, which is written in several ways."""
    return host.strip("[]").partition("%")[0]
