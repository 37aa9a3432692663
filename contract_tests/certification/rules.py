"""What a check that passed implies of the exchange that it looked at, requirement by requirement.

Each rule is a pure function of an exchange and of the others in the bundle. It returns why the check cannot have passed, None where
it can, and UNSEEN where the exchanges do not tell. The comparisons are those that the tests make (`judging/mismatches/`).
"""

from collections.abc import Callable, Mapping
from enum import Enum
from urllib.parse import unquote

from contract_tests.certification import rules_of_conversations as conversations
from contract_tests.certification import rules_of_lists as lists
from contract_tests.certification import rules_of_messages as messages
from contract_tests.certification.world import Seen, World
from contract_tests.contract.mismatch import Mismatch
from contract_tests.contract.operations import CREATE_MESSAGE, LIST_MESSAGES
from contract_tests.judging.mismatches import responses
from contract_tests.judging.mismatches.responses import status_mismatch
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.transport.exchange import DROPPED

Rule = Callable[[World, Seen], Mismatch | None]


class Extent(Enum):
    """How much of a check its rule repeats."""

    WHOLE = "whole"
    """The whole check: it needs only the one exchange, or what is in the bundle."""
    PART = "part"
    """Something that the check implies; the rest needs data that is not in the bundle."""


def _not_refused(world: World, seen: Seen) -> Mismatch | None:
    return responses.not_refused(seen.exchange)


def _not_accepted(world: World, seen: Seen) -> Mismatch | None:
    return responses.not_accepted(seen.exchange)


def _not_accepted_nor_met(world: World, seen: Seen) -> Mismatch | None:
    # Of messages that are sent at the same moment, a server may refuse all but one.
    return None if seen.exchange.status == 409 else responses.not_accepted(seen.exchange)


def _not_401(world: World, seen: Seen) -> Mismatch | None:
    return status_mismatch(seen.exchange, 401)


def _no_refusal_body(world: World, seen: Seen) -> Mismatch | None:
    return status_mismatch(seen.exchange, 401) or responses.no_text_detail(seen.exchange)


def _found_or_failed(world: World, seen: Seen) -> Mismatch | None:
    exchange, path = seen.exchange, unquote(seen.exchange.call.path).lower()
    shown = exchange.members.get("id")
    # A server may find a known id within the requested one, happen to have the id, or take the path for that of the list.
    its_own = (isinstance(shown, str) and bool(shown) and shown.lower() in path) or "results" in exchange.members
    if exchange.succeeded and (its_own or seen.operation in (LIST_MESSAGES, CREATE_MESSAGE)):
        return None
    return responses.found_or_failed(exchange)


def _server_error(world: World, seen: Seen) -> Mismatch | None:
    return responses.server_error(seen.exchange)


def _not_json(world: World, seen: Seen) -> Mismatch | None:
    return responses.not_json(seen.exchange)


def _not_created(world: World, seen: Seen) -> Mismatch | None:
    return status_mismatch(seen.exchange, 201)


def _failed_or_changed(world: World, seen: Seen) -> Mismatch | None:
    failed = responses.server_error(seen.exchange) if seen.exchange.status != DROPPED else None
    return failed or conversations.changed(world, seen)


def _shown_by_another_path(world: World, seen: Seen) -> Mismatch | None:
    return conversations.another_shown(world, seen) if seen.exchange.succeeded else None


def _not_resolved(world: World, seen: Seen) -> Mismatch | None:
    exchange = seen.exchange
    if exchange.refused and (seen.kept.body or seen.query):
        # No body or query is documented for a resolve, so a server may refuse one.
        return None
    return status_mismatch(exchange, 200) or world.contract.mismatch("Conversation", exchange.members)


def _not_closed(world: World, seen: Seen) -> Mismatch | None:
    return json_mismatch("closed", seen.exchange.members.get("status"), "status")


def _told_unchanged(world: World, seen: Seen) -> Mismatch | None:
    asked = {name.lower() for name in seen.kept.headers} & {"if-none-match", "if-modified-since"}
    if seen.exchange.status != 304 or asked:
        return None
    return Mismatch("a read that asked about nothing was answered 304", "a response with a body", "304")


_SAID_BY_THE_REQUEST = (
    "create.requester-email",
    "create.priority-default",
    "create.priority-kept",
    "create.channel-kept",
    "create.metadata-kept",
    "create.metadata-default",
    "create.opens",
    "create.text-exact",
)

