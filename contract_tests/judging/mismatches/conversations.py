"""What a conversation must look like: after its creation, and whenever it is shown again."""

from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.contract.document import Contract
from contract_tests.contract.timestamps import moment, not_a_timestamp, not_ascending
from contract_tests.judging.mismatches import Mismatch, pointed, shown, within
from contract_tests.judging.mismatches.values import json_mismatch, line_mismatch
from contract_tests.model.ledger import Person, Record

Finding = tuple[str, str, Mismatch | None]
"""A requirement's id, the member that shows it, and what is wrong with it."""

_TIMESTAMPS = ("created_at", "updated_at")

_NULLS = {"none", "null", "nil", "undefined", "nan", "none none", "null null", "undefined undefined"}
"""What becomes of null where it is made into a text."""


def creation_findings(contract: Contract, sent: Mapping[str, Any], response: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the response to a create with the request, but for names, which depend on who exists already."""
    if isinstance(sent.get("subject"), str):
        yield "create.text-exact", "subject", line_mismatch(sent["subject"], response.get("subject"), "subject")
    if isinstance(sent.get("user_email"), str):
        yield "create.requester-email", "requester", email_mismatch(response, sent["user_email"])
    if sent.get("priority") in contract.priorities:
        yield "create.priority-kept", "priority", json_mismatch(sent["priority"], response.get("priority"), "priority")
    elif "priority" not in sent:
        default = contract.default_priority
        yield "create.priority-default", "priority", json_mismatch(default, response.get("priority"), "priority")
    if sent.get("channel") in contract.channels:
        yield "create.channel-kept", "channel", json_mismatch(sent["channel"], response.get("channel"), "channel")
    if isinstance(sent.get("metadata"), dict):
        yield "create.metadata-kept", "metadata", json_mismatch(sent["metadata"], response.get("metadata"), "metadata")
    elif "metadata" not in sent:
        yield "create.metadata-default", "metadata", json_mismatch({}, response.get("metadata"), "metadata")
    yield "create.opens", "status", json_mismatch("open", response.get("status"), "status")
    yield "create.timestamps", "created_at", timestamp_mismatch(response)


def names_mismatch(person: Person, response: Mapping[str, Any]) -> Mismatch | None:
    """Return why the requester has not the names with which it was created; names that were not given are left open."""
    given = {"first_name": person.first_name, "last_name": person.last_name}
    requester = response.get("requester")
    for member, name in given.items():
        actual = requester.get(member) if isinstance(requester, dict) else None
        if name is not None and (found := line_mismatch(name, actual, f"requester.{member}")):
            return found
    return None


def email_mismatch(response: Mapping[str, Any], email: str) -> Mismatch | None:
    """Return why the requester has not this address; its case is a choice."""
    requester = response.get("requester")
    actual = requester.get("email") if isinstance(requester, dict) else None
    if isinstance(actual, str) and actual.lower() == email.lower():
        return None
    return Mismatch("requester.email is not the user_email of the request", shown(email), shown(requester), "/requester/email")


def null_as_text(shown_as: Any, where: str) -> Mismatch | None:
    """Return which member of an object is a word for null in some programming language, although null or nothing was sent."""
    for member, value in shown_as.items() if isinstance(shown_as, Mapping) else ():
        if isinstance(value, str) and value.strip().lower() in _NULLS:
            place = f"{where}.{member}" if where else member
            return Mismatch(f"{place} is a text for null, which was sent", "null or empty", shown(value), pointed(place))
    return None


def timestamp_mismatch(response: Mapping[str, Any]) -> Mismatch | None:
    for member in _TIMESTAMPS:
        if found := not_a_timestamp(response.get(member), member):
            return found
    return within(not_ascending(response.get("created_at"), response.get("updated_at"), "created_at and updated_at"), "updated_at")


def changed_members(contract: Contract, record: Record, response: Mapping[str, Any]) -> Iterator[tuple[str, Mismatch]]:
    """Return the documented members that are not as the server showed them before, each with what is wrong."""
    for member in contract.conversation_members:
        if member in record.unsure or (member == "updated_at" and record.last != "created"):
            continue
        before = record.shown.get(member)
        if member != "status" and isinstance(before, str) and before == response.get(member):
            # A run looks at a hundred thousand members, and most are texts that are simply the same.
            continue
        if found := _member_mismatch(record, member, response):
            yield member, found


def _member_mismatch(record: Record, member: str, response: Mapping[str, Any]) -> Mismatch | None:
    actual = response.get(member)
    if member == "status":
        return _status_mismatch(record, actual)
    before = record.shown.get(member)
    if member == "requester" and isinstance(before, dict) and isinstance(actual, dict):
        return _requester_mismatch(before, actual, untouched=record.last == "created")
    return None if member in _TIMESTAMPS and _same_or_later(member, before, actual) else json_mismatch(before, actual, member)


def _same_or_later(member: str, before: Any, actual: Any) -> bool:
    """Return whether two timestamps are equal, or `updated_at` is later: a job may move it forward, which is judged separately."""
    first, second = moment(before), moment(actual)
    if first is None or second is None:
        return False
    return first == second or (member == "updated_at" and first < second)


def _requester_mismatch(before: Mapping[str, Any], actual: Mapping[str, Any], *, untouched: bool) -> Mismatch | None:
    """Return how a requester changed. A later create may fill in names that a user did not have: that overwrites nothing.

    A missing address, null or empty, must be shown in the same way as long as the conversation is `untouched`; after that, a
    message may have revealed it.
    """
    for name in ("email", "first_name", "last_name"):
        known = before.get(name)
        now = actual.get(name)
        judged = known not in (None, "") or (untouched and name == "email")
        if name == "email" and isinstance(known, str) and isinstance(now, str) and known.lower() == now.lower():
            # Its case may be that in which it was sent first or last.
            continue
        if judged and (found := json_mismatch(known, now, f"requester.{name}")):
            return found
    return None


def _status_mismatch(record: Record, actual: Any) -> Mismatch | None:
    if record.status is not None:
        return json_mismatch(record.status, actual, "status")
    if actual in record.statuses:
        return None
    return Mismatch("status is one that a message cannot lead to", " or ".join(sorted(record.statuses)), shown(actual), "/status")
