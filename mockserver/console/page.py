"""The page, `GET /__accord__/`, its files beneath `/__accord__/console/`, and the reference's own address."""

from functools import cache
from pathlib import Path

import orjson
from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from accord.base.assets import CHOICES, REQUIREMENTS
from mockserver.namespaces.addressing import PREFIX
from mockserver.yaml_files import read_yaml

STATIC = Path(__file__).with_name("static")
REFERENCE = f"{PREFIX}/#/reference"
"""Where the page shows the documented API."""

CATALOGUE = "catalogue.json"
"""What the page reads requirements and choices from, by their ids: the files of `spec/` as JSON."""

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # No text becomes markup or code, not even by a mistake of ours.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".json": "application/json",
}


def console_routes() -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_console", __name__, url_prefix=PREFIX)

    @blueprint.get("/", provide_automatic_options=False)
    def show() -> Response:
        return file_response((STATIC / "index.html").read_bytes(), ".html")

    @blueprint.get("/console/<path:name>", provide_automatic_options=False)
    def show_file(name: str) -> Response:
        if name == CATALOGUE:
            return file_response(_catalogue(), ".json")
        # Compared with the files that exist, so that no spelling of a path can lead out of the folder.
        path = next((path for path in STATIC.rglob("*.*") if path.relative_to(STATIC).as_posix() == name), None)
        if path is None or path.suffix not in _KINDS:
            abort(404)
        return file_response(path.read_bytes(), path.suffix)

    @blueprint.get("/reference", provide_automatic_options=False)
    def show_reference() -> WerkzeugResponse:
        return redirect(request.script_root + REFERENCE)

    return blueprint


def file_response(content: bytes, kind: str) -> Response:
    """Return the file, of the suffix `kind`, as response to the current request, with an ETag: browsers ask whether it changed."""
    response = Response(content, content_type=_KINDS[kind])
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@cache
def _catalogue() -> bytes:
    return orjson.dumps(
        {
            "requirements": read_yaml(REQUIREMENTS, "catalogue of requirements"),
            "choices": read_yaml(CHOICES, "list of choices"),
        },
        option=orjson.OPT_NON_STR_KEYS,
    )
