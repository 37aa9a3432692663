"""Reading messages, and comparing them with those that were sent."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contract_tests.client.calls import Calls
from contract_tests.client.pages import Follower, items_of
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import LIST_MESSAGES
from contract_tests.contract.timestamps import comparable, not_a_timestamp
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.judging.mismatches import Mismatch, messages, of_item, responses, shown
from contract_tests.judging.mismatches.comparing import as_message
from contract_tests.judging.mismatches.values import is_text, json_mismatch, text_mismatch
from contract_tests.model.ledger import Ledger, Record, SentMessage
from contract_tests.model.marks import mark_of
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange


class Messages:
    """Knows what was sent to each conversation."""

    def __init__(self, contract: Contract, calls: Calls, ledger: Ledger, log: Judge, follower: Follower) -> None:
        self._contract = contract
        self._call, self._next_credential = calls.call, calls.next_credential
        self._check_separators = calls.check_separators
        self._ledger = ledger
        self._log = log
        self._follower = follower

    def check_messages(self, record: Record, *, credential: Credential | None = None) -> list[dict[str, Any]]:
        """Read all messages of a conversation and compare them with those that were sent."""
        items, exchange = self.read_messages(record.id, credential=credential)
        self.compare_messages(record, items, exchange)
        return items

    def compare_messages(self, record: Record, items: list[dict[str, Any]], exchange: Exchange) -> None:
        """Compare messages of a conversation that were read with those that were sent."""
        check = self._log.check
        positions = [self._find(sent, items, record, exchange) for sent in record.messages]
        settled = [at for at, sent in zip(positions, record.messages, strict=True) if at is not None and sent.settled]
        check("messages.oldest-first", messages.out_of_order(items, settled), exchange)
        check("messages.id-unique", messages.shared_ids(items), exchange)
        check("messages.own-conversation", self.foreign_message(items, record), exchange)
        for item in items:
            check("messages.timestamps", of_item(not_a_timestamp(item.get("created_at"), "created_at"), item), exchange)
            self._check_separators(item, exchange, listed=True)

    def _find(self, sent: SentMessage, items: list[dict[str, Any]], record: Record, exchange: Exchange) -> int | None:
        """Judge how a sent message is listed, and return its position; None if it is not listed."""
        found = self.listed_at(sent.body, items)
        mismatch = None
        if len(found) != 1:
            listed = "not listed" if not found else f"listed {len(found)} times"
            mismatch = Mismatch(f"a message that was sent is {listed}", "listed once", listed, "" if found else "/results")
            mismatch = of_item(mismatch, items[found[1]]) if found else mismatch
        self._log.check("messages.listed-once", mismatch, exchange)
        if not found:
            return None
        item = items[found[0]]
        self._log.check("messages.body-exact", of_item(text_mismatch(sent.body, item.get("body"), "body"), item), exchange)
        sender = item.get("sender_email")
        wrong_sender = None
        if not isinstance(sender, str) or sender.lower() != sent.sender.lower():
            wrong_sender = Mismatch(
                "sender_email is not the user_email of the message", shown(sent.sender), shown(sender), "/sender_email"
            )
        self._log.check("messages.sender", of_item(wrong_sender, item), exchange)
        self._check_still_the_same(sent, item, record, exchange)
        return found[0]

    def is_sent(self, item: Mapping[str, Any]) -> bool:
        """Return whether a listed message is one that the run sent, or a description, whole: what quotes it is the server's own."""
        return any(is_text(sent, item.get("body")) for sent in self._ledger.marks.texts_of(item.get("body")))

    def listed_at(self, body: str, items: Sequence[Mapping[str, Any]]) -> list[int]:
        """Return the positions of a message: all with its whole text, or else the first item that begins like it or has its mark.

        An item that holds it among other text is a reply or a note that the server added.
        """
        token = mark_of(body)
        holding = [at for at, item in enumerate(items) if token in str(item.get("body"))]
        whole = [at for at in holding if is_text(body, items[at].get("body"))]
        if whole:
            return whole
        beginning = [at for at in holding if str(items[at].get("body")).lstrip()[:20] == body.lstrip()[:20]]
        return (beginning or holding)[:1]

    def _check_still_the_same(self, sent: SentMessage, item: Mapping[str, Any], record: Record, exchange: Exchange) -> None:
        """A message has the same id, time and type whenever it is listed."""
        shown_now = comparable({name: item.get(name) for name in ("id", "created_at", "message_type")})
        if sent.shown is not None:
            by = "resolve.rest-kept" if record.last == "resolved" else "any.durable"
            earlier = [sent.listing] if sent.listing is not None else []
            self._log.check(by, of_item(json_mismatch(sent.shown, shown_now, "the message"), item), exchange, because=earlier)
        sent.shown, sent.listing = shown_now, exchange

    def foreign_message(self, items: Sequence[dict[str, Any]], record: Record) -> Mismatch | None:
        """Return what is wrong if the messages of a conversation include one that was sent to another."""
        own = {mark_of(sent.body) + "]" for sent in record.messages}
        for item in items:
            token = self._ledger.marks.find(item.get("body"))
            if token and token not in own and token in self._tokens_elsewhere(record):
                foreign = Mismatch("a message of another conversation is listed", "only its own messages", shown(item))
                return of_item(foreign, item)
        return None

    def _tokens_elsewhere(self, record: Record) -> set[str]:
        others = (other for other in self._ledger.records.values() if other.id != record.id)
        return {mark_of(sent.body) + "]" for other in others for sent in other.messages}

    def read_messages(
        self, conversation_id: str, *, credential: Credential | None = None, counted: bool = True
    ) -> tuple[list[dict[str, Any]], Exchange]:
        """Return all messages, from all pages if there are several (a choice), and the last exchange.

        Use `counted=False` if others write meanwhile: a server may count before or after it lists. Raises Blocked if no list comes,
        or if it never ends.
        """
        items: list[dict[str, Any]] = []
        seen: set[str] = set()
        query: Mapping[str, Any] = {}
        # All pages by the same key: a server may show messages of its own to some keys only.
        reader = credential or self._next_credential(LIST_MESSAGES)
        for turn in self._follower.follow():
            exchange = self._call(LIST_MESSAGES, id=conversation_id, query=query, credential=reader, dressed=True)
            turn(exchange)
            members = exchange.members
            mismatch = responses.status_mismatch(exchange, 200) or self._contract.page_mismatch("MessagePage", "Message", members)
            self._log.check("messages.answer", mismatch, exchange)
            if not exchange.succeeded or not isinstance(members.get("results"), list):
                raise Blocked(f"Messages could not be listed ({exchange.status}).")
            found = items_of(exchange)
            fresh = [item for item in found if not query or self._told_apart_by(item) not in seen]
            items += fresh
            count = members.get("count")
            if not fresh or not isinstance(count, int) or len(items) >= count:
                break
            # Only now: most conversations have one page, and need not be compared.
            seen.update(self._told_apart_by(item) for item in (items if not query else fresh))
            query = self._next_page(members, len(items))
        if counted:
            self._log.check("messages.count", messages.count_mismatch(members.get("count"), len(items)), exchange)
        return items, exchange

    def _told_apart_by(self, item: Mapping[str, Any]) -> str:
        """Return a text that is equal for two messages whose documented members are equal."""
        return json.dumps(as_message(self._contract, item), sort_keys=True)

    def _next_page(self, members: Mapping[str, Any], seen: int) -> Mapping[str, Any]:
        following = members.get("next")
        if isinstance(following, str) and urlsplit(following).query:
            return dict(parse_qsl(urlsplit(following).query))
        return {"limit": self._contract.page_maximum, "offset": seen}
