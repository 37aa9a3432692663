"""A client of the helpdesk that judges every answer it gets.

Tests say what happens; this module knows what each answer then has to look like, from the request and from all that the server
acknowledged before (the ledger). So every call of every test counts for every requirement that it shows.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from contract_tests.credentials import Credential
from contract_tests.exchange import Exchange
from contract_tests.expectations import Mismatch, answers, conversations, lists, shown
from contract_tests.expectations.timestamps import comparable
from contract_tests.expectations.values import same_json
from contract_tests.judge import Blocked
from contract_tests.ledger import Person, Record, SentMessage
from contract_tests.reading import Reader


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation and its messages at one moment."""

    id: str
    members: dict[str, Any]
    messages: list[dict[str, Any]]


class Helpdesk(Reader):
    """The server under test: what is done to it is entered into the ledger, and judged by it ever after."""

    def create(self, payload: Mapping[str, Any] | None = None, *, credential: Credential | None = None) -> Record:
        """Create a conversation that the contract allows. Raises Blocked where the server does not create it."""
        sent = self.payload() if payload is None else payload
        exchange = self.call("createConversation", body=sent, credential=credential)
        if exchange.status != 401:
            self.judge.check("create.status", answers.status_is(exchange, 201), exchange)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be created ({exchange.status}).")
        return self.created(sent, exchange)

    def create_by_any(self) -> Record:
        """Create a conversation by the first key that may, where some may not that should. Raises Blocked where none may."""
        for credential in self.credentials("createConversation"):
            with suppress(Blocked):
                return self.create(credential=credential)
        raise Blocked("No key may create a conversation.")

    def created(self, sent: Mapping[str, Any], exchange: Exchange, *, unusual: str = "") -> Record:
        """Judge the answer to an accepted create and enter it into the ledger.

        `unusual` names the requirement that text and metadata beyond the ordinary are judged by. Raises Blocked where the answer is
        not a conversation.
        """
        answer = exchange.members
        self.judge.check("create.answer", self.contract.mismatch("Conversation", answer), exchange)
        if not isinstance(answer.get("id"), str) or not answer["id"]:
            raise Blocked("The answer to a create has no id.")
        email = sent.get("user_email") if isinstance(sent.get("user_email"), str) else None
        record = Record(answer["id"], email, dict(answer))
        findings = [
            *conversations.created(self.contract, sent, answer),
            *self._identity(record),
            *self._names(sent, answer),
        ]
        for requirement, member, mismatch in findings:
            by = unusual if unusual and requirement in ("create.text-exact", "create.metadata-kept") else requirement
            if not self.judge.check(by, mismatch, exchange):
                record.unsure.add(member)
        self.ledger.add(record)
        return record

    def _identity(self, record: Record) -> Iterable[conversations.Finding]:
        known, number = self.ledger.records.get(record.id), record.shown.get("number")
        twice = Mismatch(f"the id {record.id} was given before", "another id", record.id) if known else None
        yield "create.id-unique", "id", twice
        if isinstance(number, int):
            other = self.ledger.numbers.setdefault(number, record.id)
            same = Mismatch(f"the number {number} was given before", "another number", str(number))
            yield "create.number-unique", "number", None if other == record.id else same

    def _names(self, sent: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterable[conversations.Finding]:
        email = sent.get("user_email")
        if not isinstance(email, str) or email in self.ledger.strangers:
            return
        first, last = (name if isinstance(name := sent.get(f"user_{part}_name"), str) else None for part in ("first", "last"))
        person = self.ledger.people.get(email)
        if person is None:
            person = self.ledger.people[email] = Person(first, last)
            if (first, last) != (None, None):
                yield "create.new-user-names", "requester", conversations.names(person, answer)
        elif (first, last) != (None, None):
            person.renamed = True
            yield "create.existing-user-names", "requester", conversations.names(person, answer)

    def send(self, record: Record, body: str, *, sender: str | None = None, credential: Credential | None = None) -> Exchange:
        """Send a message, by default from the requester. Raises Blocked where it is refused."""
        email = sender or record.email or ""
        exchange = self.call("createMessage", id=record.id, body={"body": body, "user_email": email}, credential=credential)
        self.judge.check("messages.accepted", answers.is_accepted(exchange), exchange)
        if not exchange.succeeded:
            raise Blocked(f"A message could not be sent ({exchange.status}).")
        self.judge.check("messages.accepted-status", answers.status_is(exchange, 200, 201), exchange)
        self.sent(record, body, email)
        return exchange

    def sent(self, record: Record, body: str, sender: str, *, settled: bool = True) -> None:
        """Enter a message that was acknowledged into the ledger."""
        record.messages.append(SentMessage(body, sender, settled))
        record.was_messaged()
        if sender not in self.ledger.people:
            self.ledger.strangers.add(sender)

    def resolve(self, record: Record, *, credential: Credential | None = None) -> None:
        """Resolve a conversation and judge the answer. Raises Blocked where it is refused."""
        exchange = self.call("resolveConversation", id=record.id, credential=credential)
        mismatch = answers.status_is(exchange, 200) or self.contract.mismatch("Conversation", exchange.members)
        self.judge.check("resolve.answer", mismatch, exchange)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be resolved ({exchange.status}).")
        record.was_resolved()
        found = dict(conversations.changed(self.contract, record, exchange.members))
        closed = same_json("closed", exchange.members.get("status"), "status")
        self.judge.check("resolve.closes", closed, exchange)
        others = [mismatch for member, mismatch in found.items() if member != "status"]
        self.judge.check("resolve.rest-kept", others[0] if others else None, exchange)
        record.unsure.update(found)

    def snapshot(self, record: Record, *, credential: Credential | None = None) -> Snapshot:
        """What a conversation and its messages look like now. Raises Blocked where they cannot be read."""
        exchange = self.call("getConversation", id=record.id, credential=credential)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be read ({exchange.status}).")
        items, _ = self.read_messages(record.id, credential=credential)
        members = self.contract.conversation_members
        return Snapshot(record.id, {name: exchange.members.get(name) for name in members}, items)

    def unchanged(self, before: Snapshot, requirement_id: str, *, credential: Credential | None = None) -> bool:
        """Judge that a conversation and its messages are as they were. One that could be read and now cannot is not."""
        reading = self._read_again(before.id, credential)
        if not reading.succeeded:
            return self.judge.check(requirement_id, answers.status_is(reading, 200), reading)
        members = {name: reading.members.get(name) for name in self.contract.conversation_members}
        messages, _ = self.read_messages(before.id, credential=credential)
        mismatch = same_json(comparable(before.members), comparable(members), "the conversation") or same_json(
            [comparable(item) for item in before.messages], [comparable(item) for item in messages], "the messages"
        )
        if mismatch is not None and before.id in self.ledger.records:
            # It is not what the ledger takes it for any more, and that is told here and once.
            self.ledger.records[before.id].unsure.update(self.contract.conversation_members)
        if mismatch is None:
            self.ledger.guarded.add(before.id)
        return self.judge.check(requirement_id, mismatch, reading)

    def _read_again(self, conversation_id: str, credential: Credential | None) -> Exchange:
        """Read a conversation, again where it is refused: what is there at the second time was not lost by what came before."""
        reading = self.call("getConversation", id=conversation_id, credential=credential)
        if reading.succeeded:
            return reading
        again = self.call("getConversation", id=conversation_id, credential=credential)
        if again.succeeded:
            self.judge.check("get.answer", answers.status_is(reading, 200), reading)
        return again

    def nothing_created(self, email: str, requirement_id: str, *, subject: str = "") -> bool:
        """Judge that no conversation has this requester, or this text in its subject."""
        pages = [self.page(user_email=email), *self.recent()]
        for page in pages:
            for item in page.items:
                requester = item.get("requester")
                own = isinstance(requester, dict) and requester.get("email") == email
                if own or (subject and subject in str(item.get("subject"))):
                    created = Mismatch("a request that was refused created a conversation", "no conversation", shown(item))
                    return self.judge.check(requirement_id, created, page.exchange)
        if not pages[0].items:
            self.judge.check("list.count", lists.count_is(pages[0].count, 0), pages[0].exchange)
        return self.judge.check(requirement_id, None, pages[0].exchange)

    def _audited(self) -> list[Record]:
        """The oldest conversations, those with messages and those resolved among them, all that something refused may change later,
        and any others: as many as the effort has, or somewhat more.
        """
        records = list(self.ledger.records.values())
        share = self.effort.audited // 4
        kinds = (records, [record for record in records if record.messages], [record for record in records if record.resolved])
        chosen = {record.id: record for kind in kinds for record in kind[:share]}
        chosen |= {record.id: record for record in records if record.id in self.ledger.guarded}
        others = [record for record in records if record.id not in chosen]
        return [*chosen.values(), *self.random.sample(others, min(len(others), max(0, self.effort.audited - len(chosen))))]

    def audit(self) -> None:
        """Read again, at the end of a run, what the server acknowledged."""
        for record in self._audited():
            exchange = self.call("getConversation", id=record.id)
            lost = answers.status_is(exchange, 200)
            found = [] if lost else [mismatch for _, mismatch in conversations.changed(self.contract, record, exchange.members)]
            self.judge.check("any.durable", lost or (found[0] if found else None), exchange)
            if record.messages and not lost:
                # Where they cannot be read any more, that is judged already, and the others are still to be looked at.
                with suppress(Blocked):
                    self.messages(record)
