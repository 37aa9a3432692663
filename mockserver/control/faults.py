"""Fault rules: `GET`, `PUT` (all), `POST` (one more) and `DELETE /__accord__/faults`, `GET` and `DELETE /__accord__/faults/ID`."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import value_of
from mockserver.control.responses import detail_response
from mockserver.faults.active import Faults
from mockserver.members import Members
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.registry import Namespaces

T = TypeVar("T")


def fault_routes(namespaces: Namespaces) -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_faults", __name__, url_prefix=f"{PREFIX}/faults")

    def here(act: Callable[[Faults], T]) -> T:
        return namespaces.steer(namespace_of(request.environ), lambda namespace: act(namespace.faults))

    def there() -> Faults | None:
        """The faults of the namespace; None if it is not there, as asking makes none."""
        name = namespace_of(request.environ)
        return namespaces.get(name).faults if namespaces.is_there(name) else None

    @blueprint.get("", provide_automatic_options=False)
    def show_all() -> Response:
        faults = there()
        return jsonify(results=[] if faults is None else faults.shown())

    @blueprint.put("", provide_automatic_options=False)
    def replace() -> Response:
        value = value_of(request)
        if not isinstance(value, list):
            value = Members(value, ("results",)).raw("results")
        here(lambda faults: faults.replace(value))
        return show_all()

    @blueprint.post("", provide_automatic_options=False)
    def add() -> Response:
        value = value_of(request)
        response = jsonify(here(lambda faults: faults.find(faults.add(value))))
        response.status_code = 201
        return response

    @blueprint.delete("", provide_automatic_options=False)
    def clear() -> Response:
        if there() is not None:
            here(lambda faults: faults.clear())
        return Response(status=204)

    @blueprint.get("/<id>", provide_automatic_options=False)
    def show(id: str) -> Response:
        faults = there()
        found = None if faults is None else faults.find(id)
        return _missing(id) if found is None else jsonify(found)

    @blueprint.delete("/<id>", provide_automatic_options=False)
    def remove(id: str) -> Response:
        return Response(status=204) if there() is not None and here(lambda faults: faults.remove(id)) else _missing(id)

    return blueprint


def _missing(id: str) -> Response:
    return detail_response(404, f"There is no fault rule {id}.")
