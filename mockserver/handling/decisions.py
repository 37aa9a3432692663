"""What decides each kind of refusal: a requirement of spec/requirements.yaml, or a choice of spec/choices.yaml, by its id.

Requirements have a dot in their ids, and choices none.
"""

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.model.refusal import Kind, Refusal

ByOperation = Mapping[str, str]
"""Ids by operationId, or by operationId and member (`createMessage body`), which counts first."""

_NOT_JSON: ByOperation = {"createConversation": "create.malformed-json", "createMessage": "messages.malformed-json"}
_NOT_AN_OBJECT: ByOperation = {"createConversation": "create.not-an-object", "createMessage": "messages.malformed-json"}
_WHOLE: ByOperation = {"createConversation": "create.whole-or-refused", "createMessage": "messages.whole-or-refused"}
_WRONG: ByOperation = {"createConversation": "create.wrong-types-refused", "createMessage": "messages.wrong-types-refused"}

DECISIONS: Mapping[Kind, str | ByOperation | None] = MappingProxyType(
    {
        Kind.MISSING_KEY: "auth.missing-key",
        Kind.EMPTY_KEY: "auth.empty-key",
        Kind.MALFORMED_AUTHORIZATION: "auth.malformed-authorization",
        Kind.OTHER_SCHEME: "auth.other-scheme",
        Kind.UNKNOWN_KEY: "auth.invalid-key",
        Kind.REVOKED_KEY: "auth.revoked-key",
        Kind.FORBIDDEN_TIER: "tier.refused",
        Kind.OTHER_ORIGIN: "origin.other",
        Kind.MISSING_ORIGIN: "missing_origin",
        Kind.OTHER_APP: "origin_refusal_status",
        Kind.NOT_FOUND: {
            "getConversation": "get.unknown-id-status",
            "listMessages": "messages.unknown-conversation",
            "createMessage": "messages.unknown-conversation",
            "resolveConversation": "resolve.unknown-id",
        },
        Kind.OTHER_ORGANISATION: {
            "getConversation": "isolation.get",
            "listMessages": "isolation.messages",
            "createMessage": "isolation.create-message",
            "resolveConversation": "isolation.resolve",
        },
        Kind.MALFORMED_ID: "malformed_id_status",
        Kind.CONVERSATION_CLOSED: "reply_to_closed",
        Kind.RESOLVED_ALREADY: "resolve_twice",
        Kind.UNKNOWN_SENDER: "unknown_sender",
        Kind.LIMIT_OVER_MAXIMUM: "limit_over_maximum",
        Kind.INVALID_PAGING: "invalid_paging",
        Kind.INVALID_FILTER: "unknown_status_filter",
        Kind.MISSING_PARAMETER: "invalid_value_status",
        Kind.NOT_JSON: _NOT_JSON,
        Kind.BODY_CUT: _NOT_JSON,
        Kind.BODY_LATE: _NOT_JSON,
        Kind.BODY_TOO_LONG: _WHOLE,
        Kind.NESTED_TOO_DEEPLY: _WHOLE,
        Kind.BEYOND_RANGE: _WHOLE,
        Kind.OTHER_MEDIA_TYPE: _NOT_JSON,
        Kind.NOT_AN_OBJECT: _NOT_AN_OBJECT,
        Kind.MISSING_MEMBER: {
            "createConversation": "create.required-members",
            "createConversation subject": "create.subject-required",
            "createMessage body": "messages.body-required",
            "createMessage user_email": "messages.user-email-required",
        },
        Kind.WRONG_TYPE: _WRONG,
        Kind.TOO_LONG: {"createConversation subject": "create.subject-too-long"},
        Kind.INVALID_VALUE: {"createConversation": "create.undocumented-values-refused"},
        Kind.UNKNOWN_MEMBER: "unknown_body_fields",
        Kind.NUL_CHARACTER: "nul_character",
        Kind.EMPTY_TEXT: "empty_subject",
        Kind.MALFORMED_EMAIL: "malformed_email",
        Kind.NO_FINAL_SLASH: "missing_trailing_slash",
        # Not in the catalogue: unknown paths, and what HTTP or an unreachable store refuses.
        Kind.NOWHERE: None,
        Kind.UNAVAILABLE: None,
        Kind.HTTP: None,
    }
)

_ANY_VALUE = "invalid_value_status"
"""What decides a refusal that comes from an edited contract document, and that no requirement names."""


def decided_by(refusal: Refusal, operation: str = "") -> str | None:
    """Return the id of what decides the refusal of a request for that operation; None if nothing in the catalogue does."""
    decision = DECISIONS[refusal.kind]
    if decision is None or isinstance(decision, str):
        return decision
    member = refusal.violations[0].field if refusal.violations else ""
    return decision.get(f"{operation} {member}") or decision.get(operation, _ANY_VALUE)
