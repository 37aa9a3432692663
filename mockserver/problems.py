"""Refusals, and the one place where they become answers."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from mockserver.answers import Answer
from mockserver.choices import Choices
from mockserver.schema import Violation

INVALID_KEY = "Invalid or revoked API key."
"""What a refused key is answered with, word for word (authentication page)."""

_SECONDS_TO_RETRY = "1"


class Refusal(Exception):
    """Ends the handling of a request with a status, a sentence for people, and what is wrong with which values."""

    def __init__(
        self,
        status: int,
        detail: str,
        violations: Sequence[Violation] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.violations = tuple(violations)
        self.headers = dict(headers or {})


def invalid_key() -> Refusal:
    """The refusal of a missing, unknown or revoked key."""
    return Refusal(401, INVALID_KEY, headers={"WWW-Authenticate": "Bearer"})


def not_found() -> Refusal:
    """The refusal of an id that no conversation of the caller's organisation has."""
    return Refusal(404, "No such conversation.")


def nowhere(more: str = "") -> Refusal:
    """The refusal of a path at which nothing is documented."""
    return Refusal(404, f"There is nothing at this path.{more}")


def unreachable(error: Exception) -> Refusal:
    """The refusal of everything while the state cannot be reached, for the reason that the error gives."""
    return Refusal(503, f"The state cannot be reached: {error}", headers={"Retry-After": _SECONDS_TO_RETRY})


class Problems:
    """Turns refusals into answers, in the chosen shape."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    def answer(self, refusal: Refusal) -> Answer:
        """The answer to a refused request."""
        if refusal.status == 401:
            return Answer.json(401, self.unauthenticated(refusal), refusal.headers)
        shape = self.choices["error_body_shape"]
        shapes = {"detail": self.as_detail, "per_field": self.as_fields, "problem_json": self.as_problem, "other": self.as_other}
        body = shapes[shape](refusal)
        media = "application/problem+json" if shape == "problem_json" else "application/json"
        return Answer.json(refusal.status, body, refusal.headers, media)

    def unauthenticated(self, refusal: Refusal) -> Any:
        """The body of a 401, which is the same in every shape."""
        return {"detail": refusal.detail}

    def invalid_value(self, violations: Sequence[Violation]) -> Refusal:
        """The refusal of values that are not what is documented."""
        detail = " ".join(f"{_place(violation)}: {violation.message}" for violation in violations[:10])
        return Refusal(int(self.choices["invalid_value_status"]), detail, violations)

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
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": refusal.detail,
        }
        if refusal.violations:
            body["errors"] = [
                {"pointer": "#" + "".join(f"/{step}" for step in violation.path), "detail": violation.message}
                for violation in refusal.violations
            ]
        return body

    def as_other(self, refusal: Refusal) -> Any:
        code = HTTPStatus(refusal.status).phrase.lower().replace(" ", "_")
        fields = [violation.field for violation in refusal.violations if violation.field]
        return {"error": {"code": code, "message": refusal.detail, "fields": fields}}


def _place(violation: Violation) -> str:
    return ".".join(map(str, violation.path)) or "body"
