"""A client of the helpdesk that judges every answer it gets.

Tests say what happens; this module knows what each answer then has to look like, from the request and from all that the server
acknowledged before (the ledger). So every call of every test counts for every requirement that it shows.
"""

import itertools
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contract_tests.consistency import wait_until_shown
from contract_tests.contract import Contract, Operation
from contract_tests.credentials import Credential, Forgery, Style
from contract_tests.effort import Effort
from contract_tests.exchange import DROPPED, Call, Exchange
from contract_tests.expectations import Mismatch, answers, conversations, lists, messages, shown
from contract_tests.expectations.timestamps import comparable, is_timestamp
from contract_tests.expectations.values import same_json, same_text
from contract_tests.judge import Blocked, Judge
from contract_tests.ledger import Ledger, Person, Record, SentMessage
from contract_tests.target import Target

ACCEPTED = {Style.HEADER: "auth.x-api-key", Style.BEARER: "auth.bearer"}
"""The requirement that a valid key is accepted, by the way in which it is sent."""

JSON = {"Content-Type": "application/json"}

_ANSWERS = {
    "createConversation": ("create.answer", "Conversation"),
    "listConversations": ("list.answer", "ConversationPage"),
    "getConversation": ("get.answer", "Conversation"),
    "listMessages": ("messages.answer", "MessagePage"),
    "resolveConversation": ("resolve.answer", "Conversation"),
}
"""What a success of an operation holds, and the requirement that says so; that of create message is open."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""A surrogate that is escaped: one without its other half has no UTF-8."""

_LARGE = 64 * 1024
"""Bytes of a body from which on a server may refuse to read it."""

