"""What a check that passed implies of a conversation that an exchange shows: alone, or in a list."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract_tests.certification.world import Created, Seen, World
from contract_tests.contract.mismatch import Mismatch, of_item, shown
from contract_tests.contract.operations import CREATE_CONVERSATION, GET_CONVERSATION, RESOLVE_CONVERSATION
from contract_tests.judging.mismatches import conversations, isolation, responses
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Person, Record
from contract_tests.transport.exchange import DROPPED

_LONG_ENOUGH = 4
"""Shortest length of a name that does not occur twice by accident."""

_MAY_CHANGE = frozenset({"status", "updated_at", "requester"})
"""What of a conversation others may change, or a later create fill in."""


def malformed(world: World, seen: Seen) -> Mismatch | None:
    """Return what a success shows that is no conversation."""
    if not seen.exchange.succeeded or seen.operation != CREATE_CONVERSATION:
        return None
    return world.contract.mismatch("Conversation", seen.exchange.members)


def unreadable(world: World, seen: Seen) -> Mismatch | None:
    """Return why a read does not show a conversation."""
    return responses.status_mismatch(seen.exchange, 200) or world.contract.mismatch("Conversation", seen.exchange.members)


def unusual_changed(world: World, seen: Seen) -> Mismatch | None:
    """Return what of an unusual create was neither kept nor refused."""
    if seen.operation != CREATE_CONVERSATION:
        return changed(world, seen)
    if seen.exchange.succeeded:
        return _created_otherwise(world, seen)
    return responses.not_refused(seen.exchange) if seen.exchange.status != DROPPED else None


def subject_changed(world: World, seen: Seen) -> Mismatch | None:
    """Return why a subject was not accepted and kept."""
    return responses.status_mismatch(seen.exchange, 201) or _created_otherwise(world, seen)


def _created_otherwise(world: World, seen: Seen) -> Mismatch | None:
    findings = conversations.creation_findings(world.contract, seen.sent, seen.exchange.members)
    return next((found for _, _, found in findings if found), None)


def finding(requirement_id: str) -> Callable[[World, Seen], Mismatch | None]:
    """Return the rule that compares the response to a create with its request, for one requirement."""

    def rule(world: World, seen: Seen) -> Mismatch | None:
        findings = conversations.creation_findings(world.contract, seen.sent, seen.exchange.members)
        return next((found for name, _, found in findings if found and name == requirement_id), None)

    return rule


def names_changed(world: World, seen: Seen) -> Mismatch | None:
    """Return the name with which a user was created, and which is not shown."""
    first, last = (name if isinstance(name := seen.sent.get(f"user_{part}_name"), str) else None for part in ("first", "last"))
    return conversations.names_mismatch(Person(first, last), seen.exchange.members)


def given_twice(member: str) -> Callable[[World, Seen], Mismatch | None]:
    """Return the rule that no other create was given the same id, or number."""

    def rule(world: World, seen: Seen) -> Mismatch | None:
        value = seen.exchange.members.get(member)
        if not isinstance(value, str | int):
            return Mismatch(f"a conversation has no {member}", "one of its own", shown(value), f"/{member}")
        others = world.given[seen.organisation, member, value] - {(seen.kept.worker, seen.kept.number)}
        return Mismatch(f"{member} {value} was given twice", "one of its own", shown(value), f"/{member}") if others else None

    return rule


def wrong_times(world: World, seen: Seen) -> Mismatch | None:
    """Return which time of a conversation of the run is none, or goes back."""
    found = (of_item(conversations.timestamp_mismatch(members), members) for _, members in _known(world, seen))
    return next(filter(None, found), None)


def changed(world: World, seen: Seen) -> Mismatch | None:
    """Return which member differs from the create although nothing may change it, or why a read shows nothing at all."""
    known = (seen.organisation, seen.conversation) in world.created
    if seen.operation == GET_CONVERSATION and known and (lost := responses.status_mismatch(seen.exchange, 200, 304)):
        return lost
    for before, members in _known(world, seen):
        record = Record(str(before.shown.get("id")), None, dict(before.shown), set(_MAY_CHANGE))
        for _, mismatch in conversations.changed_members(world.contract, record, members):
            return of_item(mismatch, members)
    return None


def not_closed(world: World, seen: Seen) -> Mismatch | None:
    """Return why a conversation that was resolved is not read as closed, and what else of it changed."""
    if seen.operation in (GET_CONVERSATION, RESOLVE_CONVERSATION):
        found = json_mismatch("closed", seen.exchange.members.get("status"), "status")
        if found:
            return found
    return changed(world, seen)


def borrowed_address(world: World, seen: Seen) -> Mismatch | None:
    """Return the address that an anonymous conversation shows although a request sent it for another conversation."""
    for before, members in _anonymous(world, seen):
        email = _requester(members).get("email")
        written = world.messages.get((seen.organisation, str(before.shown.get("id"))))
        if isinstance(email, str) and email.lower() in world.addresses and not written:
            return of_item(Mismatch("an anonymous conversation shows another's address", "none", shown(email)), members)
    return None


def borrowed_name(world: World, seen: Seen) -> Mismatch | None:
    """Return the name that an anonymous conversation shows and that only other creates sent."""
    for before, members in _anonymous(world, seen):
        for member in ("first_name", "last_name"):
            name = _requester(members).get(member)
            if not isinstance(name, str) or len(name) < _LONG_ENOUGH or name in world.names:
                continue
            ids = world.anonymous_names.get(name)
            if ids and str(before.shown.get("id")) not in ids:
                return of_item(Mismatch("an anonymous conversation shows another's name", "its own", shown(name)), members)
    return None


def another_shown(world: World, seen: Seen) -> Mismatch | None:
    """Return what is shown of a conversation that only another organisation has."""
    hidden = world.hidden_from(seen)
    if hidden is None:
        return changed(world, seen)
    return isolation.another_shown(seen.exchange, hidden.shown)


def _known(world: World, seen: Seen) -> Iterator[tuple[Created, Mapping[str, Any]]]:
    """The conversations that a success shows and whose creates the bundle has."""
    if not seen.exchange.succeeded:
        return
    shown_here: list[Mapping[str, Any]] = [*seen.results] or [seen.exchange.members]
    for members in shown_here:
        before = world.created.get((seen.organisation, str(members.get("id"))))
        if before is not None:
            yield before, members


def _anonymous(world: World, seen: Seen) -> Iterator[tuple[Created, Mapping[str, Any]]]:
    yield from ((before, members) for before, members in _known(world, seen) if before.sent.get("user_email") is None)


def _requester(members: Mapping[str, Any]) -> Mapping[str, Any]:
    requester = members.get("requester")
    return requester if isinstance(requester, dict) else {}
