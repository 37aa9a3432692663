"""A socket whose every wait ends: at the deadline of the request, or as soon as the run is over."""

import os
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable

from contract_tests.transport.stopping import SLICE, Deadline

_Address = tuple[int, int, int, object]
"""The family, the kind, the protocol and the address of a socket."""


class OutOfTime(Exception):
    """The deadline of a request has passed."""


class Wire:
    """A connection to a host, by TLS where `tls` is given. Not safe to use from several threads.

    `until` is the moment, by time.monotonic(), at which whatever is going on raises OutOfTime; Stopped is raised where the run is
    over, and has been for `grace` seconds.
    """

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None, until: float, run: Deadline) -> None:
        self.until = until
        self.grace = 0.0
        self._run = run
        self._over_since: float | None = None
        self._short = False
        self._socket = self._connected(host, port)
        try:
            # A slice at a time: setting another timeout for each request would cost more than looking at the clock.
            self._socket.settimeout(SLICE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self.encrypt(tls, host)
        except BaseException:
            self._socket.close()
            raise

    def encrypt(self, tls: ssl.SSLContext, host: str) -> None:
        """Go on by TLS, with a host of this name: at once, or behind a proxy, when that has opened its tunnel."""
        self._socket = self._encrypted(self._socket, tls, host)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def is_readable(self) -> bool:
        """Whether something came, or the other side closed the connection."""
        return _ready(self._socket, 0)

    def send(self, data: bytes) -> bool:
        """Send all of it, or as much as is taken before a response comes. Return whether all was sent.

        A server may refuse a large body before it has read it, and close the connection: that response counts.
        """
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except (TimeoutError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                if self.is_readable():
                    return False
                self._check()
            except (BrokenPipeError, ConnectionResetError):
                return False
        return True

    def receive(self, most: int) -> bytes:
        """Return what came, at most so many bytes; none where the connection was closed."""
        while True:
            self._check()
            try:
                return self._socket.recv(most)
            except OSError as error:
                if not _only_waited(error):
                    raise
            finally:
                if self._short:
                    self._short = False
                    self._socket.settimeout(SLICE)

    def _check(self) -> None:
        self._check_run()
        left = self.until - time.monotonic()
        if left <= 0:
            raise OutOfTime
        if left < SLICE:
            self._short = True
            self._socket.settimeout(left)

    def _check_run(self) -> None:
        if not self.grace:
            self._run.check()
        elif self._run.over:
            now = time.monotonic()
            self._over_since = self._over_since or now
            if now - self._over_since > self.grace:
                self._run.check()

    def _connected(self, host: str, port: int) -> socket.socket:
        error: OSError = OSError("the host has no address")
        for family, kind, protocol, address in self._addresses(host, port):
            opened = socket.socket(family, kind, protocol)
            try:
                self._connect(opened, address)
            except OSError as reason:
                opened.close()
                error = reason
            except BaseException:
                opened.close()
                raise
            else:
                return opened
        raise error

    def _addresses(self, host: str, port: int) -> list[_Address]:
        try:
            return _looked_up(host, port, socket.AI_NUMERICHOST)
        except socket.gaierror:
            found = _LookUp(host, port)
        self._wait_until(lambda: found.wait(SLICE))
        return found.addresses()

    def _connect(self, opened: socket.socket, address: object) -> None:
        opened.settimeout(min(SLICE, max(self.until - time.monotonic(), 0.001)))
        try:
            opened.connect(address)  # type: ignore[arg-type]
        except TimeoutError:
            # The attempt to connect goes on by itself.
            self._wait_until(lambda: _ready(opened, SLICE, writing=True))
            if number := opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(number, os.strerror(number)) from None

    def _encrypted(self, plain: socket.socket, tls: ssl.SSLContext, host: str) -> ssl.SSLSocket:
        encrypted = tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        self._socket = encrypted
        self._wait_until(lambda: _shakes_hands(encrypted))
        return encrypted

    def _wait_until(self, done: Callable[[], bool]) -> None:
        """Take a step, which waits for a slice at most, until it is done."""
        while not done():
            self._run.check()
            if time.monotonic() > self.until:
                raise OutOfTime


class _LookUp:
    """Looks up the addresses of a host in a thread: nothing can interrupt the look-up, and the process does not wait for it."""

    def __init__(self, host: str, port: int) -> None:
        self._found: list[_Address] | OSError = []
        self._done = threading.Event()
        threading.Thread(target=self._look_up, args=(host, port), name=f"addresses of {host}", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Whether it is done within so many seconds."""
        return self._done.wait(seconds)

    def addresses(self) -> list[_Address]:
        """Return what was found, once it is done. Raises OSError where the host is not known."""
        if isinstance(self._found, OSError):
            raise self._found
        return self._found

    def _look_up(self, host: str, port: int) -> None:
        try:
            self._found = _looked_up(host, port)
        except OSError as error:
            self._found = error
        finally:
            self._done.set()


def _looked_up(host: str, port: int, flags: int = 0) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, kind, protocol, address) for family, kind, protocol, _, address in found]


def _ready(opened: socket.socket, seconds: float, *, writing: bool = False) -> bool:
    """Whether it can be read from, or written to, within so many seconds."""
    if not hasattr(select, "poll"):
        waiting = ([], [opened]) if writing else ([opened], [])
        return any(select.select(*waiting, [], seconds))
    poll = select.poll()
    poll.register(opened, select.POLLOUT if writing else select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _shakes_hands(encrypted: ssl.SSLSocket) -> bool:
    try:
        encrypted.do_handshake()
    except OSError as error:
        if not _only_waited(error):
            raise
        return False
    return True


def _only_waited(error: OSError) -> bool:
    """Return whether nothing went wrong except that a slice of time passed. For that, gevent raises an SSLError of its own."""
    waited = isinstance(error, TimeoutError | ssl.SSLWantReadError | ssl.SSLWantWriteError)
    return waited or (isinstance(error, ssl.SSLError) and "timed out" in str(error))
