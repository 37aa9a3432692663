"""A client of the helpdesk that judges every response it gets.

Tests make calls; this module derives what each response must look like from the request and from everything that the server
acknowledged before (the ledger). So every call of every test exercises every requirement that its response shows.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from contract_tests.client.api import Api
from contract_tests.client.calls import Calls
from contract_tests.client.conversations import Conversations
from contract_tests.client.dress import Wardrobe
from contract_tests.client.horizon import Horizon
from contract_tests.client.lists import CheckPage, Lists, PageChecks
from contract_tests.client.messages import Messages
from contract_tests.client.names import Names
from contract_tests.client.pages import Follower
from contract_tests.client.repeating import Repeater
from contract_tests.client.rereading import Rereading
from contract_tests.client.snapshots import Snapshots
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE, RESOLVE_CONVERSATION
from contract_tests.effort import Effort
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.judging.mismatches import Mismatch, conversations, responses
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Ledger, Person, Record, SentMessage
from contract_tests.transport.creations import Exhausted
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.stopping import Stopped

_TRIES_OF_COUNT = 3


class Helpdesk:
    """The server under test: each write is entered into the ledger, and all later responses are compared with it.

    It joins an Api that sends, a ledger that remembers and a judge that logs checks. `check_page` replaces the checks of a page
    that do not need the ledger; `dresses`, `counts_keys` and `consistency_window` are those of `Calls`.
    """

    def __init__(
        self,
        api: Api,
        ledger: Ledger,
        judge: Judge,
        names: Names,
        repeater: Repeater,
        effort: Effort,
        *,
        check_page: CheckPage | None = None,
        dresses: bool = True,
        counts_keys: bool = False,
        consistency_window: float = 0.0,
    ) -> None:
        target = api.target
        self.contract = api.contract
        self.target = target
        self.ledger = ledger
        self.judge = judge
        self.effort = effort
        self.random = names.random
        self.run_id = names.run_id
        self.email_domain = names.email_domain
        self.unread = 0
        """Conversations that are still to be read again at the end."""
        client, other = target.keys.client, target.keys.other_server
        self.wardrobe = Wardrobe(target.base_url, client.key if client else "", other.key if other else "")
        self._horizon = Horizon(effort.horizon)
        calls = Calls(
            api,
            ledger,
            judge,
            self.wardrobe,
            repeater,
            dresses=dresses,
            counts_keys=counts_keys,
            consistency_window=consistency_window,
            horizon=self._horizon,
        )
        follower = Follower()
        conversations_shown = Conversations(api.contract, calls, ledger, judge)
        messages = Messages(api.contract, calls, ledger, judge, follower)
        check_page = check_page or PageChecks(api.contract, judge).check
        lists = Lists(api, calls, ledger, judge, conversations_shown, follower, check_page)
        snapshots = Snapshots(api.contract, calls, ledger, judge, lists, messages)
        self._rereading = Rereading(api.contract, calls, ledger, judge, messages, names.random, effort.audited)

        # What tests ask of the desk, its parts do.
        self.email, self.subject, self.body, self.payload = names.email, names.subject, names.body, names.payload
        self.credentials, self.next_credential = api.credentials, api.next_credential
        self.call_without_slash = api.call_without_slash
        self.call, self.send_anything, self.accepting = calls.call, calls.send_anything, calls.accepting
        self._check_separators = calls.check_separators
        self.check, self.since = judge.check, judge.since
        self.get, self.compare = conversations_shown.get, conversations_shown.compare
        self._check_people = conversations_shown.check_people
        self.list_page, self.list_pages = lists.list_page, lists.list_pages
        self.list_all, self.list_recent = lists.list_all, lists.list_recent
        self.check_page_is, self.check_pages_are = lists.check_page_is, lists.check_pages_are
        self.check_selection, self.check_listed_as_read = lists.check_selection, lists.check_listed_as_read
        self.read_messages, self.check_messages = messages.read_messages, messages.check_messages
        self.compare_messages, self.is_sent = messages.compare_messages, messages.is_sent
        self.listed_at, self.foreign_message = messages.listed_at, messages.foreign_message
        self.take_snapshot, self.check_unchanged = snapshots.take_snapshot, snapshots.check_unchanged
        self.check_nothing_created = snapshots.check_nothing_created

        # What the preflight created is there for all that follows.
        for exchange in target.early:
            judge.history.note(exchange)
        target.early.clear()
        target.watch = judge.history.note

    def create(self, payload: Mapping[str, Any] | None = None, *, credential: Credential | None = None) -> Record:
        """Create a conversation that the contract allows. Raises Blocked where the server does not create it."""
        sent = self.payload() if payload is None else payload
        exchange = self.call(CREATE_CONVERSATION, body=sent, credential=credential, dressed=True)
        if exchange.status != 401:
            self.check("create.status", responses.status_mismatch(exchange, 201), exchange)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be created ({exchange.status}).")
        return self.record_created(sent, exchange)

    def create_by_any(self) -> Record:
        """Create a conversation with the first key that works: a server may wrongly refuse some. Raises Blocked if none does."""
        for credential in self.credentials(CREATE_CONVERSATION):
            with suppress(Blocked):
                return self.create(credential=credential)
        raise Blocked("No key may create a conversation.")

    def record_created(self, sent: Mapping[str, Any], exchange: Exchange, *, unusual: str = "") -> Record:
        """Judge the response to an accepted create and enter it into the ledger.

        `unusual` names the requirement that text and metadata beyond the ordinary are judged by. Raises Blocked where the response
        is not a conversation.
        """
        response = exchange.members
        self.check("create.answer", self.contract.mismatch("Conversation", response), exchange)
        if not isinstance(response.get("id"), str) or not response["id"]:
            raise Blocked("The response to a create has no id.")
        email = sent.get("user_email") if isinstance(sent.get("user_email"), str) else None
        record = Record(response["id"], email, dict(response))
        findings = [
            *conversations.creation_findings(self.contract, sent, response),
            *self._identity(record),
            *self._names(sent, response),
        ]
        for requirement, member, mismatch in findings:
            by = unusual if unusual and requirement in ("create.text-exact", "create.metadata-kept") else requirement
            if not self.check(by, mismatch, exchange, because=self._had_it_first(member, record) if mismatch else ()):
                record.unsure.add(member)
        self._check_separators(response, exchange)
        self.ledger.note_names(record, sent)
        self._check_people(record, response, exchange)
        self.ledger.add(record)
        self.judge.note_created(record.id)
        return record

    def _had_it_first(self, member: str, record: Record) -> list[Exchange]:
        """Return the create that got this id, or this number, before the server assigned it again."""
        number = record.shown.get("number")
        first = {"id": record.id, "number": self.ledger.numbers.get(number, "") if isinstance(number, int) else ""}
        return self.judge.history.creates(first.get(member, ""))

    def _identity(self, record: Record) -> Iterable[conversations.Finding]:
        known, number = self.ledger.note_id(record.id), record.shown.get("number")
        mismatch = Mismatch(f"the id {record.id} was given before", "another id", record.id, "/id") if known else None
        yield "create.id-unique", "id", mismatch
        if isinstance(number, int):
            other = self.ledger.numbers.setdefault(number, record.id)
            shared = Mismatch(f"the number {number} was given to {other} before", "another number", str(number), "/number")
            yield "create.number-unique", "number", None if other == record.id else shared

    def _names(self, sent: Mapping[str, Any], response: Mapping[str, Any]) -> Iterable[conversations.Finding]:
        email = sent.get("user_email")
        if not isinstance(email, str) or email in self.ledger.strangers:
            return
        first, last = (name if isinstance(name := sent.get(f"user_{part}_name"), str) else None for part in ("first", "last"))
        person = self.ledger.people.get(email)
        if person is None:
            person = self.ledger.people[email] = Person(first, last)
            if (first, last) != (None, None):
                yield "create.new-user-names", "requester", conversations.names_mismatch(person, response)
        elif (first, last) != (None, None):
            person.renamed = True
            yield "create.existing-user-names", "requester", conversations.names_mismatch(person, response)

    def send(self, record: Record, body: str, *, sender: str | None = None, credential: Credential | None = None) -> Exchange:
        """Send a message, by default from the requester. Raises Blocked where it is refused."""
        email = sender or record.email or ""
        exchange = self.call(
            CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": email}, credential=credential, dressed=True
        )
        self.check("messages.accepted", responses.not_accepted(exchange), exchange)
        if not exchange.succeeded:
            raise Blocked(f"A message could not be sent ({exchange.status}).")
        self.check("messages.accepted-status", responses.status_mismatch(exchange, 200, 201), exchange)
        self._check_separators(exchange.members, exchange)
        self.record_message(record, body, email)
        return exchange

    def record_message(self, record: Record, body: str, sender: str, *, settled: bool = True) -> None:
        """Enter a message that was acknowledged into the ledger."""
        record.messages.append(SentMessage(body, sender, settled))
        record.note_message()
        self.ledger.addresses.add(sender.lower())
        if sender not in self.ledger.people:
            self.ledger.strangers.add(sender)

    def resolve(self, record: Record, *, credential: Credential | None = None) -> None:
        """Resolve a conversation and judge the response. Raises Blocked where it is refused."""
        exchange = self.call(RESOLVE_CONVERSATION, id=record.id, credential=credential, dressed=True)
        mismatch = responses.status_mismatch(exchange, 200) or self.contract.mismatch("Conversation", exchange.members)
        self.check("resolve.answer", mismatch, exchange)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be resolved ({exchange.status}).")
        record.note_resolved()
        found = dict(conversations.changed_members(self.contract, record, exchange.members))
        not_closed = json_mismatch("closed", exchange.members.get("status"), "status")
        self.check("resolve.closes", not_closed, exchange)
        others = [mismatch for member, mismatch in found.items() if member != "status"]
        self.check("resolve.rest-kept", others[0] if others else None, exchange)
        self._check_separators(exchange.members, exchange)
        record.unsure.update(found)

    def check_count_is_whole(self) -> None:
        """Judge, when the list is longest, that it counts all conversations of this run and has none beyond its count.

        Others may write between the two requests, so a mismatch only counts if it shows in each of several attempts.
        """
        own = len(self.ledger.records)
        for _ in range(_TRIES_OF_COUNT):
            count = self.list_page(limit=1).count
            beyond = self.list_page(limit=1, offset=max(count, 0))
            mismatch = None
            if beyond.count < own:
                mismatch = Mismatch("the list counts fewer than this run created", f"at least {own}", str(beyond.count))
            elif beyond.items and beyond.count <= count:
                told = f"offset={count}: there are conversations beyond the count of the list"
                mismatch = Mismatch(told, "none beyond the count", f"count {beyond.count}, and {len(beyond.items)} more")
            if mismatch is None:
                break
        self.check("list.count", mismatch, beyond.exchange)

    def wait_for_horizon(self) -> None:
        """Wait until what was written first is as old as the effort says, as far as the time for the run allows it."""
        self._horizon.wait(self.target.deadline.sleep, self.target.deadline.left)

    def _write_late(self) -> None:
        """Resolve the oldest open conversation and read it: a response that was cached before is out of date then."""
        known = (one for one in self.ledger.records.values() if one.read and one.email and not one.unsure and one.status == "open")
        if (record := next(known, None)) is not None:
            self.resolve(record)
            self.get(record)

    def _name_late(self) -> None:
        """Create for the user who was named first, with other names: also after many others it is known, and keeps its own."""
        people = self.ledger.people
        named = (one for one in self.ledger.records.values() if one.email in people and people[one.email].first_name)
        if (record := next((one for one in named if "requester" not in one.unsure), None)) is not None:
            with self.since(2):
                self.create(self.payload(user_email=record.email, user_first_name="Later", user_last_name="Than Others"))
            self.get(record)

    def audit(self) -> None:
        """Read again, at the end of a run, what the server acknowledged. Raises Stopped where there is no time for all of it."""
        self.unread = len(self.ledger.records)
        try:
            for check in (self.check_count_is_whole, self._write_late, self._name_late):
                # A run that may create nothing more reads again all the same.
                with suppress(Blocked, Exhausted):
                    check()
            records = self._rereading.in_lists()
            self.unread = len(records)
            for record in records:
                self._rereading.one(record)
                self.unread -= 1
        except Stopped as stopped:
            left = f"{self.unread} of {len(self.ledger.records)} conversations were not read again at the end"
            self.judge.note_undecided("any.durable", f"{left}: {stopped}")
            raise
