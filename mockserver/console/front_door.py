"""What lies at the addresses that people try first: `/` and `/docs` for browsers, `/openapi.json` for tools."""

from functools import lru_cache
from pathlib import Path

import orjson
from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from mockserver.console.page import REFERENCE, STATIC, file_response
from mockserver.namespaces.addressing import PREFIX
from mockserver.yaml_files import read_yaml

_ANY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
"""All methods, so that every request but a browser opening a page gets the same response as an unknown path."""


def front_door_routes(contract: Path, console_is_off: str) -> Blueprint:
    """Return the routes, for a Flask application.

    `contract` is the path of the contract document. `console_is_off` tells why there is no console; empty if there is one.
    """
    blueprint = Blueprint("accord_front_door", __name__)

    def lead(path: str) -> WerkzeugResponse:
        if request.method not in ("GET", "HEAD") or not _opens_page():
            abort(404)
        if console_is_off:
            return file_response((STATIC / "no-console.html").read_bytes(), ".html")
        found = redirect(request.script_root + path)
        found.headers["Vary"] = "Accept"
        return found

    @blueprint.route("/", methods=_ANY_METHOD, provide_automatic_options=False)
    def open_console() -> WerkzeugResponse:
        return lead(f"{PREFIX}/")

    @blueprint.route("/docs", methods=_ANY_METHOD, provide_automatic_options=False)
    def open_reference() -> WerkzeugResponse:
        return lead(REFERENCE)

    @blueprint.get("/openapi.json", provide_automatic_options=False)
    def show_contract() -> Response:
        return file_response(_as_json(contract), ".json")

    return blueprint


def _opens_page() -> bool:
    """Tell whether the current request comes from a browser opening a page, not from a program that accepts any media type."""
    return any(kind == "text/html" for kind, _ in request.accept_mimetypes)


@lru_cache(8)
def _as_json(path: Path) -> bytes:
    return orjson.dumps(read_yaml(path, "contract document"), option=orjson.OPT_NON_STR_KEYS)
