"""Which members of a conversation or a message can be compared between responses, and how strictly.

Members that are not documented change as they like. Timestamps are the same moment in any offset, addresses the same in any case,
and names that a user lacked may be filled in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract_tests.contract.document import Contract
from contract_tests.contract.timestamps import comparable, moment
from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.judging.mismatches.values import json_mismatch

_NAMES = ("first_name", "last_name")


def as_conversation(contract: Contract, members: Mapping[str, Any]) -> dict[str, Any]:
    """The documented members of a conversation, written so that what is the same is equal."""
    found = comparable(contract.documented("Conversation", {name: members.get(name) for name in contract.conversation_members}))
    if isinstance(found.get("requester"), dict):
        found["requester"] = _folded(found["requester"], "email")
    return found


def as_message(contract: Contract, item: Mapping[str, Any]) -> dict[str, Any]:
    """The documented members of a message, written so that what is the same is equal."""
    return _folded(comparable(contract.documented("Message", item)), "sender_email")


def conversation_mismatch(contract: Contract, before: Mapping[str, Any], now: Mapping[str, Any]) -> Mismatch | None:
    """Return why a conversation is not what it was; `updated_at` may have moved forward, and missing names may be filled in."""
    earlier, later = as_conversation(contract, before), as_conversation(contract, now)
    if updated_at_moved(before, now):
        earlier["updated_at"] = later["updated_at"]
    known, filled = earlier.get("requester"), later.get("requester")
    if isinstance(known, dict) and isinstance(filled, dict):
        lacking = [name for name in _NAMES if name in known and known[name] in (None, "")]
        earlier["requester"] = {**known, **{name: filled[name] for name in lacking if name in filled}}
    return json_mismatch(earlier, later, "the conversation")


def updated_at_moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> Mismatch | None:
    """Return how `updated_at` moved forward although nothing happened: a job may cause that, but should not."""
    earlier, later = before.get("updated_at"), now.get("updated_at")
    first, second = moment(earlier), moment(later)
    if first is None or second is None or second <= first:
        return None
    return Mismatch("updated_at moved where nothing happened", shown(earlier), shown(later), "/updated_at")


def compare_messages(
    contract: Contract,
    before: Sequence[Mapping[str, Any]],
    now: Sequence[Mapping[str, Any]],
    is_sent: Callable[[Mapping[str, Any]], bool] = lambda item: True,
) -> tuple[Mismatch | None, list[Mapping[str, Any]]]:
    """Return why messages are not what they were, and which were added, perhaps by the server itself.

    `is_sent` tells the messages that the run sent: whether those that the server adds stay, and who sees them, is open.
    """
    known = {shown(item.get("id")) for item in before}
    added = [item for item in now if shown(item.get("id")) not in known]
    sent = [item for item in before if is_sent(item)]
    ids = {shown(item.get("id")) for item in sent}
    kept = [item for item in now if shown(item.get("id")) in ids]
    earlier, later = ([as_message(contract, item) for item in items] for items in (sent, kept))
    return json_mismatch(earlier, later, "the messages"), added


def _folded(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    return {**members, name: value.lower()} if isinstance(value, str) else dict(members)
