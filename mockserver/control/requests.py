"""The latest requests to a namespace, and the responses to them: `/__accord__/requests`, `/__accord__/requests.har`."""

from importlib import metadata
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from accord.base.har import document
from mockserver.control.bodies import members_of
from mockserver.control.filters import JournalView
from mockserver.control.har import har_entry
from mockserver.control.matching import Match, expected_count, near_misses
from mockserver.control.replaying import MEMBERS, sent_again
from mockserver.journal import Journal
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE


def request_routes(journal: Journal, namespaces: Namespaces) -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_requests", __name__, url_prefix=PREFIX)

    def view() -> JournalView:
        name = namespace_of(request.environ)
        # Reading makes no namespace: nothing was sent to one that is not there, or with the keys of the default one.
        return JournalView(journal, name, namespaces.get(name if namespaces.is_there(name) else DEFAULT_NAMESPACE))

    @blueprint.get("/requests", provide_automatic_options=False)
    def show() -> Response:
        return jsonify(results=[seen.shown for seen in view().selected(request)])

    @blueprint.delete("/requests", provide_automatic_options=False)
    def clear() -> Response:
        journal.clear(namespace_of(request.environ))
        return Response(status=204)

    @blueprint.get("/requests.har", provide_automatic_options=False)
    def show_har() -> Response:
        lines = [har_entry(seen) for seen in view().selected(request)]
        headers = {"Content-Disposition": 'attachment; filename="requests.har"'}
        return Response(document(lines, metadata.version("accord")), content_type="application/json", headers=headers)

    @blueprint.get("/requests/<id>", provide_automatic_options=False)
    def show_one(id: str) -> Response:
        return jsonify(view().find(id).shown)

    @blueprint.post("/requests/<id>/replay", provide_automatic_options=False)
    def replay(id: str) -> Response:
        edits = members_of(request, "A replay", MEMBERS)
        here, app = view(), _application()
        return jsonify(here.find(sent_again(app, here.find(id).entry, edits)).shown)

    @blueprint.post("/requests/verify", provide_automatic_options=False)
    def verify() -> Response:
        members = members_of(request, "A verification", ("match", "count"))
        here = view()
        match = Match(members.get("match"), here.keys_of)
        least, most = expected_count(members.get("count"))
        looked_at = [(seen, match.differences(seen)) for seen in here.newest_first()]
        count = sum(not differs for _, differs in looked_at)
        if least <= count and (most is None or count <= most):
            return jsonify(ok=True, count=count)
        missed = [(seen, differs) for seen, differs in looked_at if differs] if count < least else []
        return jsonify(ok=False, count=count, near_misses=near_misses(missed))

    return blueprint


def _application() -> Any:
    app: Any = current_app
    return app._get_current_object()
