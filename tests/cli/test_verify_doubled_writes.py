"""A write that is repeated after a gateway's error or a closed connection may be done twice: that fails no server."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver.app import create_app
from mockserver.serving.server import WsgiApp, serving
from tests.cli.command import Ended, key_options
from tests.cli.proxies import closing, listening

Verify = Callable[..., Ended]
AREAS = ("create.*", "messages.*", "resolve.*", "list.*")
EVERY = 29


class Gateway:
    """Passes requests on. Now and then it responds to a write with an error of its own, although the write was done."""

    def __init__(self, app: WsgiApp, status: str) -> None:
        self._app = app
        self._status = status
        self._writes = 0
        self.lost = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = self._app(environ, start_response)
        if environ["REQUEST_METHOD"] != "POST":
            return answer
        self._writes += 1
        if self._writes % EVERY:
            return answer
        self.lost += 1
        start_response(self._status, [("Content-Type", "text/html")])
        return [b"<h1>Bad gateway</h1>"]


class Cutter:
    """A proxy that now and then closes the connection after a write was done, without passing its response on."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._writes = 0
        self.lost = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection(self._target.hostname, self._target.port)
        with closing(forth):
            while asked := await reader.read(1 << 21):
                forth.write(asked)
                answer = await back.read(1 << 21)
                if asked.startswith(b"POST"):
                    self._writes += 1
                    if self._writes % EVERY == 0:
                        self.lost += 1
                        return
                writer.write(answer)


@contextmanager
def cutting(url: str) -> Iterator[tuple[str, Cutter]]:
    cutter = Cutter(url)
    with listening(cutter.carry) as address:
        yield address, cutter


def judged(verify: Verify, url: str, areas: Iterable[str] = AREAS) -> Ended:
    patterns = [part for area in areas for part in ("--only", area)]
    return verify(url, *key_options(), "--effort", "quick", "--workers", 1, *patterns)


@pytest.mark.extended
@pytest.mark.parametrize("status", ["502 Bad Gateway", "504 Gateway Timeout"])
def test_a_gateway_that_loses_answers(verify: Verify, status: str) -> None:
    gateway = Gateway(create_app(scenario="empty"), status)
    with serving(gateway) as url:
        ended = judged(verify, url)
    assert gateway.lost > 5
    assert not ended.with_outcome("failed"), ended.said
    assert ended.code == 3, ended.said


@pytest.mark.extended
def test_connections_that_are_closed_when_a_write_is_done(verify: Verify) -> None:
    with serving(create_app(scenario="empty")) as behind, cutting(behind) as (url, cutter):
        ended = judged(verify, url, ("create.*", "resolve.*"))
    assert cutter.lost > 5
    assert not ended.with_outcome("failed"), ended.said
    assert ended.code == 3, ended.said
