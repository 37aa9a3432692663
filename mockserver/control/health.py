"""Whether the mock is up, and reaches its state: `GET /__accord__/health`."""

from flask import Blueprint, Response, jsonify

from mockserver.namespaces.addressing import PREFIX
from mockserver.namespaces.namespace import Plan
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE


def health_routes(plan: Plan, namespaces: Namespaces) -> Blueprint:
    """The route, for a Flask application. `plan` is that of the default namespace."""
    blueprint = Blueprint("accord_health", __name__, url_prefix=PREFIX)

    @blueprint.get("/health", provide_automatic_options=False)
    def show() -> Response:
        namespaces.storage.namespace(DEFAULT_NAMESPACE)
        return jsonify(status="ok", scenario=plan.scenario.name)

    return blueprint
