"""The latest requests to a namespace, and their answers: `GET` and `DELETE /__accord__/requests`."""

from flask import Blueprint, Response, jsonify, request

from mockserver.control import PREFIX
from mockserver.front import namespace_of
from mockserver.journal import CAPACITY, Journal


def requests(journal: Journal) -> Blueprint:
    """The routes, for a Flask application."""
    blueprint = Blueprint("accord_requests", __name__, url_prefix=f"{PREFIX}/requests")

    @blueprint.get("", provide_automatic_options=False)
    def show() -> Response:
        limit = request.args.get("limit", CAPACITY, int)
        found = journal.entries(namespace_of(request.environ))
        return jsonify(results=[entry.shown() for entry, _ in zip(found, range(limit), strict=False)])

    @blueprint.delete("", provide_automatic_options=False)
    def clear() -> Response:
        journal.clear(namespace_of(request.environ))
        return Response(status=204)

    return blueprint
