"""Responses of the control API."""

from typing import Any

import orjson
from flask import Response as FlaskResponse
from flask import request

from accord.base.redaction import known
from mockserver.http.flask_response import flask_response
from mockserver.http.messages import Response
from mockserver.keys.sent import redactor_for


def detail_response(status: int, detail: str) -> FlaskResponse:
    """Return a response that says that, in JSON, without keys: what was asked for may have been one."""
    return flask_response(Response.json(status, {"detail": redactor_for(known(), request.environ).redact(detail)}))


def json_text(value: Any) -> str:
    """Return a value of JSON as the text of one line, in which every character stands for itself where JSON allows it."""
    return orjson.dumps(value).decode()
