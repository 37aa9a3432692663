"""The state of the namespace that a request is addressed to.

`POST /__accord__/reset` begins again with the scenario. `GET /__accord__/snapshots` lists what was kept, `PUT
/__accord__/snapshots/NAME` keeps what is there now, `POST /__accord__/snapshots/NAME/restore` goes back to it, and `DELETE
/__accord__/snapshots/NAME` forgets it.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request

from mockserver.control import PREFIX
from mockserver.front import namespace_of
from mockserver.responses import told
from mockserver.store import Store
from mockserver.worlds import Worlds, check_name

T = TypeVar("T")


def state(worlds: Worlds) -> Blueprint:
    """The routes, for a Flask application."""
    blueprint = Blueprint("accord_state", __name__, url_prefix=PREFIX)

    def here(act: Callable[[Store], T], *, write: bool = True) -> T:
        def within(store: Store) -> T:
            with store.transaction(write=write):
                return act(store)

        return worlds.again(namespace_of(request.environ), lambda world: within(world.store))

    @blueprint.post("/reset", provide_automatic_options=False)
    def reset() -> Response:
        worlds.again(namespace_of(request.environ), lambda world: world.reset())
        return Response(status=204)

    @blueprint.get("/snapshots", provide_automatic_options=False)
    def show() -> Response:
        return jsonify(results=here(lambda store: store.snapshots(), write=False))

    @blueprint.put("/snapshots/<name>", provide_automatic_options=False)
    def keep(name: str) -> Response:
        check_name(name)
        here(lambda store: store.snapshot(name))
        return Response(status=204)

    @blueprint.post("/snapshots/<name>/restore", provide_automatic_options=False)
    def restore(name: str) -> Response:
        return _done(name, here(lambda store: store.restore(name)))

    @blueprint.delete("/snapshots/<name>", provide_automatic_options=False)
    def drop(name: str) -> Response:
        return _done(name, here(lambda store: store.drop_snapshot(name)))

    return blueprint


def _done(name: str, found: bool) -> Response:
    return Response(status=204) if found else told(404, f"There is no snapshot {name}.")
