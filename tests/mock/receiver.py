"""A receiver of webhooks for tests: it keeps what comes as it came, and responds as it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from mockserver.testing.webhook_receiver import listening

SECRET = "whsec-0123456789abcdef"


@dataclass
class Received:
    """A request, headers as (name, value) in their order."""

    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Receiver:
    """`respond` returns the status of the response to the n-th request, counted from 1; None closes without one."""

    url: str
    respond: Callable[[int, Received], int | None]
    received: list[Received] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, one: Received) -> int | None:
        with self._changed:
            self.received.append(one)
            number = len(self.received)
            self._changed.notify_all()
        return self.respond(number, one)

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Received]:
        """Wait for `count` requests, and return them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, seconds), f"{len(self.received)} of {count} came"
            return list(self.received)

    def events(self) -> list[str]:
        return [one.json["event"] for one in self.received]


@contextmanager
def receiving(respond: Callable[[int, Received], int | None] = lambda *_: 204) -> Iterator[Receiver]:
    """A receiver on a free port, for as long as the block runs."""
    with listening(lambda path, headers, body: receiver.take(Received(path, headers, body))) as url:
        receiver = Receiver(url, respond)
        yield receiver
