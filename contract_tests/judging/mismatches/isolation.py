"""Does one organisation see what is another's? Told by the data that is shown, never by an id or a status alone.

Each organisation may have a database of its own, in which the same ids are given.
"""

from collections.abc import Mapping
from typing import Any

from contract_tests.contract.timestamps import moment
from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.transport.exchange import Exchange


def is_the_same(item: Mapping[str, Any], hidden: Mapping[str, Any]) -> bool:
    """Return whether both are one conversation, and not two with the same id in different organisations."""
    if item.get("id") != hidden.get("id"):
        return False
    if item.get("subject") != hidden.get("subject"):
        return False
    first, second = moment(item.get("created_at")), moment(hidden.get("created_at"))
    return first == second or first is None or second is None


def another_shown(exchange: Exchange, hidden: Mapping[str, Any]) -> Mismatch | None:
    """Return what a response shows of a conversation that is another organisation's.

    A status says nothing: each organisation may have a conversation of this id.
    """
    if not exchange.succeeded or not is_the_same({**hidden, **exchange.members}, hidden) or "id" not in exchange.members:
        return None
    return Mismatch("a conversation of another organisation is shown", "none of it", shown(exchange.members))
