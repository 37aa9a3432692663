"""The one place where refusals become responses, and where statuses are."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from mockserver.contract.choices import Choices
from mockserver.handling.decisions import decided_by
from mockserver.http.messages import Response
from mockserver.model.refusal import INVALID_KEY, Kind, Refusal

_KEYS = (
    Kind.MISSING_KEY,
    Kind.EMPTY_KEY,
    Kind.MALFORMED_AUTHORIZATION,
    Kind.OTHER_SCHEME,
    Kind.UNKNOWN_KEY,
    Kind.REVOKED_KEY,
)
STATUSES: Mapping[Kind, int | str] = MappingProxyType(
    {
        **dict.fromkeys(_KEYS, 401),
        Kind.FORBIDDEN_TIER: "client_resolve_status",
        Kind.OTHER_ORIGIN: "origin_refusal_status",
        Kind.MISSING_ORIGIN: "origin_refusal_status",
        Kind.OTHER_APP: "origin_refusal_status",
        Kind.NOT_FOUND: 404,
        Kind.OTHER_ORGANISATION: 404,
        Kind.MALFORMED_ID: 400,
        Kind.CONVERSATION_CLOSED: 409,
        Kind.RESOLVED_ALREADY: 409,
        Kind.NOT_JSON: 400,
        Kind.BODY_CUT: 400,
        Kind.BODY_LATE: 408,
        Kind.BODY_TOO_LONG: 413,
        Kind.NESTED_TOO_DEEPLY: 400,
        Kind.BEYOND_RANGE: 400,
        Kind.OTHER_MEDIA_TYPE: 415,
        Kind.NOWHERE: 404,
        Kind.NO_FINAL_SLASH: 404,
        Kind.UNAVAILABLE: 503,
    }
)
"""The status of each kind, or the choice that sets it. All other kinds are about values: `invalid_value_status` sets theirs."""

_HEADERS: Mapping[Kind, Mapping[str, str]] = MappingProxyType(
    {**{kind: {"WWW-Authenticate": "Bearer"} for kind in _KEYS}, Kind.UNAVAILABLE: {"Retry-After": "1"}}
)
_NONE: Mapping[str, str] = MappingProxyType({})
_FORBIDDEN = (Kind.FORBIDDEN_TIER, Kind.OTHER_ORIGIN, Kind.MISSING_ORIGIN, Kind.OTHER_APP)

_log = logging.getLogger("mockserver")


class HttpRefusal(Refusal):
    """A refusal with a status of its own, and headers: what HTTP refuses, not the documented operations."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(Kind.HTTP, detail)
        self.status = status
        self.headers = dict(headers or {})


def unreachable(error: Exception) -> Refusal:
    """Return the refusal of everything while the state cannot be reached.

    The reason, which names files and servers, goes to stderr.
    """
    _log.error("The store cannot be reached: %s", error)
    return Refusal(Kind.UNAVAILABLE, "The store cannot be reached.")


class ErrorResponses:
    """Turns refusals into responses, in the chosen shape."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def response_to(self, refusal: Refusal, operation: str = "") -> Response:
        """Return the response to a refused request. `operation` is the id of its operation, empty if it was for none."""
        status = self.status_of(refusal)
        headers = refusal.headers if isinstance(refusal, HttpRefusal) else _HEADERS.get(refusal.kind, _NONE)
        decision, kind = decided_by(refusal, operation), refusal.kind.name
        if status == 401:
            return Response.json(401, self.unauthenticated(refusal), headers, decided_by=decision, refused=kind)
        shape = self.choices["error_body_shape"]
        shapes = {"detail": self.as_detail, "per_field": self.as_fields, "problem_json": self.as_problem, "other": self.as_other}
        media = "application/problem+json" if shape == "problem_json" else "application/json"
        return Response.json(status, shapes[shape](refusal), headers, media, decision, kind)

    def status_of(self, refusal: Refusal) -> int:
        """Return the status that a refusal has, by its kind and the choices."""
        if isinstance(refusal, HttpRefusal):
            return refusal.status
        status = STATUSES.get(refusal.kind, "invalid_value_status")
        return status if isinstance(status, int) else int(self.choices[status])

    def unauthenticated(self, refusal: Refusal) -> Any:
        """The body of a 401, which is the same in every shape."""
        # The pages document this one sentence for every 401.
        return {"detail": INVALID_KEY if refusal.kind in _FORBIDDEN else refusal.detail}

    def as_detail(self, refusal: Refusal) -> Any:
        return {"detail": refusal.detail}

    def as_fields(self, refusal: Refusal) -> Any:
        if not refusal.violations:
            return {"detail": refusal.detail}
        fields: dict[str, list[str]] = {}
        for violation in refusal.violations:
            fields.setdefault(violation.field or "non_field_errors", []).append(violation.message)
        return fields

    def as_problem(self, refusal: Refusal) -> Any:
        status = self.status_of(refusal)
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": refusal.detail,
        }
        if refusal.violations:
            body["errors"] = [
                {"pointer": "#" + "".join(f"/{step}" for step in violation.path), "detail": violation.message}
                for violation in refusal.violations
            ]
        return body

    def as_other(self, refusal: Refusal) -> Any:
        code = HTTPStatus(self.status_of(refusal)).phrase.lower().replace(" ", "_")
        fields = [violation.field for violation in refusal.violations if violation.field]
        return {"error": {"code": code, "message": refusal.detail, "fields": fields}}
