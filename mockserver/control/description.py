"""The control API's own description: `GET /__accord__/openapi.yaml`."""

from pathlib import Path

from flask import Blueprint, Response

from mockserver.namespaces.addressing import PREFIX

DOCUMENT = Path(__file__).with_name("openapi.yaml")


def description_routes() -> Blueprint:
    """Return the route, for a Flask application."""
    blueprint = Blueprint("accord_description", __name__, url_prefix=PREFIX)

    @blueprint.get("/openapi.yaml", provide_automatic_options=False)
    def show() -> Response:
        return Response(DOCUMENT.read_bytes(), content_type="application/yaml")

    return blueprint
