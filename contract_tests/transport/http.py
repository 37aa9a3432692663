"""One connection to a server: HTTP/1.1, and nothing that a test did not ask for.

`requests` and urllib3 merge settings, cookies, proxies and retries into each request, which costs more than a server takes to
answer. `http.client` bounds neither the time that a response takes nor its size: see `receiving.py`.
"""

import re
import socket
import ssl
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, quote, urlsplit

from contract_tests.transport.access import Access, Proxy
from contract_tests.transport.encodings import TooLarge
from contract_tests.transport.receiving import Ended, Malformed, Receiver
from contract_tests.transport.stopping import Deadline
from contract_tests.transport.wire import OutOfTime, Wire

_PORTS = {"http": 80, "https": 443}
_METHOD = re.compile(r"[!-~]+")
_TARGET = re.compile(r"[!-~]+")
_NAME = re.compile(r"[^:\s][^:\r\n]*")
_LINE_END = re.compile(r"[\r\n]")
_OWN_CA = "give the certificate of the authority that issued it by --ca-file, or by SSL_CERT_FILE"


class NoResponse(Exception):
    """No response came, for the reason that is its text. `advice` says what to do about it, where that is known.

    `lasting` says that waiting for the server to start does not help.
    """

    advice = ""

    def __init__(self, reason: str, advice: str = "", *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.advice = advice or self.advice
        self.lasting = lasting


class TooSlow(NoResponse):
    """None came within the time limit."""

    advice = "Raise --timeout, or see why the server is slow."

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no whole response came within the time limit of {seconds:g} s")


class Oversized(NoResponse):
    """One came that is larger than what is read of any."""

    advice = "No response of this API is that large: see what answers at this URL."


class Closed(NoResponse):
    """The connection was closed, or spoke no HTTP, before a response was whole."""

    advice = "See the server's log. If it takes TLS at this port, write https://."


@dataclass(frozen=True, slots=True)
class RawResponse:
    """What came back. Header names are in lower case; those that came several times are joined by commas."""

    status: int
    headers: dict[str, str]
    body: bytes


class Line(Protocol):
    """What carries requests to a server: a connection, or something in its place."""

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, grace: float = 0.0) -> RawResponse:
        """Send a request and return the response. `target` is what follows the base URL. Raises NoResponse where none comes.

        Where the run is over meanwhile, the response is waited for `grace` seconds longer.
        """
        ...

    def close(self) -> None:
        """Let go of what is held; it can be used again."""
        ...


