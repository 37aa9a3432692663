"""Anonymous requesters: none is shown with a name that a request gave for another, or with another's address."""

from collections.abc import Mapping
from typing import Any

from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.model.ledger import Ledger, Record

_TELLING = 4
"""The length from which on an equal name is no coincidence."""

_NAMES = ("first_name", "last_name")


def borrowed_name(ledger: Ledger, record: Record, response: Mapping[str, Any]) -> Mismatch | None:
    """Return what is wrong if a name that is shown, even in place of the address, was sent only by other anonymous creates."""
    requester = response.get("requester")
    if not isinstance(requester, dict):
        return None
    for member in _NAMES:
        name = requester.get(member)
        if isinstance(name, str) and _of_another(ledger, record, name):
            return Mismatch(
                f"requester.{member} is what another create sent about an anonymous person",
                "a name of its own, or none",
                shown(name),
            )
    email = requester.get("email")
    if record.email is None and isinstance(email, str) and email in ledger.anonymous_names:
        return Mismatch("requester.email is a name that was sent", "an address, or none", shown(email))
    return None


def borrowed_address(ledger: Ledger, record: Record, response: Mapping[str, Any]) -> Mismatch | None:
    """Return why an anonymous conversation, to which nobody has written, shows an address that a request gave for another."""
    requester = response.get("requester")
    email = requester.get("email") if isinstance(requester, dict) else None
    if not isinstance(email, str) or email.lower() not in ledger.addresses:
        return None
    return Mismatch("an anonymous conversation shows the address of another user", "no address, or one of its own", shown(email))


def spoken_of(ledger: Ledger, response: Mapping[str, Any]) -> list[str]:
    """Return who a conversation's requester may have been taken from: ids of anonymous conversations, and an address."""
    requester = response.get("requester")
    if not isinstance(requester, dict):
        return []
    names = [name for name in requester.values() if isinstance(name, str)]
    ids = [one for name in names for one in ledger.anonymous_names.get(name, ())]
    return [*ids, *(name for name in names if name.lower() in ledger.addresses)]


def _of_another(ledger: Ledger, record: Record, name: str) -> bool:
    if len(name) < _TELLING or name not in ledger.anonymous_names:
        return False
    return record.id not in ledger.anonymous_names[name] and name not in ledger.given_names[record.email or ""]
