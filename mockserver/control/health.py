"""Whether the mock is up: `GET /__accord__/health`."""

from flask import Blueprint, Response, jsonify

from mockserver.control import PREFIX
from mockserver.world import Plan


def health(plan: Plan) -> Blueprint:
    """The route, for a Flask application."""
    blueprint = Blueprint("accord_health", __name__, url_prefix=PREFIX)

    @blueprint.get("/health", provide_automatic_options=False)
    def show() -> Response:
        return jsonify(status="ok", scenario=plan.scenario.name)

    return blueprint