_MOST_PAGES = 200
"""Pages of one list that are followed before it is called endless."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of conversations: `count` as the server gave it, the results, and the exchange that shows them."""

    count: int
    items: list[dict[str, Any]]
    exchange: Exchange

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation and its messages at one moment."""

    id: str
    members: dict[str, Any]
    messages: list[dict[str, Any]]
    exchange: Exchange


class Helpdesk:
    """The server under test, as one worker of a run uses it."""

    def __init__(
        self,
        contract: Contract,
        target: Target,
        judge: Judge,
        *,
        effort: Effort,
        run_id: str,
        seed: int,
        worker: str = "",
        consistency_window: float = 0.0,
    ) -> None:
        self.contract = contract
        self.target = target
        self.judge = judge
        self.effort = effort
        self.consistency_window = consistency_window
        self.ledger = Ledger()
        self.random = random.Random(f"{seed}{worker}")
        self.run_id = run_id + worker
        self._numbers = itertools.count(1)
        self._credentials = {name: self._rotation(name) for name in contract.operations}
        self._token = re.compile(rf"\[m\d+\.{re.escape(self.run_id)}\]")

    # --- names that nobody else uses ---------------------------------------------------------------------------------------------

    def email(self, hint: str = "user") -> str:
        """An address that nobody used before and that any validator accepts."""
        return f"{hint}{next(self._numbers)}.{self.run_id}@example.com"

    def subject(self, hint: str = "Order") -> str:
        """A subject that carries the run's id, short enough for any contract."""
        return f"{hint} {next(self._numbers)} {self.run_id}"[: self.contract.subject_maximum]

    def body(self, text: str = "Where is my parcel?") -> str:
        """The text of a message, marked so that it is known again wherever it turns up."""
        return f"[m{next(self._numbers)}.{self.run_id}] {text}"

    def payload(self, **members: Any) -> dict[str, Any]:
        """A valid create: a subject, a requester of its own, and what the contract requires besides. None leaves a member out."""
        filled = {"subject": self.subject(), "user_email": self.email(), **members}
        return {name: value for name, value in filled.items() if value is not None}

    # --- sending -----------------------------------------------------------------------------------------------------------------

    def credentials(self, operation_id: str) -> list[Credential]:
        """Every key of the run's organisation that may call the operation, in both styles."""
        return self.target.keys.for_tiers(self.contract[operation_id].tiers)

    def next_credential(self, operation_id: str) -> Credential:
        """One of the credentials that may call the operation; all of them in turn."""
        return next(self._credentials[operation_id])

    def call(
        self,
        operation_id: str,
        *,
        id: str = "",
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        credential: Credential | None = None,
        headers: Mapping[str, str] | None = None,
        forgery: Forgery | None = None,
        documented: bool = True,
    ) -> Exchange:
        """Send one call and judge what holds for every answer.

        `body` is sent as JSON, `raw` as it is. Without a `credential`, each call takes another of those that may call the
        operation; with a `forgery`, its headers take their place. `documented=False` says that the path may be none of the
        API's, so that its refusal need not be JSON.
        """
        operation = self.contract[operation_id]
        own = forgery.headers if forgery is not None else {}
        content = JSON if operation.method == "POST" and (body is not None or raw is not None) else {}
        exchange = self.target.send(
            Call(
                operation.method,
                operation.path_for(id),
                tuple((name, str(value)) for name, value in (query or {}).items()),
                {**content, **own, **(headers or {})},
                raw if raw is not None else self._encoded(body),
                None if forgery is not None else credential or self.next_credential(operation_id),
            )
        )
        self._remember(operation_id, id, exchange)
        if self.consistency_window and exchange.succeeded and operation.method == "POST":
            wait_until_shown(self._ask, operation_id, id, exchange, self.consistency_window)
        self._judge_any(exchange, forgery, documented=documented)
        used = exchange.call.credential
        if exchange.status == 401 and used is not None and used in self.credentials(operation_id):
            self.judge.check(ACCEPTED[used.style], answers.is_accepted(exchange), exchange)
        return exchange

    def _ask(self, operation_id: str, conversation_id: str, query: Mapping[str, Any]) -> Exchange:
        operation = self.contract[operation_id]
        parameters = tuple((name, str(value)) for name, value in query.items())
        credential = self.next_credential(operation_id)
        return self.target.send(Call(operation.method, operation.path_for(conversation_id), parameters, credential=credential))

    def _remember(self, operation_id: str, conversation_id: str, exchange: Exchange) -> None:
        if not exchange.succeeded or exchange.call.method != "POST":
            return
        if operation_id != "createConversation":
            self.judge.history.note(conversation_id, exchange)
        elif isinstance(exchange.members.get("id"), str):
            requester = exchange.members.get("requester")
            email = requester.get("email") if isinstance(requester, dict) else None
            self.judge.history.note(exchange.members["id"], exchange, email)

    def _judge_any(self, exchange: Exchange, forgery: Forgery | None = None, *, documented: bool = True) -> None:
        if exchange.hiccup is not None:
            self.judge.inconsistent("any.no-server-error", exchange)
        # A server may close the connection on a large body, rather than read it.
        if exchange.status != DROPPED or len(exchange.call.body or b"") <= _LARGE:
            self.judge.check("any.no-server-error", answers.no_server_error(exchange), exchange, forgery=forgery)
        if exchange.status != DROPPED and (documented or exchange.succeeded):
            self.judge.check("any.json", answers.is_json(exchange), exchange, forgery=forgery)

    def without_slash(self, operation: Operation, conversation_id: str) -> Exchange:
        """Call an operation without the slash at the end of its path, which is no documented path."""
        path = operation.path_for(conversation_id).rstrip("/")
        return self.target.send(Call(operation.method, path, credential=self.next_credential(operation.id)))

    def answered(self, operation_id: str, call: Call) -> None:
        """Send a call that may be anything, and judge what holds for every answer and for every success."""
        exchange = self.target.send(call)
        self._judge_any(exchange)
        if exchange.succeeded and operation_id in _ANSWERS:
            requirement, component = _ANSWERS[operation_id]
            self.judge.check(requirement, self.contract.mismatch(component, exchange.members), exchange)

    def _encoded(self, body: Any) -> bytes | None:
        if body is None:
            return None
        escaped = json.dumps(body)
        if self.random.random() < 0.3 or _SURROGATE.search(escaped):
            return escaped.encode()
        return json.dumps(body, ensure_ascii=False).encode()

    def _rotation(self, operation_id: str) -> Iterator[Credential]:
        # In random order within each round: a fixed one could fall into step with what a test does.
        while credentials := self.credentials(operation_id):
            self.random.shuffle(credentials)
            yield from credentials

    # --- conversations -----------------------------------------------------------------------------------------------------------

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
        record = Record(answer["id"], email, dict(answer), sent.get("description"))
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

    def get(self, record: Record, *, credential: Credential | None = None) -> dict[str, Any]:
        """Read a conversation and compare it with what is known of it. Raises Blocked where it cannot be read."""
        exchange = self.call("getConversation", id=record.id, credential=credential)
        mismatch = answers.status_is(exchange, 200) or self.contract.mismatch("Conversation", exchange.members)
        self.judge.check("get.answer", mismatch, exchange)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be read ({exchange.status}).")
        self.compare(record, exchange.members, exchange, otherwise="get.as-created")
        return dict(exchange.members)

    def compare(self, record: Record, answer: Mapping[str, Any], exchange: Exchange, *, otherwise: str) -> None:
        """Judge a conversation that is shown again; `otherwise` is the requirement where nothing else explains a change.

        A member that was found wrong once is not looked at again: what follows would be the same story.
        """
        found = dict(conversations.changed(self.contract, record, answer))
        for requirement in self._shown_by(record, otherwise):
            members = [member for member in found if self._blamed(record, member, otherwise) == requirement]
            self.judge.check(requirement, found[members[0]] if members else None, exchange)
        record.unsure.update(found)
        record.was_read(answer.get("status"))
        if record.unsure.isdisjoint(("created_at", "updated_at")):
            self.judge.check("create.timestamps", conversations.timestamps(answer), exchange)

    def _shown_by(self, record: Record, otherwise: str) -> list[str]:
        """The requirements that showing this conversation again exercises."""
        return list(dict.fromkeys(self._blamed(record, member, otherwise) for member in ("subject", "status", "requester")))

    def _blamed(self, record: Record, member: str, otherwise: str) -> str:
        person = self.ledger.people.get(record.email or "")
        if member == "requester" and person is not None and person.renamed:
            return "create.existing-user-names"
        if record.last == "message":
            return "messages.conversation-kept"
        if record.resolved:
            return "resolve.get-agrees" if member == "status" else "resolve.rest-kept"
        return otherwise

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

    # --- nothing happened --------------------------------------------------------------------------------------------------------

    def snapshot(self, record: Record) -> Snapshot:
        """What a conversation and its messages look like now. Raises Blocked where they cannot be read."""
        exchange = self.call("getConversation", id=record.id)
        if not exchange.succeeded:
            raise Blocked(f"A conversation could not be read ({exchange.status}).")
        items, _ = self.read_messages(record.id)
        members = self.contract.conversation_members
        return Snapshot(record.id, {name: exchange.members.get(name) for name in members}, items, exchange)

    def unchanged(self, before: Snapshot, requirement_id: str) -> bool:
        """Judge that a conversation and its messages are as they were. One that could be read and now cannot is not."""
        reading = self.call("getConversation", id=before.id)
        if not reading.succeeded:
            return self.judge.check(requirement_id, answers.status_is(reading, 200), reading)
        after = self.snapshot(Record(before.id, None, {}))
        mismatch = same_json(comparable(before.members), comparable(after.members), "the conversation") or same_json(
            [comparable(item) for item in before.messages], [comparable(item) for item in after.messages], "the messages"
        )
        if mismatch is not None and before.id in self.ledger.records:
            # It is not what the ledger takes it for any more, and that is told here and once.
            self.ledger.records[before.id].unsure.update(self.contract.conversation_members)
        return self.judge.check(requirement_id, mismatch, after.exchange)

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
        return self.judge.check(requirement_id, None, pages[0].exchange)

    def recent(self, **query: Any) -> list[Page]:
        """The first and the last page of a list: where new conversations are, whichever way it is ordered by age."""
        most = self.contract.page_maximum
        first = self.page(limit=most, **query)
        if first.count <= most:
            return [first]
        return [first, self.page(limit=most, offset=first.count - most, **query)]

    def audit(self) -> None:
        """Read again, at the end of a run, what the server acknowledged: the oldest, and as many others as the effort allows."""
        records = list(self.ledger.records.values())
        oldest, others = records[: self.effort.audited // 2], records[self.effort.audited // 2 :]
        sample = self.random.sample(others, min(len(others), self.effort.audited - len(oldest)))
        for record in (*oldest, *sample):
            exchange = self.call("getConversation", id=record.id)
            lost = answers.status_is(exchange, 200)
            found = [] if lost else [mismatch for _, mismatch in conversations.changed(self.contract, record, exchange.members)]
            self.judge.check("any.durable", lost or (found[0] if found else None), exchange)
            if record.messages and not lost:
                # Where they cannot be read any more, that is judged already, and the others are still to be looked at.
                with suppress(Blocked):
                    self.messages(record)

    # --- lists -------------------------------------------------------------------------------------------------------------------

    def page(self, *, credential: Credential | None = None, **query: Any) -> Page:
        """List conversations and judge the page by itself and by what is known of its items. Raises Blocked where it is none."""
        exchange = self.call("listConversations", query=query, credential=credential)
        mismatch = answers.status_is(exchange, 200) or self.contract.page_mismatch(
            "ConversationPage", "Conversation", exchange.members
        )
        self.judge.check("list.answer", mismatch, exchange)
        results = exchange.members.get("results")
        if not exchange.succeeded or not isinstance(results, list):
            raise Blocked(f"Conversations could not be listed ({exchange.status}).")
        items = [item for item in results if isinstance(item, dict) and isinstance(item.get("id"), str)]
        count = exchange.members.get("count")
        page = Page(count if isinstance(count, int) else -1, items, exchange)
        self._judge_size(page)
        self._judge_filters(page, query)
        for item in items:
            if known := self.ledger.records.get(item["id"]):
                self.compare(known, item, exchange, otherwise="list.items-as-get")
        return page

    def _judge_size(self, page: Page) -> None:
        most, held = self.contract.page_maximum, len(page.items)
        too_many = Mismatch(f"the page holds {held} conversations", f"at most {most}", str(held)) if held > most else None
        self.judge.check("list.maximum", too_many, page.exchange)

    def _judge_filters(self, page: Page, query: Mapping[str, Any]) -> None:
        email, status = query.get("user_email"), query.get("status")
        if isinstance(email, str) and email:
            wrong = (found for item in page.items if (found := conversations.has_email(item, email)))
            self.judge.check("list.email-filter", next(wrong, None), page.exchange)
        if isinstance(status, str) and status in self.contract.statuses:
            others = (found for item in page.items if (found := same_json(status, item.get("status"), "status")))
            self.judge.check("list.status-filter", next(others, None), page.exchange)

    def whole(self, page: Page, ids: set[str], requirement_id: str = "list.email-filter") -> None:
        """Judge that a page holds exactly these conversations, and that they are counted."""
        self.judge.check(requirement_id, lists.same_ids(ids, page.ids), page.exchange)
        self.judge.check("list.count", lists.count_is(page.count, len(ids)), page.exchange)

    def pages(self, limit: int, *, credential: Credential | None = None, **query: Any) -> list[Page]:
        """All pages of a list, by offset, as far as they go. Raises Blocked where they never end."""
        found: list[Page] = []
        for offset in range(0, _MOST_PAGES * limit, limit):
            page = self.page(**query, limit=limit, offset=offset, credential=credential)
            found.append(page)
            if not page.items or offset + len(page.items) >= page.count:
                return found
        raise Blocked(f"The pages of a list did not end after {_MOST_PAGES}.")

    def all_pages(self, **query: Any) -> Page:
        """A list as one page, however long it is."""
        pages = self.pages(self.contract.page_maximum, **query)
        return Page(pages[-1].count, [item for page in pages for item in page.items], pages[-1].exchange)

    # --- messages ----------------------------------------------------------------------------------------------------------------

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

    def messages(self, record: Record, *, credential: Credential | None = None) -> list[dict[str, Any]]:
        """Read all messages of a conversation and compare them with those that were sent."""
        items, exchange = self.read_messages(record.id, credential=credential)
        check = self.judge.check
        positions = [self._find(sent, items, record, exchange) for sent in record.messages]
        settled = [at for at, sent in zip(positions, record.messages, strict=True) if at is not None and sent.settled]
        check("messages.oldest-first", messages.oldest_first(items, settled), exchange)
        check("messages.id-unique", messages.distinct_ids(items), exchange)
        check("messages.own-conversation", self._stray(items, record), exchange)
        for item in items:
            check("messages.timestamps", is_timestamp(item.get("created_at"), "created_at"), exchange)
        return items

    def _find(self, sent: SentMessage, items: list[dict[str, Any]], record: Record, exchange: Exchange) -> int | None:
        """Where a message that was sent is listed, judged; None where it is not."""
        token = sent.body.split("]")[0]
        found = [at for at, item in enumerate(items) if token in str(item.get("body"))]
        once = None
        if len(found) != 1:
            listed = "not listed" if not found else f"listed {len(found)} times"
            once = Mismatch(f"a message that was sent is {listed}", "listed once", listed)
        self.judge.check("messages.listed-once", once, exchange)
        if not found:
            return None
        item = items[found[0]]
        self.judge.check("messages.body-exact", same_text(sent.body, item.get("body"), "body"), exchange)
        sender = item.get("sender_email")
        same = isinstance(sender, str) and sender.lower() == sent.sender.lower()
        wrong = Mismatch("sender_email is not the user_email of the message", shown(sent.sender), shown(sender))
        self.judge.check("messages.sender", None if same else wrong, exchange)
        return found[0]

    def _stray(self, items: Sequence[dict[str, Any]], record: Record) -> Mismatch | None:
        own = {sent.body.split("]")[0] + "]" for sent in record.messages}
        for item in items:
            token = self._token.search(str(item.get("body")))
            if token and token[0] not in own and token[0] in self._tokens_elsewhere(record):
                return Mismatch("a message of another conversation is listed", "only its own messages", shown(item))
        return None

    def _tokens_elsewhere(self, record: Record) -> set[str]:
        others = (other for other in self.ledger.records.values() if other.id != record.id)
        return {sent.body.split("]")[0] + "]" for other in others for sent in other.messages}

    def read_messages(self, conversation_id: str, *, credential: Credential | None = None) -> tuple[list[dict[str, Any]], Exchange]:
        """All messages, following pages where they come in pages (a choice), and the last exchange.

        Raises Blocked where none come.
        """
        items: list[dict[str, Any]] = []
        query: Mapping[str, Any] = {}
        for _ in range(_MOST_PAGES):
            exchange = self.call("listMessages", id=conversation_id, query=query, credential=credential)
            members = exchange.members
            mismatch = answers.status_is(exchange, 200) or self.contract.page_mismatch("MessagePage", "Message", members)
            self.judge.check("messages.answer", mismatch, exchange)
            results = members.get("results")
            if not exchange.succeeded or not isinstance(results, list):
                raise Blocked(f"Messages could not be listed ({exchange.status}).")
            fresh = [item for item in results if isinstance(item, dict) and item not in items]
            items += [item for item in results if isinstance(item, dict)] if not query else fresh
            count = members.get("count")
            if not fresh or not isinstance(count, int) or len(items) >= count:
                break
            query = self._next_page(members, len(items))
        self.judge.check("messages.count", messages.count_is(members.get("count"), len(items)), exchange)
        return items, exchange

    def _next_page(self, members: Mapping[str, Any], seen: int) -> Mapping[str, Any]:
        following = members.get("next")
        if isinstance(following, str) and urlsplit(following).query:
            return dict(parse_qsl(urlsplit(following).query))
        return {"limit": self.contract.page_maximum, "offset": seen}
