"""What can be said of an answer before its content: status and media type."""

from contract_tests.exchange import DROPPED, Exchange
from contract_tests.expectations import Mismatch, shown

_NOT_FROM_THE_API = frozenset({405, 413, 414, 415, 429, 431})
"""Refusals that a framework, a proxy or a server gives before the application is asked."""


def status_is(exchange: Exchange, *expected: int) -> Mismatch | None:
    if exchange.status in expected:
        return None
    wanted = " or ".join(map(str, expected))
    return Mismatch(f"the status is {exchange.status} and not {wanted}", wanted, answer_in_short(exchange))


def is_refused(exchange: Exchange) -> Mismatch | None:
    if exchange.refused:
        return None
    return Mismatch(f"the status is {exchange.status} and not a 4xx", "4xx", answer_in_short(exchange))


def is_accepted(exchange: Exchange) -> Mismatch | None:
    if exchange.succeeded:
        return None
    return Mismatch(f"the status is {exchange.status} and not a 2xx", "2xx", answer_in_short(exchange))


def is_not_found(exchange: Exchange) -> Mismatch | None:
    """Neither success nor a server error: how an absent thing is refused is a choice."""
    if exchange.refused or 300 <= exchange.status < 400:
        return None
    return Mismatch(f"the status is {exchange.status}", "neither 2xx nor 5xx", answer_in_short(exchange))


def no_server_error(exchange: Exchange) -> Mismatch | None:
    if exchange.status == DROPPED:
        return Mismatch("the connection was closed without an answer", "an answer, and no 5xx", "no answer")
    if exchange.status < 500:
        return None
    return Mismatch(f"the status is {exchange.status}", "no 5xx", answer_in_short(exchange))


def is_json(exchange: Exchange) -> Mismatch | None:
    """An answer with a body is JSON and its media type says so: application/json, or another whose suffix is +json."""
    if not exchange.body or 300 <= exchange.status < 400 or exchange.status in _NOT_FROM_THE_API or exchange.status >= 500:
        return None
    media_type = exchange.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        return Mismatch("the answer does not say that it is JSON", "Content-Type: application/json", media_type or "none")
    try:
        _ = exchange.json
    except (ValueError, RecursionError) as error:
        return Mismatch(f"the answer is not JSON: {error}", "JSON (RFC 8259)", answer_in_short(exchange))
    return None


def has_text_detail(exchange: Exchange) -> Mismatch | None:
    """The documented 401: a JSON object with a text, `detail` (authentication page)."""
    if isinstance(exchange.members.get("detail"), str):
        return None
    return Mismatch("the 401 is not an object with a text, detail", '{"detail": "…"}', answer_in_short(exchange))


def answer_in_short(exchange: Exchange) -> str:
    text = exchange.body.decode("utf-8", "replace")
    return f"{exchange.status} {text if len(text) <= 300 else text[:300] + '…'}" if text else shown(exchange.status)
