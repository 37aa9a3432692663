"""Reading: conversations, lists and messages, compared with all that the server acknowledged before (the ledger)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contract_tests.client import Client
from contract_tests.credentials import Credential
from contract_tests.exchange import Exchange
from contract_tests.expectations import Mismatch, answers, conversations, lists, messages, shown
from contract_tests.expectations.timestamps import comparable, is_timestamp
from contract_tests.expectations.values import same_json, same_text
from contract_tests.judge import Blocked
from contract_tests.ledger import Record, SentMessage, mark_of

_TRIES_AT_THE_END = 3
_MOST_PAGES = 200
"""Pages of one list that are followed before it is called endless."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of conversations: `count` as the server gave it, the results, and the exchange that shows them."""

    count: int
    items: list[dict[str, Any]]
    exchange: Exchange
    offset: int = 0

    @property
    def reaches_end(self) -> bool:
        """Whether nothing was behind it when it was given."""
        return self.offset + len(self.items) >= self.count

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]


class Reader(Client):
    """A client that knows what each answer to a read has to look like."""

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
        if found and otherwise == "list.items-as-get" and self._read_so_too(record, found, answer):
            otherwise = "any.durable"
        for requirement in self._shown_by(record, otherwise):
            members = [member for member in found if self._blamed(record, member, otherwise) == requirement]
            self.judge.check(requirement, found[members[0]] if members else None, exchange)
        record.unsure.update(found)
        record.was_read(answer.get("status"))
        if "status" in found and otherwise == "any.durable":
            record.turned(answer.get("status"))
        if record.unsure.isdisjoint(("created_at", "updated_at")):
            self.judge.check("create.timestamps", conversations.timestamps(answer), exchange)

    def _read_so_too(self, record: Record, members: Iterable[str], answer: Mapping[str, Any]) -> bool:
        """Whether a conversation that a list shows changed is read by itself as the list has it: then the list is right."""
        reading = self.call("getConversation", id=record.id)
        return reading.succeeded and not any(same_json(answer.get(name), reading.members.get(name)) for name in members)

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
        page = Page(count if isinstance(count, int) else -1, items, exchange, query.get("offset", 0))
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

    def listed_as_read(self, record: Record, page: Page) -> None:
        """Judge that a page shows a conversation as it is read by itself now, also when it last changed."""
        for item in page.items:
            if item["id"] == record.id:
                reading = self.call("getConversation", id=record.id)
                shown_alone = {name: reading.members.get(name) for name in self.contract.conversation_members}
                listed = {name: item.get(name) for name in shown_alone}
                different = same_json(comparable(shown_alone), comparable(listed), "the conversation")
                self.judge.check("list.items-as-get", different, page.exchange)

    def whole(self, page: Page, ids: set[str], requirement_id: str = "list.email-filter") -> None:
        """Judge that a page holds exactly these conversations, and that they are counted."""
        self.judge.check(requirement_id, lists.same_ids(ids, page.ids), page.exchange)
        self.judge.check("list.count", lists.count_is(page.count, len(ids)), page.exchange)

    def selects(self, requirement_id: str, ids: set[str], page: Page) -> None:
        """Judge that a list by status holds exactly these. One that is read so by itself is not the list's fault."""
        changed: set[str] = set()
        for one in sorted(ids.symmetric_difference(page.ids)):
            if not self._of_another_status(one):
                break
            changed.add(one)
        expected, held = ids - changed, [one for one in page.ids if one not in changed]
        self.judge.check(requirement_id, lists.same_ids(expected, held), page.exchange)

    def _of_another_status(self, conversation_id: str) -> bool:
        record = self.ledger.records.get(conversation_id)
        if record is None or record.status is None:
            return False
        reading = self.call("getConversation", id=conversation_id)
        mismatch = same_json(record.status, reading.members.get("status"), "status")
        if not reading.succeeded or mismatch is None:
            return False
        record.turned(reading.members.get("status"))
        self.judge.check("any.durable", mismatch, reading)
        return True

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
        """A list as one page, however long it is: all of it also where a page holds less than its limit, which is judged here."""
        most, items = self.contract.page_maximum, list[dict[str, Any]]()
        last: Page | None = None
        for _ in range(_MOST_PAGES):
            page = self.page(**query, limit=most, offset=len(items))
            if last is not None:
                self.judge.check("list.limit", _too_short(last, page, most), last.exchange)
            items += page.items
            if not page.items or len(items) >= page.count:
                return Page(page.count, items, page.exchange)
            last = page
        raise Blocked(f"The pages of a list did not end after {_MOST_PAGES}.")

    def recent(self, **query: Any) -> list[Page]:
        """The first and the last page of a list: where new conversations are, whichever way it is ordered by age."""
        most = self.contract.page_maximum
        pages = [self.page(limit=most, **query)]
        while pages[-1].count > most and not pages[-1].reaches_end and len(pages) <= _TRIES_AT_THE_END:
            # Once more where others have written meanwhile, so that the end is further off now.
            pages.append(self.page(limit=most, offset=pages[-1].count - most, **query))
        return pages

    def messages(self, record: Record, *, credential: Credential | None = None) -> list[dict[str, Any]]:
        """Read all messages of a conversation and compare them with those that were sent."""
        items, exchange = self.read_messages(record.id, credential=credential)
        check = self.judge.check
        positions = [self._find(sent, items, record, exchange) for sent in record.messages]
        settled = [at for at, sent in zip(positions, record.messages, strict=True) if at is not None and sent.settled]
        check("messages.oldest-first", messages.oldest_first(items, settled), exchange)
        check("messages.id-unique", messages.distinct_ids(items), exchange)
        check("messages.own-conversation", self.foreign_message(items, record), exchange)
        for item in items:
            check("messages.timestamps", is_timestamp(item.get("created_at"), "created_at"), exchange)
        return items

    def _find(self, sent: SentMessage, items: list[dict[str, Any]], record: Record, exchange: Exchange) -> int | None:
        """Where a message that was sent is listed, judged; None where it is not."""
        token = mark_of(sent.body)
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
        wrong = None
        if not isinstance(sender, str) or sender.lower() != sent.sender.lower():
            wrong = Mismatch("sender_email is not the user_email of the message", shown(sent.sender), shown(sender))
        self.judge.check("messages.sender", wrong, exchange)
        self._still_the_same(sent, item, record, exchange)
        return found[0]

    def _still_the_same(self, sent: SentMessage, item: Mapping[str, Any], record: Record, exchange: Exchange) -> None:
        """A message has the same id, time and type whenever it is listed."""
        shown_now = comparable({name: item.get(name) for name in ("id", "created_at", "message_type")})
        if sent.shown is not None:
            by = "resolve.rest-kept" if record.last == "resolved" else "any.durable"
            self.judge.check(by, same_json(sent.shown, shown_now, "the message"), exchange)
        sent.shown = shown_now

    def foreign_message(self, items: Sequence[dict[str, Any]], record: Record) -> Mismatch | None:
        """What is wrong where a conversation's messages hold one that was sent to another."""
        own = {mark_of(sent.body) + "]" for sent in record.messages}
        for item in items:
            token = self._token.search(str(item.get("body")))
            if token and token[0] not in own and token[0] in self._tokens_elsewhere(record):
                return Mismatch("a message of another conversation is listed", "only its own messages", shown(item))
        return None

    def _tokens_elsewhere(self, record: Record) -> set[str]:
        others = (other for other in self.ledger.records.values() if other.id != record.id)
        return {mark_of(sent.body) + "]" for other in others for sent in other.messages}

    def read_messages(
        self, conversation_id: str, *, credential: Credential | None = None, counted: bool = True
    ) -> tuple[list[dict[str, Any]], Exchange]:
        """All messages, following pages where they come in pages (a choice), and the last exchange.

        `counted=False` where others write meanwhile: a server may count before or after it lists. Raises Blocked where none come.
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
        if counted:
            self.judge.check("messages.count", messages.count_is(members.get("count"), len(items)), exchange)
        return items, exchange

    def _next_page(self, members: Mapping[str, Any], seen: int) -> Mapping[str, Any]:
        following = members.get("next")
        if isinstance(following, str) and urlsplit(following).query:
            return dict(parse_qsl(urlsplit(following).query))
        return {"limit": self.contract.page_maximum, "offset": seen}


def _too_short(page: Page, following: Page, limit: int) -> Mismatch | None:
    """Where a page held less than its limit, was there more, and not merely something left out on the way?"""
    held = len(page.items)
    if held >= limit or not following.items or following.items[0]["id"] in page.ids:
        return None
    return Mismatch(f"limit={limit}: the page holds {held} conversations, and there are more", str(limit), str(held))
