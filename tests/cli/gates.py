"""What stands before a staging server: TLS by an authority of one's own, a gate that wants a header, and a forward proxy."""

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
    """A certificate authority of one's own, and the files that a client needs."""

    folder: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    @property
    def ca_file(self) -> str:
        path = self.folder / "authority.pem"
        self.ca.cert_pem.write_to_path(str(path))
        return str(path)

    def client(self) -> tuple[str, str]:
        """The files of a client certificate and of its private key."""
        issued = self.ca.issue_cert("ci@example.com")
        certificate, key = self.folder / "client.pem", self.folder / "client.key"
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        return str(certificate), str(key)

    def server(self, *names: str, wants_client: bool = False, **issued: Any) -> ssl.SSLContext:
        """What a server of these names shows, and whether it wants a client certificate of the same authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*(names or ("localhost", "127.0.0.1")), **issued).configure_cert(context)
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ca.configure_trust(context)
        return context


@contextmanager
def behind_tls(url: str, context: ssl.SSLContext) -> Iterator[str]:
    """The https:// URL of what passes everything on to a server."""
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
    """An application that lets through what carries a header, and notes what it turned away."""
    variable = f"HTTP_{name.upper().replace('-', '_')}"

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get(variable) == value:
            return app(environ, start_response)
        turned_away.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        start_response("403 Forbidden", [("Content-Type", "text/html")])
        return [b"<h1>Staging</h1>"]

    return answer
