"""What must not change: conversations before and after something that was refused, or that is about others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.client.calls import Calls
from contract_tests.client.lists import Lists
from contract_tests.client.messages import Messages
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import GET_CONVERSATION
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.judging.mismatches import Mismatch, lists, of_item, responses, shown
from contract_tests.judging.mismatches.comparing import compare_messages, conversation_mismatch, updated_at_moved
from contract_tests.judging.mismatches.values import is_text
from contract_tests.model.ledger import Ledger, Record
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation and its messages at one moment, and the exchanges that showed them."""

    id: str
    members: dict[str, Any]
    messages: list[dict[str, Any]]
    reading: Exchange
    listing: Exchange


class Snapshots:
    """Remembers what conversations look like, and checks that they still do."""

    def __init__(self, contract: Contract, calls: Calls, ledger: Ledger, log: Judge, lists: Lists, messages: Messages) -> None:
        self._contract = contract
        self._call = calls.call
        self._ledger = ledger
        self._log = log
        self._lists = lists
        self._messages = messages

    def take_snapshot(self, record: Record, *, credential: Credential | None = None) -> Snapshot:
        """What a conversation and its messages look like now. Raises Blocked where they cannot be read."""
        exchange = self._call(GET_CONVERSATION, id=record.id, credential=credential)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be read ({exchange.status}).")
        items, listing = self._messages.read_messages(record.id, credential=credential)
        members = self._contract.conversation_members
        return Snapshot(record.id, {name: exchange.members.get(name) for name in members}, items, exchange, listing)

    def check_unchanged(self, before: Snapshot, requirement_id: str, *, credential: Credential | None = None) -> bool:
        """Judge that a conversation and its messages are unchanged. One that can no longer be read counts as changed."""
        reading = self._read_again(before.id, credential)
        if not reading.succeeded:
            return self._log.check(requirement_id, responses.status_mismatch(reading, 200), reading)
        messages, listing = self._messages.read_messages(before.id, credential=credential)
        mismatch = conversation_mismatch(self._contract, before.members, reading.members)
        self._log.check("any.updated-at-kept", updated_at_moved(before.members, reading.members), reading, because=[before.reading])
        compared = before.reading
        if mismatch is None:
            mismatch, added = compare_messages(self._contract, before.messages, messages, self._messages.is_sent)
            mismatch = mismatch or next((found for item in added if (found := self._not_by_the_server(item))), None)
            if mismatch is not None:
                compared, reading = before.listing, listing
        if mismatch is not None and before.id in self._ledger.records:
            # The ledger's record is out of date now; this is reported here, and only once.
            self._ledger.records[before.id].unsure.update(self._contract.conversation_members)
        if mismatch is None:
            self._ledger.guarded.add(before.id)
        return self._log.check(requirement_id, mismatch, reading, because=[compared])

    def _not_by_the_server(self, item: Mapping[str, Any]) -> Mismatch | None:
        """Return a mismatch if an added message comes from this run: a request's whole text, or a reply by one of its senders.

        A server may add messages of its own at any time: welcomes, replies that quote, notes of what was done.
        """
        body, sender = str(item.get("body")), str(item.get("sender_email")).lower()
        mark = self._ledger.marks.find(body)
        sent = self._ledger.marks.text_of(mark)
        whole = sent is not None and is_text(sent, item.get("body"))
        by_its_people = f".{self._ledger.run_id}@" in sender and item.get("message_type") == "reply" and (sent is None or whole)
        if not whole and not by_its_people:
            return None
        return of_item(Mismatch("a message was added", "no message of the run's", shown(item)), item)

    def _read_again(self, conversation_id: str, credential: Credential | None) -> Exchange:
        """Read a conversation, and again if that is refused: what the second read finds was not lost by the request before."""
        reading = self._call(GET_CONVERSATION, id=conversation_id, credential=credential)
        if reading.succeeded:
            return reading
        again = self._call(GET_CONVERSATION, id=conversation_id, credential=credential)
        if again.succeeded:
            self._log.check("get.answer", responses.status_mismatch(reading, 200), reading)
        return again

    def check_nothing_created(self, email: str, requirement_id: str, *, subject: str = "") -> bool:
        """Judge that no conversation has this requester, or this text in its subject."""
        pages = [self._lists.list_page(user_email=email), *self._lists.list_recent()]
        for page in pages:
            for item in page.items:
                requester = item.get("requester")
                own = isinstance(requester, dict) and requester.get("email") == email
                if own or (subject and subject in str(item.get("subject"))):
                    created = Mismatch("a request that was refused created a conversation", "no conversation", shown(item))
                    return self._log.check(requirement_id, of_item(created, item), page.exchange)
        if not pages[0].items:
            self._log.check("list.count", lists.count_mismatch(pages[0].count, 0), pages[0].exchange)
        return self._log.check(requirement_id, None, pages[0].exchange)
