"""The open points of a namespace: `GET`, `PUT` (all) and `PATCH` (some) `/__accord__/choices`, objects of options by name."""

from collections.abc import Collection
from typing import Any

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import members_of
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.namespace import Plan
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE


def choice_routes(namespaces: Namespaces, names: Collection[str]) -> Blueprint:
    """Return the routes, for a Flask application. `names` are those of all choices."""
    blueprint = Blueprint("accord_choices", __name__, url_prefix=f"{PREFIX}/choices")

    def chosen(*, keep: bool) -> Response:
        given = members_of(request, "The list of choices", names)

        def change(plan: Plan) -> Plan:
            kept: dict[str, Any] = dict(plan.choices) if keep else {}
            return plan.choosing({**kept, **given})

        return jsonify(dict(namespaces.change(namespace_of(request.environ), change).choices))

    @blueprint.get("", provide_automatic_options=False)
    def show() -> Response:
        name = namespace_of(request.environ)
        # Asking makes no namespace; one that is made later begins as the default one did.
        if not namespaces.is_there(name):
            return jsonify(dict(namespaces.get(DEFAULT_NAMESPACE).plan.first.choices))
        return jsonify(dict(namespaces.get(name).choices))

    @blueprint.put("", provide_automatic_options=False)
    def replace() -> Response:
        return chosen(keep=False)

    @blueprint.patch("", provide_automatic_options=False)
    def change() -> Response:
        return chosen(keep=True)

    return blueprint
