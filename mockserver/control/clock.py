"""The time of a namespace: `GET` and `PUT /__accord__/clock`, `POST /__accord__/clock/advance`."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import ControlError, value_of
from mockserver.members import MemberError, Members
from mockserver.model.clock import FASTEST, LAST_MOMENT, Clock, Times, read_moment
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE

_times = Times(6, "Z")
_LONGEST = LAST_MOMENT // 1_000_000


def clock_routes(namespaces: Namespaces) -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_clock", __name__, url_prefix=f"{PREFIX}/clock")

    def change(act: Callable[[Clock], None]) -> Response:
        def within(clock: Clock) -> dict[str, Any]:
            try:
                act(clock)
            except ValueError as error:
                raise ControlError(400, str(error)) from None
            return _shown(clock)

        shown = namespaces.steer(namespace_of(request.environ), lambda namespace: within(namespace.clock))
        # Whatever waits for this clock is due now, perhaps.
        namespaces.deliverer.wake()
        return jsonify(shown)

    @blueprint.get("", provide_automatic_options=False)
    def show() -> Response:
        name = namespace_of(request.environ)
        # Asking makes no namespace; one that is made later begins with this time.
        if not namespaces.is_there(name):
            return jsonify(_shown(namespaces.get(DEFAULT_NAMESPACE).plan.clock))
        return jsonify(_shown(namespaces.get(name).clock))

    @blueprint.put("", provide_automatic_options=False)
    def put() -> Response:
        given = Members(value_of(request), ("now", "frozen", "speed"))
        if not given:
            raise MemberError((), "says nothing", 'For example {"frozen": true}.')
        now = given.optional("now", lambda name: _moment(given, name))
        frozen = given.optional("frozen", given.flag)
        speed = given.optional("speed", lambda name: given.number(name, 0, FASTEST))
        return change(lambda clock: clock.change(now, frozen, speed))

    @blueprint.post("/advance", provide_automatic_options=False)
    def advance() -> Response:
        given = Members(value_of(request), ("seconds",))
        given.number("seconds", 0, _LONGEST)
        # As it was written: 0.1 is a tenth.
        seconds = Fraction(str(given.raw("seconds")))
        return change(lambda clock: clock.advance(int(seconds * 1_000_000)))

    return blueprint


def _moment(given: Members, name: str) -> int:
    try:
        return read_moment(given.text(name))
    except ValueError:
        raise given.wrong(name, "is no time with an offset", "For example 2026-03-01T09:00:00.000001Z.") from None


def _shown(clock: Clock) -> dict[str, Any]:
    return {"now": _times.text(clock.now()), "frozen": clock.frozen, "speed": clock.speed}
