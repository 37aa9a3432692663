"""Namespaces: `GET /__accord__/namespaces`, `GET`, `PUT` and `DELETE /__accord__/namespaces/NAME`."""

from typing import Any

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import members_of
from mockserver.control.responses import detail_response
from mockserver.namespaces.addressing import INSIDE, PREFIX
from mockserver.namespaces.namespace import SETTINGS, namespace_settings
from mockserver.namespaces.registry import Namespaces
from mockserver.store import NamespaceRecord


def namespace_routes(namespaces: Namespaces) -> Blueprint:
    """The routes, for a Flask application."""
    blueprint = Blueprint("accord_namespaces", __name__, url_prefix=f"{PREFIX}/namespaces")

    @blueprint.get("", provide_automatic_options=False)
    def show_all() -> Response:
        return jsonify(results=[_shown(namespace) for namespace in namespaces.names()])

    @blueprint.get("/<name>", provide_automatic_options=False)
    def show(name: str) -> Response:
        namespace = namespaces.storage.namespace(name)
        return _missing(name) if namespace is None else jsonify(_shown(namespace, namespaces))

    @blueprint.put("/<name>", provide_automatic_options=False)
    def create(name: str) -> Response:
        settings = namespace_settings(members_of(request, "A namespace", SETTINGS))
        namespace, is_new = namespaces.create(name, settings)
        if namespace.settings != settings:
            return detail_response(409, f"There is a namespace {name} already, with other settings. Drop it first, or reset it.")
        response = jsonify(_shown(namespace, namespaces))
        response.status_code = 201 if is_new else 200
        return response

    @blueprint.delete("/<name>", provide_automatic_options=False)
    def drop(name: str) -> Response:
        return Response(status=204) if namespaces.drop(name) else _missing(name)

    return blueprint


def _shown(namespace: NamespaceRecord, namespaces: Namespaces | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": namespace.name, "path": f"{INSIDE}{namespace.name}", "settings": dict(namespace.settings)}
    if namespaces is not None:
        keys = namespaces.get(namespace.name).standard_keys
        shown["keys"] = None if keys is None else keys.by_name()
    return shown


def _missing(name: str) -> Response:
    return detail_response(404, f"There is no namespace {name}.")
