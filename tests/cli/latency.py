"""A proxy that makes a server seem far away: requests reach it later, as over a long distance.

python -m tests.cli.latency http://127.0.0.1:4010 0.1
"""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

from tests.cli.proxies import closing, listening


@contextmanager
def far_away(url: str, seconds: float) -> Iterator[str]:
    """Yield the URL of a proxy to the server at `url` that delays each request by `seconds`."""
    with listening(partial(_carry, url, seconds)) as address:
        yield address


async def _carry(url: str, seconds: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    target = urlsplit(url)
    back, forth = await asyncio.open_connection(target.hostname, target.port)
    with closing(forth):
        await asyncio.gather(_copy(reader, forth, seconds), _copy(back, writer, 0.0))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Copy data in order, each piece delayed by `seconds`."""
    loop = asyncio.get_running_loop()
    try:
        while data := await reader.read(1 << 20):
            loop.call_later(seconds, writer.write, data)
    except ConnectionError:
        # One side has closed the connection, so the other side is closed as well.
        pass
    loop.call_later(seconds, writer.close)


if __name__ == "__main__":
    with far_away(sys.argv[1], float(sys.argv[2])) as address:
        print(address, flush=True)
        threading.Event().wait()