WHOLE: Mapping[str, Rule] = {
    **dict.fromkeys(("auth.x-api-key", "auth.bearer", "auth.client-operations", "auth.cookies"), _not_accepted),
    **dict.fromkeys(("origin.allowed", "origin.unrestricted"), _not_accepted),
    **dict.fromkeys(("auth.missing-key", "auth.invalid-key", "auth.altered-key", "auth.revoked-key", "auth.empty-key"), _not_401),
    **dict.fromkeys(("auth.malformed-authorization", "auth.other-scheme"), _not_401),
    "auth.refusal-body": _no_refusal_body,
    **dict.fromkeys(("tier.refused", "origin.other"), _not_refused),
    **dict.fromkeys(("create.subject-required", "create.subject-too-long", "create.required-members"), _not_refused),
    **dict.fromkeys(("create.malformed-json", "create.not-an-object", "messages.malformed-json"), _not_refused),
    **dict.fromkeys(("messages.body-required", "messages.user-email-required"), _not_refused),
    **dict.fromkeys(("create.status", "create.anonymous"), _not_created),
    "any.no-server-error": _server_error,
    "any.json": _not_json,
    "create.answer": conversations.malformed,
    "create.wrong-types": conversations.malformed,
    "create.subject-longest": conversations.subject_changed,
    **{name: conversations.finding(name) for name in _SAID_BY_THE_REQUEST},
    "create.new-user-names": conversations.names_changed,
    "create.timestamps": conversations.wrong_times,
    "get.answer": conversations.unreadable,
    "resolve.closes": _not_closed,
    "list.answer": lists.malformed,
    "list.maximum": lists.too_many,
    "list.past-the-end": lists.not_empty,
    "messages.answer": messages.malformed,
    "messages.id-unique": messages.shared_ids,
    "messages.timestamps": messages.wrong_times,
}
"""By requirement, where the rule compares all that the check does."""

PART: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "auth.refusal-changes-nothing",
            "tier.refusal-changes-nothing",
            "origin.refusal-changes-nothing",
            "create.refusal-changes-nothing",
            "get.as-created",
            "list.items-as-get",
            "list.reads-only",
            "list.unfiltered",
            "list.fresh",
            "messages.conversation-kept",
            "messages.touches-no-other",
            "messages.refusal-changes-nothing",
            "resolve.rest-kept",
            "resolve.only-that",
            "any.durable",
            "any.undocumented-methods",
            "any.concurrent-reads",
        ),
        conversations.changed,
    ),
    "create.undocumented-values": conversations.malformed,
    "create.whole-or-refused": conversations.unusual_changed,
    "create.id-unique": conversations.given_twice("id"),
    "create.number-unique": conversations.given_twice("number"),
    "create.anonymous-apart": conversations.borrowed_name,
    "create.anonymous-address": conversations.borrowed_address,
    "list.email-filter": lists.of_another_requester,
    "list.status-filter": lists.of_another_status,
    "list.filters-combine": lists.of_another,
    "messages.wrong-types": messages.malformed,
    **dict.fromkeys(("get.unknown-id", "get.malformed-id", "resolve.unknown-id"), _found_or_failed),
    "messages.unknown-conversation": _found_or_failed,
    "resolve.answer": _not_resolved,
    "resolve.twice": _failed_or_changed,
    "resolve.refusal-changes-nothing": _failed_or_changed,
    "resolve.get-agrees": conversations.not_closed,
    "any.concurrent-creates": _failed_or_changed,
    "any.concurrent-resolves": _failed_or_changed,
    "any.concurrent-messages": messages.changed,
    "any.conditional-requests": _told_unchanged,
    "isolation.get": conversations.another_shown,
    "isolation.resolve": conversations.another_shown,
    "isolation.create-message": conversations.another_shown,
    "any.other-paths": _shown_by_another_path,
    "isolation.list": lists.another_listed,
    "isolation.messages": messages.another_listed,
    "list.default-page": lists.longer_than_default,
    "list.limit": lists.longer_than_limit,
    "list.offset": lists.listed_twice,
    "list.partition": lists.listed_twice,
    "list.count": lists.counted_too_few,
    "resolve.lists-agree": lists.of_another_status,
    "messages.accepted": _not_accepted_nor_met,
    "messages.oldest-first": messages.out_of_order,
    "messages.count": messages.wrong_count,
    "messages.listed-once": messages.not_listed_once,
    "messages.body-exact": messages.changed,
    "messages.whole-or-refused": messages.changed,
    "messages.own-conversation": messages.of_another,
    "messages.sender": messages.of_another_sender,
}
"""By requirement, where the rule compares a part of it."""

RULES: Mapping[str, Rule] = {**WHOLE, **PART}


def extent_of(requirement_id: str) -> Extent | None:
    """Return how much of a requirement's checks is computed again; None where they are only added up."""
    if requirement_id in WHOLE:
        return Extent.WHOLE
    return Extent.PART if requirement_id in PART else None
