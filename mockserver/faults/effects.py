"""What a fault does: `then` of a rule, from JSON to a response and the way that it travels.

The request is carried out, and its response then travels as the effect says. It is not carried out where a `status`, a `rate_limit`
or `drop: before` takes the place of the response.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from mockserver.faults.rate_limits import RateLimit
from mockserver.http.delivery import Delivery
from mockserver.http.messages import Response
from mockserver.members import MemberError, Members, Steps, number
from mockserver.model.refusal import INVALID_KEY

LONGEST_DELAY = 3600.0
"""Seconds."""

MEMBERS = (
    "status",
    "retry_after",
    "body",
    "delay",
    "timeout",
    "drop",
    "truncate",
    "malformed",
    "content_type",
    "drip",
    "rate_limit",
)

_ALONE = ("timeout", "drop", "rate_limit")
_WITHOUT_BODY = (204, 205, 304)
_BELOW_ZERO = -5e-324
_MOST_REQUESTS = 1_000_000
_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))

Delay = Callable[[random.Random], float]
"""Returns a delay in seconds, drawn from a random generator."""

RefusalOf = Callable[[int, str], Response]
"""Returns the error response with that status and that sentence."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does to a response, checked. A member that is None or False does nothing.

    status: of a response that replaces the usual one, with `retry_after` in seconds and `body`, a JSON value or a text.
    delay: how late the response is. timeout: `hang` of `Delivery`. malformed: as in `Delivery`. drop: `before` or `after`.
    truncate: the part of the body that is sent. drip: seconds over which it is sent. content_type: the media type in the header.
    """

    status: int | None = None
    retry_after: int | None = None
    body: Any = None
    delay: Delay | None = None
    timeout: bool = False
    drop: str | None = None
    truncate: float | None = None
    malformed: bool = False
    content_type: str | None = None
    drip: float = 0.0
    rate_limit: RateLimit | None = None

    @property
    def is_late_only(self) -> bool:
        """Whether a delay is all that it does."""
        return self == Effect(delay=self.delay)

    def delivery(self, delay: float) -> Delivery | None:
        """Return how the response is delivered, `delay` seconds late; None if as usual."""
        found = Delivery(delay, self.timeout, self.drop is not None, self.malformed, self.truncate, self.drip)
        return None if found == _USUAL else found

    def response(self, respond: Callable[[], Response], refusal: RefusalOf, retry_after: int | None = None) -> Response:
        """Return the response before it is delivered. `retry_after` is the seconds to wait if the rate limit refuses it."""
        if retry_after is not None:
            refused = refusal(HTTPStatus.TOO_MANY_REQUESTS, f"Too many requests. Try again in {retry_after} seconds.")
            return self._dressed(refused, retry_after)
        if self.drop == "before":
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The connection was closed before this was carried out.")
        return self._dressed(respond() if self.status is None else self._of_status(self.status, refusal), self.retry_after)

    def _of_status(self, status: int, refusal: RefusalOf) -> Response:
        if isinstance(self.body, str):
            return Response(status, self.body.encode(), {"Content-Type": "text/plain; charset=utf-8"})
        if self.body is not None:
            return Response.json(status, self.body)
        if status < 400:
            return Response(status, b"")
        # The shapes of error responses hold the phrase of the status, which unknown statuses do not have.
        return refusal(status, _told(status)) if status in _STATUSES else Response.json(status, {"detail": _told(status)})

    def _dressed(self, response: Response, retry_after: int | None) -> Response:
        headers = dict(response.headers)
        if self.content_type is not None:
            headers["Content-Type"] = self.content_type
        if retry_after is not None:
            headers["Retry-After"] = str(retry_after)
        return response if headers == response.headers else response._replace(headers=headers)


_USUAL = Delivery()


def read_effect(value: Any, steps: Steps = ()) -> Effect:
    """Return the effect that a JSON object describes. Raises MemberError."""
    given = Members(value, MEMBERS, steps)
    for name in ("retry_after", "body"):
        if name in given and "status" not in given:
            raise given.wrong(name, "needs a status", 'For example {"status": 503, "retry_after": 2}.')
    _check_combination(given)
    status = given.optional("status", lambda name: given.whole(name, 200, 599))
    if status in _WITHOUT_BODY:
        for name in ("body", "content_type", "truncate", "drip"):
            if name in given:
                raise given.wrong(name, f"goes with no status {status}, whose responses have no body")
    body = given.raw("body")
    if not _is_json(body):
        raise given.wrong("body", "is nothing that JSON can hold", "Keep to text, 64-bit numbers and 250 levels.")
    effect = Effect(
        status=status,
        retry_after=given.optional("retry_after", lambda name: given.whole(name, 0, 86_400 * 365)),
        body=body,
        delay=given.optional("delay", lambda name: read_delay(given.raw(name), given.at(name))),
        timeout=bool(given.optional("timeout", given.flag)),
        drop=given.optional("drop", lambda name: given.one_of(name, ("before", "after"))),
        truncate=given.optional("truncate", lambda name: _part(given, name)),
        malformed=bool(given.optional("malformed", given.flag)),
        content_type=given.optional("content_type", lambda name: _header_value(given, name)),
        drip=given.optional("drip", lambda name: given.inner(name, ("seconds",)).number("seconds", 0, LONGEST_DELAY)) or 0.0,
        rate_limit=given.optional("rate_limit", lambda name: _rate_limit(given.inner(name, ("requests", "per_seconds")))),
    )
    if effect == Effect():
        raise MemberError(steps, "says nothing", 'For example {"status": 503}.')
    return effect


def _check_combination(given: Members) -> None:
    """Raise MemberError if one effect would hide another."""
    effects = [name for name in given if name not in ("delay", "retry_after", "body") and given.raw(name) is not False]
    for name in effects:
        others = [other for other in effects if other != name]
        if name in _ALONE and others:
            raise given.wrong(name, f"cannot be combined with {others[0]}", "Only a delay can come with it: make two rules.")
        if name == "malformed" and (hidden := [other for other in others if other in ("truncate", "drip")]):
            raise given.wrong(name, f"cannot be combined with {hidden[0]}", "Make two rules.")


def read_delay(value: Any, steps: Steps) -> Delay:
    """Return the delay that a number of seconds, or an object, describes. Raises MemberError."""
    if not isinstance(value, dict):
        seconds = number(value, steps, _BELOW_ZERO, LONGEST_DELAY)
        return lambda _: seconds
    given = Members(value, ("uniform", "lognormal"), steps)
    if len(given) != 1:
        raise MemberError(steps, "is neither uniform nor lognormal", 'For example {"uniform": [0.1, 0.9]}.')
    if "uniform" in given:
        return _uniform(given.raw("uniform"), given.at("uniform"))
    shape = given.inner("lognormal", ("median", "sigma"))
    median, sigma = shape.number("median", 0, LONGEST_DELAY), shape.number("sigma", _BELOW_ZERO, 10)
    # Cut at 50 standard deviations, so that math.exp cannot overflow: sigma is at most 10.
    return lambda chance: min(LONGEST_DELAY, median * math.exp(sigma * max(-50.0, min(50.0, chance.gauss(0, 1)))))


def _uniform(value: Any, steps: Steps) -> Delay:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise MemberError(steps, "is no list of two numbers of seconds", "For example [0.1, 0.9].")
    low, high = (number(one, (*steps, index), _BELOW_ZERO, LONGEST_DELAY) for index, one in enumerate(value))
    if low > high:
        raise MemberError(steps, "has the larger number first", "For example [0.1, 0.9].")
    return lambda chance: chance.uniform(low, high)


def _part(given: Members, name: str) -> float:
    part = given.number(name, _BELOW_ZERO, 1)
    if part == 1:
        raise given.wrong(name, "is the whole body", "For example 0.5, half of it.")
    return part


def _header_value(given: Members, name: str) -> str:
    text = given.text(name)
    if not _PRINTABLE.issuperset(text) or text != text.strip() or len(text) > 200:
        raise given.wrong(name, "cannot be the value of a header", "For example text/html.")
    return text


def _rate_limit(given: Members) -> RateLimit:
    requests = given.whole("requests", 1, _MOST_REQUESTS)
    return RateLimit(requests, max(1, round(given.number("per_seconds", 0, 86_400 * 365) * 1_000_000)))


def _is_json(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


def _told(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return INVALID_KEY
    return f"{HTTPStatus(status).phrase}." if status in _STATUSES else f"Status {status}."


_STATUSES = frozenset(map(int, HTTPStatus))
