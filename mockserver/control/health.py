"""Whether the mock is up, and reaches its state: `GET /__accord__/health`."""

from flask import Blueprint, Response, jsonify

from mockserver.control import PREFIX
from mockserver.store import DEFAULT_NAMESPACE
from mockserver.world import Plan
from mockserver.worlds import Worlds


def health(plan: Plan, worlds: Worlds) -> Blueprint:
    """The route, for a Flask application. `plan` is that of the default namespace."""
    blueprint = Blueprint("accord_health", __name__, url_prefix=PREFIX)

    @blueprint.get("/health", provide_automatic_options=False)
    def show() -> Response:
        worlds.storage.namespace(DEFAULT_NAMESPACE)
        return jsonify(status="ok", scenario=plan.scenario.name)

    return blueprint
