"""One user of a load run: a client that judges every response, and does to the server what users of a helpdesk do.

A conversation that only this user writes to is judged exactly, a shared one by what must hold whoever writes to it. A request
without a response is in doubt from then on: it may have happened or not.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from contract_tests.client.api import Api
from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.lists import PageChecks
from contract_tests.client.names import Names, addresses_of_preflight
from contract_tests.client.pages import Page
from contract_tests.client.repeating import Repeater
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_MESSAGE, GET_CONVERSATION, LIST_MESSAGES, RESOLVE_CONVERSATION
from contract_tests.effort import Effort
from contract_tests.judging.check_log import Judge
from contract_tests.judging.mismatches import Mismatch, lists, messages, of_item, responses, shown
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.load import ordering as sequence
from contract_tests.load.ordering import Ack
from contract_tests.load.shared_state import Organisation, SharedAddress, SharedConversation, now
from contract_tests.model.ledger import Ledger, Record
from contract_tests.transport.credentials import Style
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.guard import Withheld
from contract_tests.transport.sender import Target

OF_AN_ADDRESS = 6
"""Conversations that a user opens as one requester, before it is another."""

_DESCRIPTIONS = (None, None, "It has not arrived.", "Die Lieferung ist leider beschädigt – bitte prüfen. 📦", "Line one\nLine two")

_CONFLICT = 409

_TRIED = {
    "isolation.get": GET_CONVERSATION,
    "isolation.messages": LIST_MESSAGES,
    "isolation.create-message": CREATE_MESSAGE,
    "isolation.resolve": RESOLVE_CONVERSATION,
}
"""The operations tried on conversations of the other organisation, each by the requirement that it must be refused."""

_NO_EFFORT = Effort("load", lifecycles=0, steps=0, values=0, schema_cases=0, rounds=0, threads=0, audited=0, requests=0)


class _LoadPageChecks:
    """Checks what a page must show even while others write, and that it holds nothing of the other organisation."""

    def __init__(self, contract: Contract, log: Judge, organisation: Organisation, run_id: str) -> None:
        self._own = PageChecks(contract, log)
        self._log = log
        self._rival = organisation.rival
        self._foreign = f".{run_id}{organisation.rival.mark}" if organisation.rival else ""

    def check(self, page: Page, query: Mapping[str, Any]) -> None:
        """Check a page.

        Others may resolve conversations while they are listed, so filters are checked only if nobody else writes to what is listed.
        """
        self._own.check_size(page)
        if "user_email" in query:
            self._own.check_filters(page, query)
        if self._rival is not None:
            self._log.check("isolation.list", self._foreign_listed(page, self._rival), page.exchange)

    def _foreign_listed(self, page: Page, rival: Organisation) -> Mismatch | None:
        for item in page.items:
            requester = item.get("requester")
            email = str(requester.get("email")) if isinstance(requester, dict) else ""
            if self._foreign in email or item["id"] in rival.owned:
                foreign = Mismatch("a conversation of the other organisation is listed", "no such conversation", shown(item))
                return of_item(foreign, item)
        return None


class LoadUser:
    """A user. `name` tells it from all others of the run; it begins with the mark of its organisation."""

    def __init__(
        self, organisation: Organisation, contract: Contract, target: Target, judge: Judge, *, run_id: str, seed: int, name: str
    ) -> None:
        self.organisation = organisation
        self.common_id = run_id
        rival = organisation.rival
        names = Names(contract, run_id + name, random.Random(f"{seed}{name}"))
        ledger = Ledger(
            names.run_id,
            addresses_of_preflight(run_id),
            numbers=organisation.numbers,
            ids=organisation.owned,
            foreign_ids=rival.owned if rival else frozenset(),
        )
        api = Api(contract, target, names.random, organisation.keys)
        self.desk = Helpdesk(
            api,
            ledger,
            judge,
            names,
            Repeater(api, ledger),
            _NO_EFFORT,
            check_page=_LoadPageChecks(contract, judge, organisation, run_id).check,
            dresses=False,
            counts_keys=True,
        )
        self.doubtful: set[str] = set()
        self.unsettled: set[str] = set()
        self.addresses: list[str] = []
        self._open: list[Record] = []

    def tour(self) -> Iterator[Callable[[], None]]:
        """Everything that users do, some times each, so that even the shortest load exercises it all."""
        for _ in range(5):
            yield from (self.open_conversation, self.open_conversation, self.reply, self.read_own, self.read_own_messages)
            yield from (self.list_own, self.look_around, self.read_others, self.write_shared, self.read_shared)
            yield from (self.call_together, self.try_to_close_by_client_key, self.close)
            yield from (partial(self.check_closed, email) for email in self.addresses[-2:])
            yield from (partial(self.try_rival, requirement) for requirement in _TRIED)

    # --- what only this user writes to --------------------------------------------------------------------------------------------

    def open_conversation(self) -> None:
        """Create a conversation, and now and then look at once whether it is listed."""
        email = self._requester()
        with self._in_doubt(email):
            record = self.desk.create(self._request(email))
        self._open.append(record)
        self.organisation.recent.append((record.id, record.shown))
        if self.desk.random.random() < 0.4:
            page = self.desk.list_all(user_email=email)
            missing = None if record.id in page.ids else lists.ids_mismatch([record.id], [])
            self.desk.check("list.fresh", missing, page.exchange)
            self.check_list(email, page)

    def read_own(self) -> None:
        """Read one of the conversations that this user opened; mostly one that is new."""
        records = list(self.desk.ledger.records.values())
        if records:
            self.desk.get(self.desk.random.choice(records[-30:] if self.desk.random.random() < 0.7 else records))

    def read_own_messages(self) -> None:
        """Read what was written in one of them: all of it, in order."""
        if record := self._any_open():
            self.desk.check_messages(record)

    def reply(self) -> None:
        """Write in one of them, and see it."""
        if record := self._any_open():
            with self._unsettled(record):
                self.desk.send(record, self.desk.body())
            if self.desk.random.random() < 0.5:
                self.desk.check_messages(record)

    def close(self) -> None:
        """Resolve one of them: it is closed from then on."""
        record = self._any_open()
        if record is None or record.email is None:
            return
        self._open.remove(record)
        with self._unsettled(record):
            self.desk.resolve(record)
        if self.desk.random.random() < 0.5:
            self.check_closed(record.email)
        else:
            self.desk.get(record)

    def list_own(self) -> None:
        """List one's own conversations, as one page or as several."""
        if not self.addresses:
            return
        email = self.desk.random.choice(self.addresses[-5:])
        if self.desk.random.random() < 0.5:
            self.check_list(email, self.desk.list_all(user_email=email))
            return
        pages = self.desk.list_pages(self.desk.random.choice((1, 2, 3)), user_email=email)
        listed = [one for page in pages for one in page.ids]
        mismatch = lists.ids_mismatch(self._ids(email), listed, exactly=email not in self.doubtful)
        self.desk.check("list.partition", mismatch, pages[-1].exchange)

    def check_list(self, email: str, page: Page) -> None:
        """Judge a list of a requester's conversations: it must hold exactly these, or at least these if something is in doubt."""
        if email not in self.doubtful:
            self.desk.check_page_is(page, self._ids(email))
        else:
            self.desk.check("list.email-filter", lists.ids_mismatch(self._ids(email), page.ids, exactly=False), page.exchange)

    def check_closed(self, email: str) -> None:
        """Judge the list of a requester's closed conversations."""
        page = self.desk.list_all(user_email=email, status="closed")
        records = self.desk.ledger.of(email)
        closed = {record.id for record in records if record.resolved and record.id not in self.unsettled}
        exactly = email not in self.doubtful and not any(record.id in self.unsettled for record in records)
        self.desk.check("resolve.lists-agree", lists.ids_mismatch(closed, page.ids, exactly=exactly), page.exchange)

    # --- what others write to -----------------------------------------------------------------------------------------------------

    def look_around(self) -> None:
        """List what is open, or everything, as agents do all day."""
        query: dict[str, Any] = {"status": "open"} if self.desk.random.random() < 0.7 else {}
        self.desk.list_page(**query, limit=self.desk.random.choice((5, 20, 50)), offset=self.desk.random.choice((0, 0, 0, 20)))

    def read_others(self) -> None:
        """Read a conversation that another user has just opened."""
        if not self.organisation.recent:
            return
        conversation_id, before = self.desk.random.choice(list(self.organisation.recent))
        exchange = self.desk.call(GET_CONVERSATION, id=conversation_id)
        missing = responses.status_mismatch(exchange, 200)
        kept = {name: before.get(name) for name in ("id", "number", "subject")}
        mismatch = missing or json_mismatch(kept, {name: exchange.members.get(name) for name in kept}, "the conversation")
        self.desk.check("any.concurrent-reads", mismatch, exchange)

    def write_shared(self) -> None:
        """Write to a conversation that others write to at the same time."""
        shared = self.organisation.pick(self.desk.random) or self.new_shared()
        # The requester, by whoever acts for them: a helpdesk may refuse others.
        body, sender = self.desk.body("Any news?"), shared.email
        shared.pending += 1
        began = now()
        exchange = self.desk.call(CREATE_MESSAGE, id=shared.id, body={"body": body, "user_email": sender})
        ended = now()
        # A server may refuse messages that reach one conversation at the same time.
        met = exchange.status == _CONFLICT
        self.desk.check("messages.accepted", None if met else responses.not_accepted(exchange), exchange)
        if exchange.status < 500:
            shared.pending -= 1
        if exchange.succeeded:
            self.organisation.own_acks(shared).append(Ack(body, sender, began, ended))

    def read_shared(self) -> None:
        """Read such a conversation: what anybody was told to have written is there, in order."""
        shared = self.organisation.pick(self.desk.random)
        if shared is None:
            return
        known = list(self.organisation.own_acks(shared))
        items, exchange = self.desk.read_messages(shared.id, counted=False)
        self.check_shared(known, items, exchange)

    def check_shared(self, known: list[Ack], items: list[dict[str, Any]], exchange: Exchange) -> None:
        """Judge the messages of a shared conversation by those that were acknowledged to a process before it listed them."""
        check = self.desk.check
        mismatch = sequence.lost_or_doubled(known, items)
        check("any.concurrent-messages", mismatch, exchange)
        check("messages.listed-once", mismatch, exchange)
        # A server may choose what it sorts by, but a client must see its own messages in order.
        check("messages.oldest-first", sequence.out_of_sequence(known, items) or messages.out_of_order(items, ()), exchange)
        check("messages.id-unique", messages.shared_ids(items), exchange)
        body, sender = sequence.body_and_sender_mismatches(known, items)
        check("messages.body-exact", body, exchange)
        check("messages.sender", sender, exchange)

    def new_shared(self) -> SharedConversation:
        """Create a conversation for others to write to."""
        record = self.desk.create(self.desk.payload(user_email=self.desk.email("shared")))
        shared = SharedConversation(record.id, record.email or "", record.shown)
        self.organisation.share(shared)
        # It is judged by what all of them know of it.
        del self.desk.ledger.records[record.id]
        return shared

    def new_closed(self) -> None:
        """Create a conversation and resolve it, for the other organisation to try."""
        record = self.desk.create(self.desk.payload(user_email=self.desk.email("closed")))
        del self.desk.ledger.records[record.id]
        self.desk.resolve(record)
        self.organisation.share(SharedConversation(record.id, record.email or "", record.shown, closed=True))

    def call_together(self) -> None:
        """Create a conversation for a new requester, while other users create conversations for the same one."""
        self._create_for(self.organisation.call_together(self.desk.email("crowd")))

    def join(self) -> None:
        """Create for the same requester as others do in this moment, if they do."""
        if address := self.organisation.join():
            self._create_for(address)

    def _create_for(self, address: SharedAddress) -> None:
        address.pending += 1
        record = self.desk.create(self._request(address.email))
        address.pending -= 1
        address.ids.add(record.id)

    # --- what must be refused -----------------------------------------------------------------------------------------------------

    def try_rival(self, requirement: str = "") -> None:
        """Ask for a conversation of the other organisation, or try to change it."""
        rival = self.organisation.rival
        shared = rival.victim(self.desk.random) if rival else None
        if shared is None:
            return
        requirement = requirement or self.desk.random.choice(list(_TRIED))
        operation = _TRIED[requirement]
        body = {"body": self.desk.body(), "user_email": shared.email} if operation == CREATE_MESSAGE else None
        try:
            exchange = self.desk.call(operation, id=shared.id, body=body)
        except Withheld:
            # The conversation with this id here may be somebody else's, and reading it is judged separately.
            return
        # An error of the server is judged as such, and says nothing of who may see what.
        if exchange.status < 500:
            self.desk.check(requirement, responses.found_or_failed(exchange), exchange)

    def try_to_close_by_client_key(self) -> None:
        """A client key may not resolve, however busy the server is with keys that may."""
        client, record = self.organisation.keys.client, self._any_open()
        if client is None or record is None or client.tier in self.desk.contract[RESOLVE_CONVERSATION].tiers:
            return
        credential = client.by(self.desk.random.choice(list(Style)))
        exchange = self.desk.call(RESOLVE_CONVERSATION, id=record.id, credential=credential)
        if exchange.status >= 500:
            return
        refused = self.desk.check("tier.refused", responses.not_refused(exchange), exchange)
        reading = self.desk.call(GET_CONVERSATION, id=record.id)
        if reading.succeeded:
            closed = reading.members.get("status") == "closed"
            wrong = Mismatch("a client key that was refused closed the conversation", "not closed", "closed", "/status")
            if not self.desk.check("tier.refusal-changes-nothing", wrong if closed else None, reading) or not refused:
                record.unsure.add("status")

    # --- names and doubts ---------------------------------------------------------------------------------------------------------

    def _requester(self) -> str:
        """Return the current requester of this user; a new one if that has enough conversations or is in doubt."""
        last = self.addresses[-1] if self.addresses else ""
        if not last or last in self.doubtful or len(self.desk.ledger.of(last)) >= OF_AN_ADDRESS:
            self.addresses.append(self.desk.email())
        return self.addresses[-1]

    def _request(self, email: str) -> dict[str, Any]:
        chance = self.desk.random
        return self.desk.payload(
            user_email=email,
            priority=chance.choice((None, *self.desk.contract.priorities)),
            channel=chance.choice((None, *self.desk.contract.channels)),
            description=chance.choice(_DESCRIPTIONS),
        )

    def _ids(self, email: str) -> set[str]:
        return {record.id for record in self.desk.ledger.of(email)}

    def _any_open(self) -> Record | None:
        return self.desk.random.choice(self._open[-10:]) if self._open else None

    @contextmanager
    def _in_doubt(self, email: str) -> Iterator[None]:
        """Mark an address as in doubt while the block sends something for it, and for good if no response says what happened."""
        self.doubtful.add(email)
        yield
        self.doubtful.discard(email)

    @contextmanager
    def _unsettled(self, record: Record) -> Iterator[None]:
        """Mark a conversation as unsettled while the block may change it, and for good if no response says what happened."""
        before = set(record.unsure)
        record.unsure |= {"status", "updated_at"}
        try:
            yield
        except BaseException:
            # Nobody knows what happened or still will, so nothing is sent to it any more.
            self.unsettled.add(record.id)
            if record in self._open:
                self._open.remove(record)
            raise
        record.unsure -= {"status", "updated_at"} - before
