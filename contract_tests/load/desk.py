"""One user of a load run: a client that judges every answer, and does to the server what users of a helpdesk do.

What only this user writes to is judged exactly; what many write to, by what nobody may do to it. Whatever is sent and not
answered is in doubt from then on: it may have happened or not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from contract_tests.client import ACCEPTED
from contract_tests.contract import Contract
from contract_tests.credentials import Credential, Style
from contract_tests.effort import Effort
from contract_tests.exchange import Exchange
from contract_tests.expectations import Mismatch, answers, conversations, lists, messages, shown
from contract_tests.expectations.values import same_json
from contract_tests.helpdesk import Helpdesk
from contract_tests.judge import Judge
from contract_tests.ledger import Record
from contract_tests.load import sequence
from contract_tests.load.book import Organisation, SharedAddress, SharedConversation, now
from contract_tests.load.sequence import Ack
from contract_tests.reading import Page
from contract_tests.target import Target

OF_AN_ADDRESS = 6
"""Conversations that a user opens as one requester, before it is another."""

_DESCRIPTIONS = (None, None, "It has not arrived.", "Die Lieferung ist leider beschädigt – bitte prüfen. 📦", "Line one\nLine two")

_TRIED = {
    "isolation.get": "getConversation",
    "isolation.messages": "listMessages",
    "isolation.create-message": "createMessage",
    "isolation.resolve": "resolveConversation",
}
"""What is tried with conversations of the other organisation, by the requirement that it is refused."""

_NO_EFFORT = Effort("load", lifecycles=0, steps=0, values=0, schema_cases=0, rounds=0, threads=0, audited=0, requests=0)


class LoadDesk(Helpdesk):
    """A user. `name` tells it from all others of the run; it begins with the mark of its organisation."""

    def __init__(
        self, organisation: Organisation, contract: Contract, target: Target, judge: Judge, *, run_id: str, seed: int, name: str
    ) -> None:
        self.organisation = organisation
        self.common_id = run_id
        super().__init__(contract, target, judge, effort=_NO_EFFORT, run_id=run_id, seed=seed, worker=name)
        # What is asked again a moment later is answered differently because others wrote, which says nothing.
        judge.ask_again = lambda _: None
        self.ledger.numbers = organisation.numbers
        self.doubtful: set[str] = set()
        self.unsettled: set[str] = set()
        self.addresses: list[str] = []
        self._foreign = f".{run_id}{organisation.rival.mark}" if organisation.rival else ""
        self._open: list[Record] = []

    def credentials(self, operation_id: str) -> list[Credential]:
        return self.organisation.keys.for_tiers(self.contract[operation_id].tiers)

    def call(self, operation_id: str, **how: Any) -> Exchange:
        exchange = super().call(operation_id, **how)
        used = exchange.call.credential
        if exchange.succeeded and used is not None:
            self.judge.check(ACCEPTED[used.style], None, exchange)
            if used.tier == "client":
                self.judge.check("auth.client-operations", None, exchange)
        return exchange

    def tour(self) -> Iterator[Callable[[], None]]:
        """Everything that users do, some times each, so that even the shortest load exercises it all."""
        for _ in range(5):
            yield from (self.open_conversation, self.open_conversation, self.reply, self.read_own, self.read_own_messages)
            yield from (self.list_own, self.look_around, self.read_others, self.write_shared, self.read_shared)
            yield from (self.call_together, self.try_to_close_by_client_key, self.close)
            yield from (partial(self.judge_closed, email) for email in self.addresses[-2:])
            yield from (partial(self.try_rival, requirement) for requirement in _TRIED)

    # --- what only this user writes to --------------------------------------------------------------------------------------------

    def open_conversation(self) -> None:
        """Create a conversation, and now and then look at once whether it is listed."""
        email = self._requester()
        with self._in_doubt(email):
            record = self.create(self._request(email))
        self._open.append(record)
        self.organisation.recent.append((record.id, record.shown))
        if self.random.random() < 0.4:
            page = self.all_pages(user_email=email)
            fresh = None if record.id in page.ids else lists.same_ids([record.id], [])
            self.judge.check("list.fresh", fresh, page.exchange)
            self.judge_list(email, page)

    def read_own(self) -> None:
        """Read one of the conversations that this user opened; mostly one that is new."""
        records = list(self.ledger.records.values())
        if records:
            self.get(self.random.choice(records[-30:] if self.random.random() < 0.7 else records))

    def read_own_messages(self) -> None:
        """Read what was written in one of them: all of it, in order."""
        if record := self._any_open():
            self.messages(record)

    def reply(self) -> None:
        """Write in one of them, and see it."""
        if record := self._any_open():
            with self._unsettled(record):
                self.send(record, self.body())
            if self.random.random() < 0.5:
                self.messages(record)

    def close(self) -> None:
        """Resolve one of them: it is closed from then on."""
        record = self._any_open()
        if record is None or record.email is None:
            return
        self._open.remove(record)
        with self._unsettled(record):
            self.resolve(record)
        if self.random.random() < 0.5:
            self.judge_closed(record.email)
        else:
            self.get(record)

    def list_own(self) -> None:
        """List one's own conversations, as one page or as several."""
        if not self.addresses:
            return
        email = self.random.choice(self.addresses[-5:])
        if self.random.random() < 0.5:
            self.judge_list(email, self.all_pages(user_email=email))
            return
        pages = self.pages(self.random.choice((1, 2, 3)), user_email=email)
        listed = [one for page in pages for one in page.ids]
        parted = sequence.held(self._ids(email), listed, exactly=email not in self.doubtful)
        self.judge.check("list.partition", parted, pages[-1].exchange)

    def judge_list(self, email: str, page: Page) -> None:
        """Judge a list of all that a requester of this user has: exactly these, or at least where something is in doubt."""
        if email not in self.doubtful:
            self.whole(page, self._ids(email))
        else:
            self.judge.check("list.email-filter", sequence.held(self._ids(email), page.ids, exactly=False), page.exchange)

    def judge_closed(self, email: str) -> None:
        """Judge the list of a requester's closed conversations."""
        page = self.all_pages(user_email=email, status="closed")
        records = self.ledger.of(email)
        closed = {record.id for record in records if record.resolved and record.id not in self.unsettled}
        exactly = email not in self.doubtful and not any(record.id in self.unsettled for record in records)
        self.judge.check("resolve.lists-agree", sequence.held(closed, page.ids, exactly=exactly), page.exchange)

    # --- what others write to -----------------------------------------------------------------------------------------------------

    def look_around(self) -> None:
        """List what is open, or everything, as agents do all day."""
        query: dict[str, Any] = {"status": "open"} if self.random.random() < 0.7 else {}
        self.page(**query, limit=self.random.choice((5, 20, 50)), offset=self.random.choice((0, 0, 0, 20)))

    def read_others(self) -> None:
        """Read a conversation that another user has just opened."""
        if not self.organisation.recent:
            return
        conversation_id, before = self.random.choice(list(self.organisation.recent))
        exchange = self.call("getConversation", id=conversation_id)
        missing = answers.status_is(exchange, 200)
        kept = {name: before.get(name) for name in ("id", "number", "subject")}
        differs = missing or same_json(kept, {name: exchange.members.get(name) for name in kept}, "the conversation")
        self.judge.check("any.concurrent-reads", differs, exchange)

    def write_shared(self) -> None:
        """Write to a conversation that others write to at the same time."""
        shared = self.organisation.pick(self.random) or self.new_shared()
        # The requester, by whoever acts for them: a helpdesk may refuse others.
        body, sender = self.body("Any news?"), shared.email
        shared.pending += 1
        began = now()
        exchange = self.call("createMessage", id=shared.id, body={"body": body, "user_email": sender})
        ended = now()
        self.judge.check("messages.accepted", answers.is_accepted(exchange), exchange)
        if exchange.status < 500:
            shared.pending -= 1
        if exchange.succeeded:
            self.organisation.own_acks(shared).append(Ack(body, sender, began, ended))

    def read_shared(self) -> None:
        """Read such a conversation: what anybody was told to have written is there, in order."""
        shared = self.organisation.pick(self.random)
        if shared is None:
            return
        known = list(self.organisation.own_acks(shared))
        items, exchange = self.read_messages(shared.id, counted=False)
        self.judge_shared(known, items, exchange)

    def judge_shared(self, known: list[Ack], items: list[dict[str, Any]], exchange: Exchange) -> None:
        """Judge what is listed of a shared conversation by what a process was told before it asked."""
        check = self.judge.check
        once = sequence.each_once(known, items)
        check("any.concurrent-messages", once, exchange)
        check("messages.listed-once", once, exchange)
        # What they are sorted by is theirs to choose; that a client sees its own in order is not.
        check("messages.oldest-first", sequence.in_sequence(known, items) or messages.oldest_first(items, ()), exchange)
        check("messages.id-unique", messages.distinct_ids(items), exchange)
        body, sender = sequence.as_sent(known, items)
        check("messages.body-exact", body, exchange)
        check("messages.sender", sender, exchange)

    def new_shared(self) -> SharedConversation:
        """Create a conversation for others to write to."""
        record = self.create(self.payload(user_email=self.email("shared")))
        shared = SharedConversation(record.id, record.email or "", record.shown)
        self.organisation.share(shared)
        # It is judged by what all of them know of it.
        del self.ledger.records[record.id]
        return shared

    def new_closed(self) -> None:
        """Create a conversation and resolve it, for the other organisation to try."""
        record = self.create(self.payload(user_email=self.email("closed")))
        del self.ledger.records[record.id]
        self.resolve(record)
        self.organisation.share(SharedConversation(record.id, record.email or "", record.shown, closed=True))

    def call_together(self) -> None:
        """Create for a requester who is new in this moment, and for whom others create as well."""
        self._create_for(self.organisation.call_together(self.email("crowd")))

    def join(self) -> None:
        """Create for the same requester as others do in this moment, if they do."""
        if address := self.organisation.join():
            self._create_for(address)

    def _create_for(self, address: SharedAddress) -> None:
        address.pending += 1
        record = self.create(self._request(address.email))
        address.pending -= 1
        address.ids.add(record.id)

    # --- what must be refused -----------------------------------------------------------------------------------------------------

    def try_rival(self, requirement: str = "") -> None:
        """Ask for a conversation of the other organisation, or try to change it."""
        rival = self.organisation.rival
        shared = rival.victim(self.random) if rival else None
        if shared is None:
            return
        requirement = requirement or self.random.choice(list(_TRIED))
        operation = _TRIED[requirement]
        body = {"body": self.body(), "user_email": shared.email} if operation == "createMessage" else None
        exchange = self.call(operation, id=shared.id, body=body)
        # An error of the server is judged as such, and says nothing of who may see what.
        if exchange.status < 500:
            self.judge.check(requirement, answers.is_not_found(exchange), exchange)

    def try_to_close_by_client_key(self) -> None:
        """A client key may not resolve, however busy the server is with keys that may."""
        client, record = self.organisation.keys.client, self._any_open()
        if client is None or record is None or client.tier in self.contract["resolveConversation"].tiers:
            return
        credential = client.by(self.random.choice(list(Style)))
        exchange = self.call("resolveConversation", id=record.id, credential=credential)
        if exchange.status >= 500:
            return
        refused = self.judge.check("tier.refused", answers.is_refused(exchange), exchange)
        reading = self.call("getConversation", id=record.id)
        if reading.succeeded:
            closed = reading.members.get("status") == "closed"
            wrong = Mismatch("a client key that was refused closed the conversation", "not closed", "closed") if closed else None
            if not self.judge.check("tier.refusal-changes-nothing", wrong, reading) or not refused:
                record.unsure.add("status")

    # --- judging ------------------------------------------------------------------------------------------------------------------

    def page(self, *, credential: Credential | None = None, **query: Any) -> Page:
        page = super().page(credential=credential, **query)
        if self.organisation.rival is not None:
            self.judge.check("isolation.list", self._strange(page), page.exchange)
        return page

    def _strange(self, page: Page) -> Mismatch | None:
        rival = self.organisation.rival
        for item in page.items:
            requester = item.get("requester")
            email = str(requester.get("email")) if isinstance(requester, dict) else ""
            if self._foreign in email or (rival is not None and item["id"] in rival.owned):
                return Mismatch("a conversation of the other organisation is listed", "no such conversation", shown(item))
        return None

    def _judge_filters(self, page: Page, query: Mapping[str, Any]) -> None:
        # Others resolve what is listed while it is listed: only what they do not write to must agree with the filter.
        if "user_email" in query:
            super()._judge_filters(page, query)

    def _identity(self, record: Record) -> Iterable[conversations.Finding]:
        _, *rest = super()._identity(record)
        owned = self.organisation.owned | (self.organisation.rival.owned if self.organisation.rival else set())
        twice = Mismatch(f"the id {record.id} was given before", "another id", record.id) if record.id in owned else None
        self.organisation.owned.add(record.id)
        return [("create.id-unique", "id", twice), *rest]

    # --- names and doubts ---------------------------------------------------------------------------------------------------------

    def _requester(self) -> str:
        """The requester that this user is at the moment; another where that has enough, or something is in doubt."""
        last = self.addresses[-1] if self.addresses else ""
        if not last or last in self.doubtful or len(self.ledger.of(last)) >= OF_AN_ADDRESS:
            self.addresses.append(self.email())
        return self.addresses[-1]

    def _request(self, email: str) -> dict[str, Any]:
        chance = self.random
        return self.payload(
            user_email=email,
            priority=chance.choice((None, *self.contract.priorities)),
            channel=chance.choice((None, *self.contract.channels)),
            description=chance.choice(_DESCRIPTIONS),
        )

    def _ids(self, email: str) -> set[str]:
        return {record.id for record in self.ledger.of(email)}

    def _any_open(self) -> Record | None:
        return self.random.choice(self._open[-10:]) if self._open else None

    @contextmanager
    def _in_doubt(self, email: str) -> Iterator[None]:
        """While something is sent for an address, and for good where no answer says what became of it."""
        self.doubtful.add(email)
        yield
        self.doubtful.discard(email)

    @contextmanager
    def _unsettled(self, record: Record) -> Iterator[None]:
        """While something is sent that may change a conversation, and for good where no answer says what became of it."""
        before = set(record.unsure)
        record.unsure |= {"status", "updated_at"}
        try:
            yield
        except BaseException:
            # Whatever happened, or will yet: nothing is sent to it any more.
            self.unsettled.add(record.id)
            if record in self._open:
                self._open.remove(record)
            raise
        record.unsure -= {"status", "updated_at"} - before