class Connection:
    """A line that is opened with the first request, kept open, and opened anew where the server closed it meanwhile.

    `timeout` is in seconds, from the sending of a request to the last byte of its response; `run` says when all of it ends. Not
    safe to use from several threads. `access` says how the server is reached.
    """

    def __init__(self, base_url: str, timeout: float, run: Deadline | None = None, access: Access | None = None) -> None:
        self._access = access or Access()
        self._proxy = self._access.proxy
        self._base_url = base_url
        self._timeout = timeout
        self._run = run or Deadline()
        self._wire: Wire | None = None
        self._prefix = ""
        self._host = ""
        self._to_proxy: tuple[str, ...] = ()

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, grace: float = 0.0) -> RawResponse:
        """Send a request and return the response. `target` is what follows the base URL.

        Raises NoResponse where none comes, Stopped where the run is over, and has been for `grace` seconds.
        """
        try:
            return self._exchanged(method, target, headers, body, grace)
        except (NoResponse, OutOfTime, Ended, Malformed, TooLarge, OSError, ValueError) as error:
            self.close()
            # Callers may keep an exception for long, and its frames hold everything that was read until then.
            traceback.clear_frames(error.__traceback__)
            raise self._told(error) from error
        except BaseException:
            # Whatever comes yet would be taken for the response to the next request.
            self.close()
            raise

    def close(self) -> None:
        """Let go of the socket; the next request opens another."""
        if self._wire is not None:
            self._wire.close()
        self._wire = None

    def _exchanged(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, grace: float) -> RawResponse:
        until = time.monotonic() + self._timeout
        if self._wire is not None and self._wire.is_readable():
            # No response is due, so this can only mean that the server closed the idle connection.
            self.close()
        if not self._host:
            self._read_url()
        request = self._request(method, target, headers, body)
        if self._wire is None:
            self._wire = self._opened(until)
        wire = self._wire
        wire.until, wire.grace = until, grace
        # Head and body together: a server that gets them apart is woken twice.
        sent = wire.send(request)
        response = Receiver(wire.receive).response(method)
        if self._proxy is not None and response.status == _PROXY_ASKS:
            raise _refused_by(self._proxy, response.status)
        if not (sent and response.reusable):
            self.close()
        return RawResponse(response.status, response.headers, response.body)

    def _read_url(self) -> None:
        url = urlsplit(self._base_url)
        if url.scheme not in _PORTS:
            raise NoResponse(f"{self._base_url} begins neither with http:// nor with https://")
        self._prefix, self._host = encoded(url.path), _host(url)
        if self._proxy is not None and url.scheme == "http":
            # A proxy is told where to (RFC 9112, section 3.2.2).
            self._prefix = f"http://{self._host}{self._prefix}"
            self._to_proxy = _authorization(self._proxy)

    def _opened(self, until: float) -> Wire:
        url = urlsplit(self._base_url)
        tls = self._access.context() if url.scheme == "https" else None
        host, port = url.hostname or "", url.port or _PORTS[url.scheme]
        if self._proxy is None:
            return Wire(host, port, tls, until, self._run)
        wire = Wire(self._proxy.host, self._proxy.port, None, until, self._run)
        if tls is not None:
            try:
                _open_tunnel(wire, self._proxy, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
                wire.encrypt(tls, host)
            except BaseException:
                wire.close()
                raise
        return wire

    def _request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """Return the request as bytes. Raises ValueError for parts that would make it another request than the one meant."""
        target = self._prefix + target
        if not _METHOD.fullmatch(method) or not _TARGET.fullmatch(target):
            raise ValueError(f"{method} {target!r} cannot travel in a request line")
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}", *self._to_proxy]
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or _LINE_END.search(value):
                raise ValueError(f"{name!r}: {value!r} cannot travel in a header")
            lines.append(f"{name}: {value}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return head + body if body else head

    def _closed(self, reason: str) -> Closed:
        # A server that refuses a client during TLS may close the connection before its alert has arrived.
        wants = self._base_url.lower().startswith("https:") and not self._access.client_cert
        return Closed(reason, "See the server's log. If it wants a client certificate, give --client-cert." if wants else "")

    def _told(self, error: Exception) -> NoResponse:
        """What went wrong with a connection, as a reader of a report understands it."""
        if isinstance(error, NoResponse):
            return error
        if isinstance(error, OutOfTime):
            return TooSlow(self._timeout)
        if isinstance(error, TooLarge):
            return Oversized(str(error))
        if isinstance(error, Ended):
            return self._closed(str(error))
        if isinstance(error, Malformed):
            return Closed(f"what came is no HTTP: {error}")
        if isinstance(error, OSError):
            return self._unreachable(error)
        # The URL has an impossible host or port.
        return NoResponse(str(error))

    def _unreachable(self, error: OSError) -> NoResponse:
        place = self._proxy.place if self._proxy is not None else urlsplit(self._base_url).netloc
        named = "--proxy" if self._proxy is not None else "the URL"
        reason = (error.strerror or str(error)).lower()
        if isinstance(error, ssl.SSLCertVerificationError):
            return NoResponse(f"certificate verify failed: {error.verify_message}", _about_certificate(error), lasting=True)
        if isinstance(error, ssl.SSLError) and error.reason in (
            "WRONG_VERSION_NUMBER",
            "UNEXPECTED_MESSAGE",
            "PACKET_LENGTH_TOO_LONG",
        ):
            place = urlsplit(self._base_url).netloc
            return NoResponse(f"{place} speaks no TLS", "Write http://, or give the port that takes TLS.", lasting=True)
        if isinstance(error, ssl.SSLError) and "CERTIFICATE" in (error.reason or "").upper():
            told = "it wants another client certificate" if self._access.client_cert else "it wants a client certificate"
            return NoResponse(f"TLS failed: {told}: {reason}", "Give --client-cert and --client-key-file.", lasting=True)
        if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError | ssl.SSLEOFError):
            return self._closed(reason)
        if isinstance(error, ssl.SSLError):
            return NoResponse(f"TLS failed: {reason}", "See which versions and ciphers of TLS the server takes.", lasting=True)
        if isinstance(error, socket.gaierror):
            return NoResponse(f"the host name has no address: {reason}", f"Check the host name in {named}, and this machine's DNS.")
        if isinstance(error, ConnectionRefusedError):
            return NoResponse(f"{place}: {reason}", f"Nothing listens there: start it, or correct host and port of {named}.")
        if isinstance(error, FileNotFoundError):
            return NoResponse(error.strerror or reason, "Correct SSL_CERT_FILE, or unset it.", lasting=True)
        return NoResponse(reason, f"Check host and port of {named}, and the network between here and there.")


