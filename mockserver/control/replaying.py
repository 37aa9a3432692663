"""A request of the journal sent again, edited or not."""

import io
import re
import sys
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Flask

from mockserver.control.bodies import ControlError
from mockserver.http.messages import environ_name
from mockserver.http.wsgi import REQUEST_ID_HEADER
from mockserver.journal import LONGEST_BODY, REPEATS, REQUEST_ID, Entry

MEMBERS = ("headers", "body")
"""What may be edited."""

_TOKEN = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_SET_HERE = ("content-length", "transfer-encoding", "connection", "expect", "x-accord-namespace")


def sent_again(app: Flask, entry: Entry, edits: Mapping[str, Any]) -> str:
    """Send the request once more, to the same namespace, with `headers` and `body` edited; return the new request's id.

    headers: values by name, None for a header that is left out. body: a text as it is, or any other value, which is sent as JSON.
    Raises ControlError for edits that cannot be made, and where the body is not known whole and none is given.
    """
    environ = _environ(entry)
    body = _body(entry, edits)
    for name, value in _headers(edits.get("headers", {})):
        if value is None:
            environ.pop(name, None)
        else:
            environ[name] = value
    environ["wsgi.input"] = io.BytesIO(body)
    if body or "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = str(len(body))
    found: dict[str, str] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        found.update(headers)
        return lambda data: None

    chunks: Any = app.wsgi_app(environ, start_response)
    if hasattr(chunks, "close"):
        chunks.close()
    return found[REQUEST_ID_HEADER]


def _environ(entry: Entry) -> dict[str, Any]:
    kept = {name: value for name, value in entry.request.environ.items() if isinstance(value, str)}
    for name in (REQUEST_ID, "HTTP_TRANSFER_ENCODING"):
        kept.pop(name, None)
    return {
        **kept,
        REPEATS: entry.id,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }


def _body(entry: Entry, edits: Mapping[str, Any]) -> bytes:
    if "body" in edits:
        body = edits["body"]
        return body.encode() if isinstance(body, str) else orjson.dumps(body)
    if not entry.body_is_whole:
        raise ControlError(
            409, f"The body of that request is not kept: it was not read, or has more than {LONGEST_BODY} bytes. Give one as body."
        )
    return entry.request.data or b""


def _headers(edited: object) -> list[tuple[str, str | None]]:
    """The names under which an environ has the edited headers, with their values. Raises ControlError."""
    if not isinstance(edited, dict):
        raise ControlError(400, "headers is no object; write it as {NAME: VALUE}, with null for a header that is to be left out.")
    found: list[tuple[str, str | None]] = []
    for name, value in edited.items():
        if not _TOKEN.fullmatch(name):
            raise ControlError(400, f"headers.{name[:100]} is no name of a header; use letters, digits and hyphens.")
        if name.lower() in _SET_HERE:
            raise ControlError(400, f"headers.{name} follows from the request itself; leave it out.")
        if value is not None and not (isinstance(value, str) and _VALUE.fullmatch(value)):
            raise ControlError(400, f"headers.{name} is no value of a header; write a text of one line, or null to leave it out.")
        found.append((environ_name(name) if name.lower() != "content-type" else "CONTENT_TYPE", value))
    return found
