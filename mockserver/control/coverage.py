"""What of the contract clients of a namespace have met: `GET` and `DELETE /__accord__/coverage`."""

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import ControlError
from mockserver.coverage.report import Coverage
from mockserver.journal import Journal
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.namespace import Namespace
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE


def coverage_routes(journal: Journal, namespaces: Namespaces) -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_coverage", __name__, url_prefix=f"{PREFIX}/coverage")

    def coverage() -> Coverage:
        name = namespace_of(request.environ)
        if not namespaces.is_there(name):
            # Asking makes no namespace, and nobody met anything in one that is not there.
            default = namespaces.get(DEFAULT_NAMESPACE)
            return Coverage.of(Namespace(default.plan, default.store).met, default.contract, default.choices)
        here = namespaces.get(name)
        if not here.met.at_once:
            kept = reversed([*journal.entries(name)])
            here.met.look_at((entry.number, entry.operation, entry.request, entry.response) for entry in kept)
        return Coverage.of(here.met, here.contract, here.choices)

    @blueprint.get("", provide_automatic_options=False)
    def show() -> Response:
        form = request.args.get("format", "json")
        if form not in ("json", "text") or set(request.args) - {"format"}:
            raise ControlError(400, "Coverage has one parameter, format; write it as json or text, or leave it out.")
        found = coverage()
        return Response(found.as_text(), content_type="text/plain; charset=utf-8") if form == "text" else jsonify(found.as_json())

    @blueprint.delete("", provide_automatic_options=False)
    def clear() -> Response:
        name = namespace_of(request.environ)
        if namespaces.is_there(name):
            latest = next(journal.entries(name), None)
            namespaces.get(name).met.clear(0 if latest is None else latest.number)
        return Response(status=204)

    return blueprint
