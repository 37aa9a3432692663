"""The latest requests, kept so that people can see what their front end sent and what it got."""

import io
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Protocol

from accord.base.redaction import Redactor
from mockserver.faults.active import DECIDED
from mockserver.http.messages import BYTES_OF_TEXT, Request, Response
from mockserver.keys.sent import CREDENTIALS, credentials_shown, redactor_for
from mockserver.model.caller import ApiKey

CAPACITY = 1000
"""How many requests are kept at most. Beyond that, the oldest ones are dropped."""

MOST_BYTES = 16 * 1024 * 1024
"""How many bytes are kept at most of all requests together. Beyond that, the oldest ones are dropped."""

LONGEST_BODY = 16 * 1024
"""Bytes of a body that are kept."""

REQUEST_ID = "accord.request_id"
"""The key in an environ of its request's id, which the response has in `X-Accord-Request-Id`."""

REPEATS = "accord.repeats"
"""The key in an environ of the id of the original request, if this one sends it again."""

_BYTES_BESIDES = 4096
"""The approximate bytes that an entry takes besides its texts."""

_Kept = tuple[str, int, str, str, int, int, dict[str, Any], bytes | None, Response, int]


class Redact(Protocol):
    """Hides keys; `cut` says that the text ends where something was cut."""

    def __call__(self, text: str, *, cut: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its response.

    `id` is unique across processes, `number` counts in this one. `came` is when it came, in nanoseconds since 1970, `took`
    how long it took, in nanoseconds.
    """

    id: str
    number: int
    namespace: str
    operation: str
    came: int
    took: int
    request: Request
    response: Response

    @property
    def body_is_whole(self) -> bool:
        """Whether the body of the request is kept as it was sent."""
        if self.request.data is None:
            environ = self.request.environ
            return environ.get("CONTENT_LENGTH", "0") in ("", "0") and "HTTP_TRANSFER_ENCODING" not in environ
        return len(self.request.data) < LONGEST_BODY

    def shown(self, known: Redactor, key: ApiKey | None = None) -> dict[str, Any]:
        """Return it as a JSON value. The known keys, and those that the request carried, are hidden wherever they occur.

        `key` is the one that the request was sent with, if it is one of the namespace.
        """
        environ = self.request.environ
        redact = redactor_for(known, environ).redact
        return {
            "id": self.id,
            "number": self.number,
            "namespace": self.namespace,
            "operation": self.operation,
            "at": datetime.fromtimestamp(self.came / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "milliseconds": round(self.took / 1e6, 3),
            "key": None if key is None else {"name": key.name, "tier": key.tier},
            "decided_by": _decision(self.response.decided_by),
            "repeats": self.request.environ.get(REPEATS),
            "request": {
                "method": environ.get("REQUEST_METHOD", ""),
                "path": redact(_text(environ.get("PATH_INFO", "").encode("latin-1", "replace"))),
                "query": redact(self.request.query),
                "headers": dict(_headers(environ, redact)),
                "body": None if self.request.data is None else _body(self.request.data, redact),
            },
            "response": {
                "status": self.response.status,
                "headers": {name: redact(value) for name, value in self.response.headers.items()},
                "body": _body(self.response.body, redact),
            },
        }


class Journal:
    """The latest requests of all namespaces, newest last: at most so many, and so many bytes. Safe to use from several threads."""

    def __init__(self, capacity: int = CAPACITY, most_bytes: int = MOST_BYTES) -> None:
        self._capacity = capacity
        self._most_bytes = most_bytes
        self._entries: deque[_Kept] = deque()
        self._count = 0
        # Many processes may serve one namespace, each with a journal of its own.
        self._prefix = f"{secrets.token_hex(4)}-"
        self._next = count(1).__next__
        self._bytes = 0
        self._lock = threading.Lock()

    def new_id(self) -> str:
        """Return an id for a request that came just now."""
        return f"{self._prefix}{self._next()}"

    def add(self, namespace: str, operation: str, began: int, request: Request, response: Response) -> None:
        """Keep a request that came at `began`, by `time.perf_counter_ns`, and got its response just now.

        Its id is that of its environ, or a new one.
        """
        if self._capacity == 0:
            return
        environ = request.environ
        data = request.data
        if data is None and response.status >= 400:
            data = _unread(environ)
        size = environ.get(BYTES_OF_TEXT)
        if size is None or "werkzeug.request" in environ:
            environ, size = _texts(environ)
        if data is not None and len(data) > LONGEST_BODY:
            data = data[:LONGEST_BODY]
        if len(response.body) > LONGEST_BODY:
            response = response._replace(body=response.body[:LONGEST_BODY])
        size += _BYTES_BESIDES + len(response.body) + (0 if data is None else len(data))
        took = time.perf_counter_ns() - began
        id = environ.get(REQUEST_ID) or self.new_id()
        with self._lock:
            self._count += 1
            # This runs for every request, so it keeps a plain tuple, and an `Entry` is made only when somebody reads it.
            self._entries.append(
                (id, self._count, namespace, operation, time.time_ns() - took, took, environ, data, response, size)
            )
            self._bytes += size
            while len(self._entries) > self._capacity or (self._bytes > self._most_bytes and self._entries):
                self._bytes -= self._entries.popleft()[-1]

    def entries(self, namespace: str) -> Iterator[Entry]:
        """The requests to that namespace, newest first."""
        with self._lock:
            kept = tuple(self._entries)
        return (_entry(one) for one in reversed(kept) if one[2] == namespace)

    def since(self, namespace: str, id: str) -> list[Entry]:
        """Return the requests to that namespace that came after the one of that id, oldest first.

        If that one is no longer kept, all requests with later ids are returned. Raises KeyError for an id that was never given.
        """
        prefix, _, number = id.rpartition("-")
        if f"{prefix}-" != self._prefix or not (number.isascii() and number.isdecimal()):
            raise KeyError(id)
        with self._lock:
            kept = tuple(self._entries)
        place = next((place for place, one in enumerate(kept) if one[0] == id), None)
        if place is not None:
            later = list(kept[place + 1 :])
        else:
            later = [one for one in kept if int(one[0].rpartition("-")[2]) > int(number)]
        return [_entry(one) for one in later if one[2] == namespace]

    def find(self, namespace: str, id: str) -> Entry | None:
        """Return the request to that namespace of that id, or None."""
        return next((entry for entry in self.entries(namespace) if entry.id == id), None)

    def clear(self, namespace: str) -> None:
        """Forget the requests to that namespace."""
        with self._lock:
            self._entries = deque(entry for entry in self._entries if entry[2] != namespace)
            self._bytes = sum(entry[-1] for entry in self._entries)


def _entry(kept: _Kept) -> Entry:
    id, number, namespace, operation, came, took, environ, data, response, _ = kept
    request = Request(environ, {})
    request.data = data
    return Entry(id, number, namespace, operation, came, took, request, response)


def _unread(environ: dict[str, Any]) -> bytes | None:
    """Return the unread body of a refused request, if it is in memory: sending it again with a correct key needs it."""
    source = environ.get("wsgi.input")
    if type(source) is not io.BytesIO or source.closed:
        return None
    return source.getvalue() or None


def _texts(environ: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """What is text in an environ, and how long that is. The objects in it hold the whole body, and more."""
    texts = {name: value for name, value in environ.items() if isinstance(value, str)}
    return texts, sum(map(len, texts.values()))


def _headers(environ: dict[str, Any], redact: Redact) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name in CREDENTIALS:
            yield _title(name[5:]), redact(credentials_shown(str(value)))
        elif name.startswith("HTTP_"):
            yield redact(_title(name[5:])), redact(str(value))
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield _title(name), redact(str(value))


def _decision(id: str | None) -> dict[str, str] | None:
    if id is not None and id.startswith(DECIDED):
        return {"fault": id.removeprefix(DECIDED)}
    # By the ids of the catalogue: requirements have a dot in theirs, choices none.
    return None if id is None else {"requirement" if "." in id else "choice": id}


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("_"))


def _body(data: bytes, redact: Redact) -> str:
    return redact(_text(data[:LONGEST_BODY]), cut=len(data) >= LONGEST_BODY)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
