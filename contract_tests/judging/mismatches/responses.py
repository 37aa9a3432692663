"""What can be said of a response before its content: status and media type."""

from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.transport.exchange import DROPPED, Exchange

_NOT_FROM_THE_API = frozenset({405, 413, 414, 415, 429, 431})
"""Refusals that a framework, a proxy or a server gives before the application is asked."""


def status_mismatch(exchange: Exchange, *expected: int) -> Mismatch | None:
    if exchange.status in expected:
        return None
    wanted = " or ".join(map(str, expected))
    return Mismatch(f"the status is {exchange.status} and not {wanted}", wanted, response_in_short(exchange))


def not_refused(exchange: Exchange) -> Mismatch | None:
    if exchange.refused:
        return None
    return Mismatch(f"the status is {exchange.status} and not a 4xx", "4xx", response_in_short(exchange))


def not_accepted(exchange: Exchange) -> Mismatch | None:
    if exchange.succeeded:
        return None
    return Mismatch(f"the status is {exchange.status} and not a 2xx", "2xx", response_in_short(exchange))


def found_or_failed(exchange: Exchange) -> Mismatch | None:
    """Return why a request for something absent was not refused: it got a 2xx or a 5xx. How to refuse it is a choice."""
    if exchange.refused or 300 <= exchange.status < 400:
        return None
    return Mismatch(f"the status is {exchange.status}", "neither 2xx nor 5xx", response_in_short(exchange))


def server_error(exchange: Exchange) -> Mismatch | None:
    if exchange.status == DROPPED:
        return Mismatch("the connection was closed without a response", "a response, and no 5xx", "no response")
    if exchange.status < 500:
        return None
    return Mismatch(f"the status is {exchange.status}", "no 5xx", response_in_short(exchange))


def obsolete_media_type(exchange: Exchange) -> Mismatch | None:
    """Return why the media type of JSON is obsolete: text/json, instead of application/json or one that ends in +json."""
    if media_type_of(exchange) != "text/json":
        return None
    return Mismatch("the media type is text/json", "application/json", "text/json", "content-type")


def media_type_of(exchange: Exchange) -> str:
    """The media type of a response, without parameters; empty where none is said."""
    return exchange.headers.get("content-type", "").split(";")[0].strip().lower()


def no_response(exchange: Exchange) -> Mismatch | None:
    """Return why no response came at all."""
    if exchange.status != DROPPED:
        return None
    return Mismatch("the connection was closed without a response", "a response", "no response")


def not_json(exchange: Exchange) -> Mismatch | None:
    """Return why a response with a body is not JSON, or does not say so: by application/json, text/json or a suffix +json."""
    if not exchange.body or 300 <= exchange.status < 400 or exchange.status in _NOT_FROM_THE_API or exchange.status >= 500:
        return None
    media_type = media_type_of(exchange)
    if media_type not in ("application/json", "text/json") and not media_type.endswith("+json"):
        return Mismatch(
            "the response does not say that it is JSON", "Content-Type: application/json", media_type or "none", "content-type"
        )
    try:
        _ = exchange.json
    except ValueError as error:
        return Mismatch(f"the response is not JSON: {error}", "JSON (RFC 8259)", response_in_short(exchange))
    return None


def no_text_detail(exchange: Exchange) -> Mismatch | None:
    """Return why a 401 is not the documented one: a JSON object with a text, `detail` (authentication page)."""
    if isinstance(exchange.members.get("detail"), str):
        return None
    return Mismatch("the 401 is not an object with a text, detail", '{"detail": "…"}', response_in_short(exchange), "/detail")


def response_in_short(exchange: Exchange) -> str:
    text = exchange.body.decode("utf-8", "replace")
    return f"{exchange.status} {text if len(text) <= 300 else text[:300] + '…'}" if text else shown(exchange.status)
