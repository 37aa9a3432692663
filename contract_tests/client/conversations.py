"""Reading conversations, and comparing them with what the server acknowledged before (the ledger)."""

from collections.abc import Iterable, Mapping
from typing import Any

from contract_tests.client.calls import Calls
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import GET_CONVERSATION
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.judging.mismatches import conversations, of_item, people, responses
from contract_tests.judging.mismatches.comparing import updated_at_moved
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Ledger, Record
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange

_ASSIGNED = ("created_at", "id", "number", "updated_at")
"""Members that the server assigns: a mismatch in one is only visible beside the response to the create."""


class Conversations:
    """Knows what each conversation has to look like when it is shown again."""

    def __init__(self, contract: Contract, calls: Calls, ledger: Ledger, log: Judge) -> None:
        self._contract = contract
        self._call = calls.call
        self._check_separators = calls.check_separators
        self._ledger = ledger
        self._log = log

    def get(self, record: Record, *, credential: Credential | None = None) -> dict[str, Any]:
        """Read a conversation and compare it with what is known of it. Raises Blocked where it cannot be read."""
        record.read = True
        exchange = self._call(GET_CONVERSATION, id=record.id, credential=credential, dressed=True)
        mismatch = responses.status_mismatch(exchange, 200) or self._contract.mismatch("Conversation", exchange.members)
        self._log.check("get.answer", mismatch, exchange)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be read ({exchange.status}).")
        self.compare(record, exchange.members, exchange, otherwise="get.as-created")
        return dict(exchange.members)

    def compare(
        self, record: Record, response: Mapping[str, Any], exchange: Exchange, *, otherwise: str, listed: bool = False
    ) -> None:
        """Judge a conversation that is shown again; `otherwise` is the requirement where nothing else explains a change.

        `listed` says that it is an item of the list that the exchange shows.
        A member that was found wrong once is not compared again, since that would only repeat the finding.
        """
        moved = updated_at_moved(record.shown, response) if record.last == "created" and "updated_at" not in record.unsure else None
        if record.last == "created":
            self._log.check("any.updated-at-kept", of_item(moved, response) if listed else moved, exchange, about=[record.id])
        found = dict(conversations.changed_members(self._contract, record, response))
        if moved:
            # From now on, it must not become earlier than this.
            record.shown["updated_at"] = response.get("updated_at")
        if found and otherwise == "list.items-as-get" and self._read_so_too(record, found, response):
            otherwise = "any.durable"
        for requirement in self._shown_by(record, otherwise):
            members = [member for member in found if self._blamed(record, member, otherwise) == requirement]
            mismatch = found[members[0]] if members else None
            mismatch = of_item(mismatch, response) if listed else mismatch
            given = self._log.history.creates(record.id) if members and members[0] in _ASSIGNED else ()
            self._log.check(requirement, mismatch, exchange, about=[record.id], because=given)
        record.unsure.update(found)
        record.note_read(response.get("status"))
        if "status" in found and otherwise == "any.durable":
            record.note_status(response.get("status"))
        self.check_people(record, response, exchange)
        if record.unsure.isdisjoint(("created_at", "updated_at")):
            wrong = conversations.timestamp_mismatch(response)
            self._log.check("create.timestamps", of_item(wrong, response) if listed else wrong, exchange)
            self._check_separators(response, exchange, listed=listed)

    def check_people(self, record: Record, response: Mapping[str, Any], exchange: Exchange) -> None:
        """Judge the requester that is shown: it must not have a name or an address that only other requests sent."""
        if "requester" in record.unsure:
            return
        mixed = people.borrowed_name(self._ledger, record, response)
        if mixed is not None or record.email is None:
            self._log.check("create.anonymous-apart", mixed, exchange, about=people.spoken_of(self._ledger, response))
        if record.email is None and record.last != "message" and not record.messages:
            borrowed = people.borrowed_address(self._ledger, record, response)
            self._log.check("create.anonymous-address", borrowed, exchange, about=people.spoken_of(self._ledger, response))
            mixed = mixed or borrowed
        if mixed is not None:
            record.unsure.add("requester")

    def _read_so_too(self, record: Record, members: Iterable[str], response: Mapping[str, Any]) -> bool:
        """Return whether a get shows the same changed members as the list: then the list agrees with it."""
        reading = self._call(GET_CONVERSATION, id=record.id)
        return reading.succeeded and not any(json_mismatch(response.get(name), reading.members.get(name)) for name in members)

    def _shown_by(self, record: Record, otherwise: str) -> list[str]:
        """The requirements that showing this conversation again exercises."""
        return list(dict.fromkeys(self._blamed(record, member, otherwise) for member in ("subject", "status", "requester")))

    def _blamed(self, record: Record, member: str, otherwise: str) -> str:
        person = self._ledger.people.get(record.email or "")
        if member == "requester" and person is not None and person.renamed:
            return "create.existing-user-names"
        if record.last == "message":
            return "messages.conversation-kept"
        if record.resolved:
            return "resolve.get-agrees" if member == "status" else "resolve.rest-kept"
        return otherwise
