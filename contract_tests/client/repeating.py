"""Asking again: does the server respond to the same read as it did before?"""

from collections.abc import Mapping
from typing import Any

from contract_tests.client.api import Api
from contract_tests.judging.mismatches.comparing import as_conversation, as_message
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Ledger
from contract_tests.transport.creations import Exhausted
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.sender import Unanswered, Unavailable
from contract_tests.transport.stopping import Stopped


class Repeater:
    """Sends reads once more, and compares two responses to one read by what the run knows of its conversations."""

    def __init__(self, api: Api, ledger: Ledger) -> None:
        self._api = api
        self._ledger = ledger

    def ask_again(self, exchange: Exchange) -> str | None:
        """Send the same read again and return how the response differs, or None if it does not."""
        if exchange.call.method != "GET":
            return None
        try:
            again = self._api.send(exchange.call)
        except (Unanswered, Unavailable, Exhausted, Stopped):
            # What was seen is recorded all the same; where the run is over, the next request says so.
            return None
        if again.status == exchange.status and not self.differs(exchange.members, again.members):
            return None
        return f"asked again at once, the server answered differently, with {again.status}: it is inconsistent"

    def differs(self, first: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
        """Return whether two responses to one read differ in more than what may have been written in between.

        Two lists differ if an item of both does, or if both are whole and only one holds some acknowledged conversation.
        """
        if not (isinstance(first.get("results"), list) and isinstance(again.get("results"), list)):
            return json_mismatch(self._compared(first), self._compared(again)) is not None
        known, now = ({str(item.get("id")): item for item in page["results"] if isinstance(item, dict)} for page in (first, again))
        if any(json_mismatch(self._compared(known[one]), self._compared(now[one])) for one in known.keys() & now.keys()):
            return True
        whole = all(page.get("count") == len(page["results"]) for page in (first, again))
        return whole and any(one in self._ledger.records for one in known.keys() ^ now.keys())

    def lacks_own(self, first: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
        """Return whether only the second list has some message of this run. Messages that the server adds do not count."""
        known, now = (page.get("results") for page in (first, again))
        if not (isinstance(known, list) and isinstance(now, list)):
            return False
        ids = [item.get("id") for item in known if isinstance(item, dict)]
        fresh = (item for item in now if isinstance(item, dict) and item.get("id") not in ids)
        return any(self._ledger.marks.find(item.get("body")) for item in fresh)

    def _compared(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return what to compare: the documented members of a conversation or a message, all members of any other response."""
        if "subject" in members:
            return as_conversation(self._api.contract, members)
        return as_message(self._api.contract, members) if "message_type" in members else dict(members)
