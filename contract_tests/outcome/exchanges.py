"""The exchanges that a run's checks cite, as the lines of exchanges.jsonl, and back.

Each line is an exchange, named by the worker that sent it and its number there, as a check names it:

    {"worker":"gw0","number":12,"key":"the server key by X-API-Key","role":"server",
     "request":{"method":"POST","target":"/api/v1/conversations/","headers":{…},"body":"…"},
     "response":{"status":201,"headers":{…},"body":"…"}}

`worker` is left out where there is only one, `key` and `role` where no key was sent. A body is a text, an object with its Base64
(`{"base64":"…"}`) where it is not UTF-8, or null. No header that carries a key is kept: `key` says which it was and `role` whose.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.outcome.json_values import MalformedError, Value


@dataclass(frozen=True, slots=True)
class KeptExchange:
    """A request and its response, without keys. `target` is the path and the query as they were sent.

    `role` is that of the key: `server`, `client`, `revoked`, `other_server`, `origin_client`, or `bad` for one that was made up.
    """

    worker: str
    number: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    status: int
    response_headers: Mapping[str, str]
    response_body: bytes
    key: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """The lines of all exchanges that were kept, those of one worker in their order, and redacted."""

    lines: tuple[str, ...] = field(default=(), repr=False)


def line_of(exchange: KeptExchange, redact: Callable[[str], str]) -> str:
    """Return an exchange as a line of JSON, without its end, redacted."""

    def pairs(headers: Mapping[str, str]) -> dict[str, str]:
        return {redact(name): redact(value) for name, value in headers.items()}

    document = {
        **({"worker": exchange.worker} if exchange.worker else {}),
        "number": exchange.number,
        **({"key": redact(exchange.key), "role": exchange.role} if exchange.role else {}),
        "request": {
            "method": redact(exchange.method),
            "target": redact(exchange.target),
            "headers": pairs(exchange.headers),
            "body": _written(exchange.body, redact),
        },
        "response": {
            "status": exchange.status,
            "headers": pairs(exchange.response_headers),
            "body": _written(exchange.response_body, redact),
        },
    }
    return json.dumps(document, separators=(",", ":"))


def exchange_in(line: str, place: str = "") -> KeptExchange:
    """Return the exchange of a line. Raises MalformedError, which names the place, where it holds none."""
    try:
        whole = Value(json.loads(line), place)
    except (ValueError, RecursionError) as error:
        raise MalformedError(place) from error
    request, response = whole.member("request"), whole.member("response")
    return KeptExchange(
        whole.member("worker").text() if whole.has("worker") else "",
        whole.member("number").count(),
        request.member("method").text(),
        request.member("target").text(),
        request.member("headers").texts_by_name(),
        _read(request.member("body")),
        response.member("status").count(),
        response.member("headers").texts_by_name(),
        _read(response.member("body")) or b"",
        whole.member("key").text() if whole.has("key") else "",
        whole.member("role").text() if whole.has("role") else "",
    )


def _written(body: bytes | None, redact: Callable[[str], str]) -> Any:
    if body is None:
        return None
    try:
        return redact(body.decode("utf-8"))
    except UnicodeDecodeError:
        # Keys are ASCII, and Latin-1 decodes ASCII unchanged, so a key in the body is still found.
        return {"base64": base64.b64encode(redact(body.decode("latin-1")).encode("latin-1", "replace")).decode("ascii")}


def _read(value: Value) -> bytes | None:
    if value.found is None:
        return None
    if not value.has("base64"):
        # Half a surrogate pair has no valid UTF-8, only bytes that some encoders use; nothing that Accord kept contains one.
        return value.text().encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(value.member("base64").text(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(value.place) from error
