"""What each process of a run sent and got; of a worker, in a file of the run's own folder, since it is too much to travel."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from accord.base.har import entry
from contract_tests.model.writes import History
from contract_tests.outcome.traffic import KEPT_BODY, KEPT_TEXT, MOST
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.sender import headers_of

RECORDINGS = pytest.StashKey[Callable[[Iterable[tuple[float, str]]], None]]()
"""What takes the recordings of this process, in pytest's configuration."""


def recorded(history: History, redact: Callable[[str], str], most: int = MOST) -> list[tuple[float, str]]:
    """The moment, in seconds since 1970, and the entry of each exchange that is kept: of so many characters, redacted."""
    violated: dict[int, list[str]] = {}
    first: dict[int, Exchange] = {}
    for requirement_id, exchanges in history.found.items():
        for exchange in exchanges:
            first[id(exchange)] = exchange
            violated.setdefault(id(exchange), []).append(requirement_id)
    hidden = cache(redact)
    kept: list[tuple[float, str]] = []
    left, seen = most, set[int]()
    for exchange in (*first.values(), *history.latest()):
        if id(exchange) in seen:
            continue
        seen.add(id(exchange))
        line = _entry(exchange, violated.get(id(exchange), ()), redact, hidden)
        left -= len(line)
        if left < 0:
            break
        kept.append((exchange.at, line))
    return kept


def write(folder: Path, worker: str, recordings: Iterable[tuple[float, str]]) -> None:
    """Write a line for each entry: its moment, a space, and the entry."""
    lines = "".join(f"{at!r} {kept}\n" for at, kept in recordings)
    (folder / worker).write_text(lines, encoding="ascii")


def read(folder: Path) -> list[tuple[float, str]]:
    """What all workers wrote; of one that was ended before, nothing."""
    found: list[tuple[float, str]] = []
    for path in sorted(folder.iterdir()):
        for line in path.read_text(encoding="ascii").splitlines():
            at, _, kept = line.partition(" ")
            # The last line of a process that was ended while it wrote.
            if kept.endswith("}"):
                found.append((float(at), kept))
    return found


def _entry(exchange: Exchange, violated: Iterable[str], redact: Callable[[str], str], hidden: Callable[[str], str]) -> str:
    call = exchange.call
    bad_key = call.forgery.secret if call.forgery and len(call.forgery.secret) > 8 else ""

    def shown(text: str, limit: int = KEPT_TEXT) -> str:
        # Before it is cut, or a key could be cut in two.
        text = text[: 2 * limit].replace(bad_key, "…") if bad_key else text[: 2 * limit]
        return (hidden(text) if len(text) < 100 else redact(text))[:limit]

    def pairs(found: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"name": shown(name), "value": shown(value)} for name, value in found]

    def body(content: bytes) -> str:
        return shown(content[: 8 * KEPT_BODY].decode("utf-8", "replace"), KEPT_BODY)

    sent = headers_of(call)
    return entry(
        started=datetime.fromtimestamp(exchange.at, UTC),
        elapsed_ms=exchange.elapsed * 1000,
        request={
            "method": shown(call.method),
            "url": shown(exchange.url),
            "headers": pairs(sent.items()),
            "query": pairs(_parameters(call.search[1:])),
            "type": shown(next((value for name, value in sent.items() if name.lower() == "content-type"), "")),
            "size": len(call.body or b""),
            "body": None if call.body is None else body(call.body),
        },
        response={
            "status": exchange.status,
            "headers": pairs(exchange.headers.items()),
            "type": shown(exchange.headers.get("content-type", "")),
            "size": len(exchange.body),
            "body": body(exchange.body),
            "redirect": shown(exchange.headers.get("location", "")),
        },
        comment=", ".join(f"violates {one}" for one in violated),
    )


def _parameters(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return []
