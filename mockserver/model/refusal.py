"""Refusals by kind: why a request is not carried out, without saying by which status."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from types import MappingProxyType

from mockserver.contract.schema import Violation

INVALID_KEY = "Invalid or revoked API key."
"""The text of the response to a refused key, word for word (authentication page)."""


class Kind(Enum):
    """Why a request is refused. `handling/decisions.py` has what decides each, `handling/errors.py` the statuses."""

    MISSING_KEY = auto()
    EMPTY_KEY = auto()
    MALFORMED_AUTHORIZATION = auto()
    OTHER_SCHEME = auto()
    UNKNOWN_KEY = auto()
    REVOKED_KEY = auto()
    FORBIDDEN_TIER = auto()
    OTHER_ORIGIN = auto()
    MISSING_ORIGIN = auto()
    OTHER_APP = auto()

    NOT_FOUND = auto()
    OTHER_ORGANISATION = auto()
    MALFORMED_ID = auto()
    CONVERSATION_CLOSED = auto()
    RESOLVED_ALREADY = auto()
    UNKNOWN_SENDER = auto()

    LIMIT_OVER_MAXIMUM = auto()
    INVALID_PAGING = auto()
    INVALID_FILTER = auto()
    MISSING_PARAMETER = auto()

    NOT_JSON = auto()
    BODY_CUT = auto()
    BODY_LATE = auto()
    BODY_TOO_LONG = auto()
    NESTED_TOO_DEEPLY = auto()
    BEYOND_RANGE = auto()
    OTHER_MEDIA_TYPE = auto()
    NOT_AN_OBJECT = auto()
    MISSING_MEMBER = auto()
    WRONG_TYPE = auto()
    TOO_LONG = auto()
    INVALID_VALUE = auto()
    UNKNOWN_MEMBER = auto()
    NUL_CHARACTER = auto()
    EMPTY_TEXT = auto()
    MALFORMED_EMAIL = auto()

    NOWHERE = auto()
    NO_FINAL_SLASH = auto()
    UNAVAILABLE = auto()
    HTTP = auto()
    """What HTTP itself refuses, before an operation is known or beyond it, with a status of its own."""


_BY_KEYWORD: Mapping[str, Kind] = MappingProxyType(
    {
        "required": Kind.MISSING_MEMBER,
        "type": Kind.WRONG_TYPE,
        "maxLength": Kind.TOO_LONG,
        "unknown_body_fields": Kind.UNKNOWN_MEMBER,
        "nul_character": Kind.NUL_CHARACTER,
        "empty_subject": Kind.EMPTY_TEXT,
        "malformed_email": Kind.MALFORMED_EMAIL,
    }
)


class Refusal(Exception):
    """Ends the handling of a request: its kind, a sentence for people, and what is wrong with which values."""

    def __init__(self, kind: Kind, detail: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.violations = tuple(violations)


def invalid_key(kind: Kind = Kind.UNKNOWN_KEY) -> Refusal:
    """Return the refusal of a key that is missing, unknown or revoked, which all read the same."""
    return Refusal(kind, INVALID_KEY)


def not_found(kind: Kind = Kind.NOT_FOUND) -> Refusal:
    """Return the refusal of an id that no conversation of the caller's organisation has."""
    return Refusal(kind, "No such conversation.")


def nowhere(kind: Kind = Kind.NOWHERE, more: str = "") -> Refusal:
    """Return the refusal of a path at which nothing is documented."""
    return Refusal(kind, f"There is nothing at this path.{more}")


def invalid_value(violations: Sequence[Violation], kind: Kind | None = None) -> Refusal:
    """Return the refusal of values that are not what is documented; its kind is that of the first violation, unless given."""
    detail = " ".join(f"{_place(violation)}: {violation.message}" for violation in violations[:10])
    return Refusal(kind or _kind_of(violations), detail, violations)


def _kind_of(violations: Sequence[Violation]) -> Kind:
    if not violations:
        return Kind.INVALID_VALUE
    first = violations[0]
    if first.keyword == "type" and not first.path:
        return Kind.NOT_AN_OBJECT
    return _BY_KEYWORD.get(first.keyword, Kind.INVALID_VALUE)


def _place(violation: Violation) -> str:
    return ".".join(map(str, violation.path)) or "body"