_PROXY_ASKS = 407


def _open_tunnel(wire: Wire, proxy: Proxy, to: str) -> None:
    """Have a proxy connect to a host (RFC 9110, section 9.3.6). Raises NoResponse where it refuses."""
    wire.send("\r\n".join([f"CONNECT {to} HTTP/1.1", f"Host: {to}", *_authorization(proxy), "", ""]).encode("latin-1"))
    # A response that opens a tunnel has no body, as that to HEAD; what a refusal says goes with the connection.
    status = Receiver(wire.receive).response("HEAD").status
    if not 200 <= status < 300:
        raise _refused_by(proxy, status)


def _refused_by(proxy: Proxy, status: int) -> NoResponse:
    if status == _PROXY_ASKS:
        hint = "Give user and password that it takes: --proxy http://USER:PASSWORD@HOST:PORT."
        return NoResponse(f"the proxy {proxy.place} answers {status}", hint, lasting=True)
    return NoResponse(
        f"the proxy {proxy.place} answers {status}", "See whether the proxy may connect to the server, and check --proxy."
    )


def _authorization(proxy: Proxy) -> tuple[str, ...]:
    return (f"Proxy-Authorization: {proxy.authorization}",) if proxy.authorization else ()


def _about_certificate(error: ssl.SSLCertVerificationError) -> str:
    """What to do about a certificate that is not trusted, by the number that OpenSSL gives the reason."""
    if error.verify_code == _EXPIRED:
        return f"Renew the certificate, or correct this machine's clock. For an authority of your own, {_OWN_CA}."
    if error.verify_code in _OTHER_HOST:
        return f"Use the name that the certificate is for. For an authority of your own, {_OWN_CA}."
    return f"If it is one of your own, {_OWN_CA}."


_EXPIRED, _OTHER_HOST = 10, (62, 64)


def encoded(path: str) -> str:
    """A path as it may travel. Most are percent-encoded already; the ids that a server makes need not be."""
    return (
        path
        if path.isascii() and path.replace("/", "").replace("-", "").isalnum()
        else quote(path, safe="%/:=&~+!$,;'@()*[]", errors="surrogatepass")
    )


def _host(url: SplitResult) -> str:
    """The Host header: the name as it is sought, and the port where it is not the usual one."""
    name = (url.hostname or "").encode("idna").decode() if not (url.hostname or "").isascii() else url.hostname or ""
    name = f"[{name}]" if ":" in name else name
    return name if url.port in (None, _PORTS[url.scheme]) else f"{name}:{url.port}"
