"""The state of the namespace that a request is addressed to.

`GET /__accord__/state` returns all of it as JSON, and `PUT /__accord__/state` replaces it by such JSON.
`POST /__accord__/reset` begins again with the scenario. `GET /__accord__/snapshots` lists what was kept, `PUT
/__accord__/snapshots/NAME` keeps what is there now, `POST /__accord__/snapshots/NAME/restore` goes back to it, and `DELETE
/__accord__/snapshots/NAME` forgets it.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request

from accord.base.errors import AccordError
from mockserver.control.bodies import ControlError, data_of, members_of
from mockserver.control.responses import detail_response
from mockserver.namespaces.addressing import PREFIX, check_name, namespace_of
from mockserver.namespaces.registry import Namespaces
from mockserver.state.exporting import exported
from mockserver.state.importing import imported
from mockserver.store import Store

T = TypeVar("T")

LARGEST_STATE = 16 * 1024 * 1024
"""The most bytes of a state in a request. A larger one can be the scenario that a mock starts with."""

MOST_SNAPSHOTS = 100
"""The most snapshots that may be kept of each namespace."""


def state_routes(namespaces: Namespaces) -> Blueprint:
    """The routes, for a Flask application."""
    blueprint = Blueprint("accord_state", __name__, url_prefix=PREFIX)

    def here(act: Callable[[Store], T], *, write: bool = True) -> T:
        def within(store: Store) -> T:
            with store.transaction(write=write):
                return act(store)

        return namespaces.again(namespace_of(request.environ), lambda namespace: within(namespace.store))

    def is_there() -> bool:
        return namespaces.is_there(namespace_of(request.environ))

    @blueprint.get("/state", provide_automatic_options=False)
    def show_whole() -> Response:
        name = namespace_of(request.environ)
        if not namespaces.is_there(name):
            raise ControlError(404, f"There is no namespace {name}.")
        return Response(namespaces.again(name, exported), content_type="application/json")

    @blueprint.put("/state", provide_automatic_options=False)
    def replace_whole() -> Response:
        data = data_of(request, LARGEST_STATE)
        namespaces.again(namespace_of(request.environ), lambda namespace: imported(namespace, data))
        return Response(status=204)

    @blueprint.post("/reset", provide_automatic_options=False)
    def reset() -> Response:
        members_of(request, "A reset")
        namespaces.reset(namespace_of(request.environ))
        return Response(status=204)

    @blueprint.get("/snapshots", provide_automatic_options=False)
    def show() -> Response:
        # Asking makes no namespace.
        return jsonify(results=here(lambda store: store.snapshots(), write=False) if is_there() else [])

    @blueprint.put("/snapshots/<name>", provide_automatic_options=False)
    def keep(name: str) -> Response:
        check_name(name, "snapshot")
        here(lambda store: _keep(store, name))
        return Response(status=204)

    @blueprint.post("/snapshots/<name>/restore", provide_automatic_options=False)
    def restore(name: str) -> Response:
        return _done(name, is_there() and here(lambda store: store.restore(name)))

    @blueprint.delete("/snapshots/<name>", provide_automatic_options=False)
    def drop(name: str) -> Response:
        return _done(name, is_there() and here(lambda store: store.drop_snapshot(name)))

    return blueprint


def _keep(store: Store, name: str) -> None:
    names = store.snapshots()
    if name not in names and len(names) >= MOST_SNAPSHOTS:
        raise AccordError(
            f"There are {MOST_SNAPSHOTS} snapshots, which is the most there may be.",
            f"Drop some by DELETE {PREFIX}/snapshots/NAME.",
        )
    store.snapshot(name)


def _done(name: str, found: bool) -> Response:
    return Response(status=204) if found else detail_response(404, f"There is no snapshot {name}.")
