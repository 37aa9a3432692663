"""Namespaces: `GET /__accord__/namespaces`, `GET`, `PUT` and `DELETE /__accord__/namespaces/NAME`."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from accord.errors import AccordError
from mockserver.control import INSIDE, PREFIX
from mockserver.responses import told
from mockserver.store import Namespace
from mockserver.worlds import Worlds


def namespaces(worlds: Worlds) -> Blueprint:
    """The routes, for a Flask application."""
    blueprint = Blueprint("accord_namespaces", __name__, url_prefix=f"{PREFIX}/namespaces")

    @blueprint.get("", provide_automatic_options=False)
    def show_all() -> Response:
        return jsonify(results=[_shown(namespace) for namespace in worlds.names()])

    @blueprint.get("/<name>", provide_automatic_options=False)
    def show(name: str) -> Response:
        namespace = worlds.storage.namespace(name)
        return _missing(name) if namespace is None else jsonify(_shown(namespace, worlds))

    @blueprint.put("/<name>", provide_automatic_options=False)
    def create(name: str) -> Response:
        settings = request.get_json(silent=True) if request.get_data() else {}
        if not isinstance(settings, dict):
            raise AccordError("The settings are not a JSON object.", 'For example {"scenario": "empty"}.')
        if not worlds.create(name, settings):
            return told(409, f"There is a namespace {name} already. Drop it first, or reset it.")
        response = jsonify(_shown(Namespace(name, settings), worlds))
        response.status_code = 201
        return response

    @blueprint.delete("/<name>", provide_automatic_options=False)
    def drop(name: str) -> Response:
        return Response(status=204) if worlds.drop(name) else _missing(name)

    return blueprint


def _shown(namespace: Namespace, worlds: Worlds | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": namespace.name, "path": f"{INSIDE}{namespace.name}", "settings": dict(namespace.settings)}
    if worlds is not None:
        keys = worlds.get(namespace.name).standard_keys
        shown["keys"] = None if keys is None else keys.by_name()
    return shown


def _missing(name: str) -> Response:
    return told(404, f"There is no namespace {name}.")
