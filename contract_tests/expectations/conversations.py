"""What a conversation must look like: after its creation, and whenever it is shown again."""

from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.contract import Contract
from contract_tests.expectations import Mismatch, shown
from contract_tests.expectations.timestamps import in_order, is_timestamp, moment
from contract_tests.expectations.values import same_json, same_text
from contract_tests.ledger import Person, Record

Finding = tuple[str, str, Mismatch | None]
"""A requirement's id, the member that shows it, and what is wrong with it."""

_TIMESTAMPS = ("created_at", "updated_at")


def created(contract: Contract, sent: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Finding]:
    """What the answer to a create shows of the request, but for names, which depend on who exists already."""
    if isinstance(sent.get("subject"), str):
        yield "create.text-exact", "subject", same_text(sent["subject"], answer.get("subject"), "subject")
    if isinstance(sent.get("user_email"), str):
        yield "create.requester-email", "requester", has_email(answer, sent["user_email"])
    if sent.get("priority") in contract.priorities:
        yield "create.priority-kept", "priority", same_json(sent["priority"], answer.get("priority"), "priority")
    elif "priority" not in sent:
        default = contract.default_priority
        yield "create.priority-default", "priority", same_json(default, answer.get("priority"), "priority")
    if sent.get("channel") in contract.channels:
        yield "create.channel-kept", "channel", same_json(sent["channel"], answer.get("channel"), "channel")
    if isinstance(sent.get("metadata"), dict):
        yield "create.metadata-kept", "metadata", same_json(sent["metadata"], answer.get("metadata"), "metadata")
    elif "metadata" not in sent:
        yield "create.metadata-default", "metadata", same_json({}, answer.get("metadata"), "metadata")
    yield "create.opens", "status", same_json("open", answer.get("status"), "status")
    yield "create.timestamps", "created_at", timestamps(answer)


def names(person: Person, answer: Mapping[str, Any]) -> Mismatch | None:
    """The requester has the names with which it was created; names that were not given are left open."""
    given = {"first_name": person.first_name, "last_name": person.last_name}
    requester = answer.get("requester")
    for member, name in given.items():
        actual = requester.get(member) if isinstance(requester, dict) else None
        if name is not None and (found := same_text(name, actual, f"requester.{member}")):
            return found
    return None


def has_email(answer: Mapping[str, Any], email: str) -> Mismatch | None:
    """The requester has this address; its case is a choice."""
    requester = answer.get("requester")
    actual = requester.get("email") if isinstance(requester, dict) else None
    if isinstance(actual, str) and actual.lower() == email.lower():
        return None
    return Mismatch("requester.email is not the user_email of the request", shown(email), shown(requester))


def timestamps(answer: Mapping[str, Any]) -> Mismatch | None:
    for member in _TIMESTAMPS:
        if found := is_timestamp(answer.get(member), member):
            return found
    return in_order(answer.get("created_at"), answer.get("updated_at"), "created_at and updated_at")


def changed(contract: Contract, record: Record, answer: Mapping[str, Any]) -> Iterator[tuple[str, Mismatch]]:
    """The documented members that are not as the server showed them before, each with what is wrong."""
    for member in contract.conversation_members:
        if member in record.unsure or (member == "updated_at" and record.last != "created"):
            continue
        before = record.shown.get(member)
        if member != "status" and isinstance(before, str) and before == answer.get(member):
            # A run looks at a hundred thousand members, and most are texts that are simply the same.
            continue
        if found := _member_changed(record, member, answer):
            yield member, found


def _member_changed(record: Record, member: str, answer: Mapping[str, Any]) -> Mismatch | None:
    actual = answer.get(member)
    if member == "status":
        return _status(record, actual)
    before = record.shown.get(member)
    if member == "requester" and isinstance(before, dict) and isinstance(actual, dict):
        return _requester_changed(before, actual, untouched=record.last == "created")
    if member in _TIMESTAMPS and moment(before) is not None and moment(before) == moment(actual):
        return None
    return same_json(before, actual, member)


def _requester_changed(before: Mapping[str, Any], actual: Mapping[str, Any], *, untouched: bool) -> Mismatch | None:
    """Names that a user did not have may be filled in by a later create: that overwrites nothing.

    An address that is missing, as null or as empty, is missing in the same way wherever an `untouched` conversation is shown; a
    message may have told since who it is.
    """
    for name in ("email", "first_name", "last_name"):
        known = before.get(name)
        judged = known not in (None, "") or (untouched and name == "email")
        if judged and (found := same_json(known, actual.get(name), f"requester.{name}")):
            return found
    return None


def _status(record: Record, actual: Any) -> Mismatch | None:
    if record.status is not None:
        return same_json(record.status, actual, "status")
    if actual in record.statuses:
        return None
    return Mismatch("status is one that a message cannot lead to", " or ".join(sorted(record.statuses)), shown(actual))
