"""Bodies of requests to the mock itself: JSON objects, read strictly, so that a mistake is reported and nothing is half done."""

import json
from collections.abc import Collection
from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from mockserver.http.json_bodies import BeyondRangeError, integer, not_utf8, unsupported_encoding
from mockserver.json_depth import depth

LARGEST = 64 * 1024
"""Bytes."""

_DEEPEST = 20


class ControlError(Exception):
    """A request to the mock itself that is not carried out: a status, and a sentence that says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def value_of(request: Request) -> Any:
    """The JSON value in the body; None if there is no body. Raises ControlError, as `members_of`."""
    data = data_of(request, LARGEST)
    return _value(data) if data.strip() else None


def members_of(request: Request, what: str, known: Collection[str] = ()) -> dict[str, Any]:
    """Return the members of the JSON object in the body; empty without a body. Only the `known` settings of `what` are allowed.

    Raises ControlError for anything else: 413 if it is too long, 415 for an encoding, 400 otherwise.
    """
    data = data_of(request, LARGEST)
    if not data.strip():
        return {}
    value = _value(data)
    if not isinstance(value, dict):
        raise ControlError(400, "The body is not a JSON object.")
    for name in value:
        if name not in known:
            raise ControlError(400, f"{what} has no setting {name[:100]!r}. Settings: {', '.join(known) or 'none'}.")
    return value


def data_of(request: Request, limit: int) -> bytes:
    """Return the body. Raises ControlError: 413 if it is longer than `limit` bytes, 415 for an encoding, 400 if it is cut."""
    problem = unsupported_encoding(request.environ)
    if problem:
        raise ControlError(415, problem)
    request.max_content_length = limit
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise ControlError(413, f"The body is longer than {limit} bytes.") from None
    except ClientDisconnected:
        raise ControlError(400, "The body ended before it was whole.") from None


def _value(data: bytes) -> Any:
    problem = not_utf8(data)
    if problem:
        raise ControlError(400, problem)
    try:
        value = json.loads(data, object_pairs_hook=_object, parse_constant=_constant, parse_int=integer)
    except RecursionError:
        raise ControlError(400, "The body is nested too deeply.") from None
    except BeyondRangeError as error:
        raise ControlError(400, str(error)) from None
    except ValueError as error:
        raise ControlError(400, f"The body is not JSON: {error}.") from None
    if depth(value) > _DEEPEST:
        raise ControlError(400, "The body is nested too deeply.")
    try:
        orjson.dumps(value)
    except TypeError:
        raise ControlError(400, "The body holds half of a surrogate pair, which is no text.") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ControlError(400, f"The body has the member {name[:100]!r} twice.")
        members[name] = value
    return members


def _constant(name: str) -> Any:
    raise ControlError(400, f"The body holds {name}, which JSON does not have.")
