"""The latest requests, kept so that people can see what their front end sent and what it was answered."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mockserver.answers import Answer, Call

CAPACITY = 1000
"""So many requests are kept; then the oldest goes."""

LONGEST_BODY = 16 * 1024
"""Bytes of a body that are kept."""

_SECRETS = ("HTTP_X_API_KEY", "HTTP_AUTHORIZATION")


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer: when it came, in nanoseconds since 1970, and how long it took, in nanoseconds."""

    number: int
    namespace: str
    operation: str
    came: int
    took: int
    call: Call
    answer: Answer

    def shown(self) -> dict[str, Any]:
        """It as a JSON value, keys cut to their prefix and last four characters."""
        environ = self.call.environ
        return {
            "number": self.number,
            "namespace": self.namespace,
            "operation": self.operation,
            "at": datetime.fromtimestamp(self.came / 1e9, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "milliseconds": round(self.took / 1e6, 3),
            "request": {
                "method": environ.get("REQUEST_METHOD", ""),
                "path": _text(environ.get("PATH_INFO", "").encode("latin-1", "replace")),
                "query": self.call.query,
                "headers": dict(_headers(environ)),
                "body": None if self.call.data is None else _text(self.call.data[:LONGEST_BODY]),
            },
            "response": {
                "status": self.answer.status,
                "headers": dict(self.answer.headers),
                "body": _text(self.answer.body[:LONGEST_BODY]),
            },
        }


class Journal:
    """The latest requests of all namespaces, newest last. Safe to use from several threads."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._entries: deque[tuple[int, str, str, int, int, Call, Answer]] = deque(maxlen=capacity)
        self._count = 0

    def add(self, namespace: str, operation: str, began: int, call: Call, answer: Answer) -> None:
        """Keep a request that came at `began`, by `time.perf_counter_ns`, and was answered just now."""
        self._count += 1
        if call.data is not None and len(call.data) > LONGEST_BODY:
            call.data = call.data[:LONGEST_BODY]
        if len(answer.body) > LONGEST_BODY:
            answer = Answer(answer.status, answer.body[:LONGEST_BODY], answer.headers)
        # A tuple, and nothing worked out before somebody asks: this is done for every request.
        took = time.perf_counter_ns() - began
        self._entries.append((self._count, namespace, operation, time.time_ns() - took, took, call, answer))

    def entries(self, namespace: str) -> Iterator[Entry]:
        """The requests to that namespace, newest first."""
        for entry in reversed(tuple(self._entries)):
            if entry[1] == namespace:
                yield Entry(entry[0], entry[1], entry[2], entry[3], entry[4], entry[5], entry[6])

    def clear(self, namespace: str) -> None:
        """Forget the requests to that namespace."""
        kept = [entry for entry in self._entries if entry[1] != namespace]
        self._entries.clear()
        self._entries.extend(kept)


def _headers(environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name in _SECRETS:
            yield _title(name[5:]), _redacted(str(value))
        elif name.startswith("HTTP_"):
            yield _title(name[5:]), str(value)
        elif name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            yield _title(name), str(value)


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("_"))


def _redacted(value: str) -> str:
    scheme, space, key = value.rpartition(" ")
    return f"{scheme}{space}{key[:7]}…{key[-4:]}" if len(key) > 15 else f"{scheme}{space}…"


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
