"""Looking at what comes over a connection."""

import socket


def until_closed(connection: socket.socket) -> bytes:
    """What comes until the connection is closed."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received
