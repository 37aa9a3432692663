"""Reading again, at the end of a run, what the server acknowledged: all of it in lists, and some of it one by one.

A page of the list shows a hundred conversations for one request. A conversation that looks changed is read by itself before it
is reported, and so is one that no page shows: a list may be too long to be read.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from contract_tests.client.calls import Calls
from contract_tests.client.messages import Messages
from contract_tests.client.pages import items_of
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import GET_CONVERSATION, LIST_CONVERSATIONS
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.judging.mismatches import conversations, of_item, responses
from contract_tests.model.ledger import Ledger, Record
from contract_tests.transport.exchange import Exchange

DURABLE = "any.durable"

_MOST_PAGES = 20
"""Pages of a list that others fill as well, which are read from either end."""

_ONE_BY_ONE = 3
"""One in this many of the conversations that an effort reads again is read by itself although a list showed it."""

_MOST_FINDINGS = 12
"""How many conversations that a list shows changed are read by themselves at once; further ones are read later."""

_KINDS = 4
"""The kinds that share the sample equally: the oldest, those with messages, those whose messages were listed, the resolved."""


class Rereading:
    """Compares everything in the ledger with what the server shows, after the last write."""

    def __init__(
        self, contract: Contract, calls: Calls, ledger: Ledger, log: Judge, messages: Messages, chance: random.Random, audited: int
    ) -> None:
        self._contract = contract
        self._call = calls.call
        self._ledger = ledger
        self._log = log
        self._check_messages = messages.check_messages
        self._random = chance
        self._audited = audited

    def in_lists(self) -> list[Record]:
        """Read the list and return what to read one by one after that, in order: conversations that changed or were not found, a
        sample, and, twice, those that a refused request may have changed.

        Raises Stopped where there is no time.
        """
        missing = dict(self._ledger.records)
        changed: dict[str, Record] = {}
        for exchange in self._pages(missing):
            for item in items_of(exchange):
                record = missing.pop(str(item.get("id")), None)
                if record is None:
                    continue
                if len(changed) < _MOST_FINDINGS:
                    differs = self._shown_otherwise(record, item, exchange)
                else:
                    differs = any(conversations.changed_members(self._contract, record, item))
                if differs:
                    changed[record.id] = record
        return self._one_by_one(missing, changed)

    def one(self, record: Record) -> None:
        """Read one conversation, and its messages, and compare them with what was acknowledged."""
        exchange = self._call(GET_CONVERSATION, id=record.id, dressed=True)
        lost = responses.status_mismatch(exchange, 200)
        found = [] if lost else [one for _, one in conversations.changed_members(self._contract, record, exchange.members)]
        self._log.check(DURABLE, lost or (found[0] if found else None), exchange)
        if record.messages and not lost:
            # If they cannot be read any more, that was judged already, and the other conversations must still be read.
            with suppress(Blocked):
                self._check_messages(record)

    def _shown_otherwise(self, record: Record, item: Mapping[str, Any], exchange: Exchange) -> bool:
        """Return whether a list shows a conversation changed. If a get shows it unchanged, the list is judged here."""
        found = dict(conversations.changed_members(self._contract, record, item))
        if not found:
            self._log.check(DURABLE, None, exchange)
            return False
        reading = self._call(GET_CONVERSATION, id=record.id)
        if reading.succeeded and not any(conversations.changed_members(self._contract, record, reading.members)):
            # It may have changed in between, and back.
            again = self._call(LIST_CONVERSATIONS, query=dict(exchange.call.query))
            now = next((one for one in items_of(again) if one.get("id") == record.id), {})
            still = [one for name, one in conversations.changed_members(self._contract, record, now) if now and name in found]
            wrong = of_item(still[0], now) if still else None
            self._log.check("list.items-as-get", wrong, again, about=[record.id], because=[reading])
            record.unsure.update(found if still else ())
        return True

    def _pages(self, missing: Mapping[str, Record]) -> Iterator[Exchange]:
        """Pages of the whole list from its two ends in turn, until nothing is missing or they have met."""
        most = self._contract.page_maximum
        front, back = 0, -1
        for number in range(_MOST_PAGES):
            if not missing:
                return
            from_behind = number % 2 == 1
            offset = max(0, back - most) if from_behind else front
            exchange = self._call(LIST_CONVERSATIONS, query={"limit": most, "offset": offset}, dressed=True)
            held, count = len(items_of(exchange)), exchange.members.get("count")
            if not exchange.succeeded or not held or not isinstance(count, int):
                return
            yield exchange
            if from_behind:
                back = offset
            else:
                front += held
                back = count if back < 0 else back
            if front >= back:
                return

    def _one_by_one(self, missing: Mapping[str, Record], changed: Mapping[str, Record]) -> list[Record]:
        """Return what to read by itself: a sample, what a list shows changed and what no list showed, as far as the effort goes,
        and, beyond that number, all that a refused request may have changed later.
        """
        records = list(self._ledger.records.values())
        sample = max(_KINDS, self._audited // _ONE_BY_ONE)
        kinds: Iterable[list[Record]] = (
            records,
            [record for record in records if record.messages],
            # Only messages that were listed before can be compared with an earlier listing.
            [record for record in records if any(sent.shown is not None for sent in record.messages)],
            [record for record in records if record.resolved],
        )
        chosen = {record.id: record for kind in kinds for record in kind[: sample // _KINDS]}
        for member in ("channel", "priority", "status"):
            # A late change may affect conversations with one value only, so the oldest one of each value is read.
            chosen |= {record.id: record for record in {str(one.shown.get(member)): one for one in reversed(records)}.values()}
        chosen.update(list(changed.items())[: self._audited])
        # Then those that no list showed, and those that were never read by themselves; others have been found to be there.
        for kind in (
            [record for name, record in missing.items() if name not in chosen],
            [record for record in records if not record.read and record.id not in missing and record.id not in chosen],
        ):
            most = max(0, self._audited - len(chosen))
            chosen |= {record.id: record for record in self._random.sample(kind, min(len(kind), most))}
        guarded = [record for record in records if record.id in self._ledger.guarded]
        chosen |= {record.id: record for record in guarded}
        # A queue may apply a late change just while the conversation is read, so that only the next read shows it.
        return [*chosen.values(), *guarded]
