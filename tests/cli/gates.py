"""What stands in front of a staging server: TLS with a private certificate authority, and a gate that requires a header."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme

from mockserver.serving.server import WsgiApp
from tests.cli.proxies import closing, listening


@dataclass(frozen=True)
class Authority:
    """A private certificate authority, and the certificate files that a client needs."""

    folder: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    @property
    def ca_file(self) -> str:
        path = self.folder / "authority.pem"
        self.ca.cert_pem.write_to_path(str(path))
        return str(path)

    def client(self) -> tuple[str, str]:
        """Return the paths of a client certificate and of its private key."""
        issued = self.ca.issue_cert("ci@example.com")
        certificate, key = self.folder / "client.pem", self.folder / "client.key"
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        return str(certificate), str(key)

    def server(self, *names: str, wants_client: bool = False, **issued: Any) -> ssl.SSLContext:
        """Return the TLS context of a server with these names; `wants_client` requires a client certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*(names or ("localhost", "127.0.0.1")), **issued).configure_cert(context)
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ca.configure_trust(context)
        return context


@contextmanager
def behind_tls(url: str, context: ssl.SSLContext) -> Iterator[str]:
    """Yield the https:// URL of a proxy that passes everything on to a server."""
    there = urlsplit(url)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(there.hostname, there.port)
        with closing(up_writer):
            await asyncio.gather(_copy(reader, up_writer), _copy(up_reader, writer))

    with listening(carry, context) as plain:
        yield plain.replace("http://", "https://")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


def gated(app: WsgiApp, name: str, value: str, turned_away: list[str]) -> WsgiApp:
    """Wrap an application: requests with the header get through, all others are refused with 403 and noted."""
    variable = f"HTTP_{name.upper().replace('-', '_')}"

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get(variable) == value:
            return app(environ, start_response)
        turned_away.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start_response("403 Forbidden", [("Content-Type", "text/html")])
        return [b"<h1>Staging</h1>"]

    return answer
