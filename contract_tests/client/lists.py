"""Listing conversations, and checking that lists hold what they should."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contract_tests.client.api import Api
from contract_tests.client.calls import Calls
from contract_tests.client.conversations import Conversations
from contract_tests.client.pages import Follower, Page, items_of, part_asked_for, too_short
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import GET_CONVERSATION, LIST_CONVERSATIONS
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.judging.mismatches import Mismatch, conversations, lists, of_item, responses
from contract_tests.judging.mismatches.comparing import as_conversation
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Ledger, Record
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange

_TRIES_AT_THE_END = 3

CheckPage = Callable[[Page, Mapping[str, Any]], None]
"""Checks what a page shows by itself, whatever is known of its conversations; also called with the query."""


class PageChecks:
    """What a page shows by itself: how many it holds, and whether they match its filters."""

    def __init__(self, contract: Contract, log: Judge) -> None:
        self._contract = contract
        self._log = log

    def check(self, page: Page, query: Mapping[str, Any]) -> None:
        """Check the size and the filters of a page."""
        self.check_size(page)
        self.check_filters(page, query)

    def check_size(self, page: Page) -> None:
        """Check that a page holds no more than the largest may."""
        most, held = self._contract.page_maximum, len(page.items)
        too_many = Mismatch(f"the page holds {held} conversations", f"at most {most}", str(held), f"/results/{most}")
        self._log.check("list.maximum", too_many if held > most else None, page.exchange)

    def check_filters(self, page: Page, query: Mapping[str, Any]) -> None:
        """Check that what a page holds matches the filters of its query."""
        email, status = query.get("user_email"), query.get("status")
        if isinstance(email, str) and email:
            wrong = (
                (item["id"], found) for item in page.items if (found := of_item(conversations.email_mismatch(item, email), item))
            )
            one, mismatch = next(wrong, ("", None))
            self._log.check("list.email-filter", mismatch, page.exchange, about=[one])
        if isinstance(status, str) and status in self._contract.statuses:
            others = (
                (item["id"], found)
                for item in page.items
                if (found := of_item(json_mismatch(status, item.get("status"), "status"), item))
            )
            one, mismatch = next(others, ("", None))
            self._log.check("list.status-filter", mismatch, page.exchange, about=[one])


class Lists:
    """Lists conversations. `check_page` checks what each page shows by itself."""

    def __init__(
        self, api: Api, calls: Calls, ledger: Ledger, log: Judge, shown: Conversations, follower: Follower, check_page: CheckPage
    ) -> None:
        self._api = api
        self._contract = api.contract
        self._call = calls.call
        self._ledger = ledger
        self._log = log
        self._shown = shown
        self._follower = follower
        self._check_page = check_page

    def list_page(self, *, credential: Credential | None = None, **query: Any) -> Page:
        """List conversations and judge the page by itself and by what is known of its items. Raises Blocked where it is none."""
        exchange = self._call(LIST_CONVERSATIONS, query=query, credential=credential, dressed=True)
        mismatch = responses.status_mismatch(exchange, 200) or self._contract.page_mismatch(
            "ConversationPage", "Conversation", exchange.members, own=self._ledger.is_own
        )
        self._log.check("list.answer", mismatch, exchange)
        if not exchange.succeeded or not isinstance(exchange.members.get("results"), list):
            raise Blocked(f"Conversations could not be listed ({exchange.status}).")
        items = [item for item in items_of(exchange) if isinstance(item.get("id"), str)]
        count = exchange.members.get("count")
        page = Page(count if isinstance(count, int) else -1, items, exchange, query.get("offset", 0), part_asked_for(query))
        self._check_page(page, query)
        for item in items if self._by_own_key(credential) else ():
            if known := self._ledger.records.get(item["id"]):
                self._shown.compare(known, item, exchange, otherwise="list.items-as-get", listed=True)
        return page

    def _by_own_key(self, credential: Credential | None) -> bool:
        """Return whether a key belongs to the ledger's organisation: another organisation may have the same ids."""
        return credential is None or credential in self._api.credentials(LIST_CONVERSATIONS)

    def check_listed_as_read(self, record: Record, page: Page) -> None:
        """Judge that a page shows a conversation as a get shows it now, including `updated_at`."""
        for item in page.items:
            if item["id"] == record.id:
                reading = self._call(GET_CONVERSATION, id=record.id)
                different = self._listed_otherwise(reading, item)
                if different and self._listed_otherwise(reading, {**item, "updated_at": reading.members.get("updated_at")}) is None:
                    different = self._moved_otherwise(record, reading, page)
                self._log.check("list.items-as-get", different, reading, because=[page.exchange])

    def _listed_otherwise(self, reading: Exchange, item: Mapping[str, Any]) -> Mismatch | None:
        alone, listed = (as_conversation(self._contract, members) for members in (reading.members, item))
        return json_mismatch(alone, listed, "the conversation")

    def _moved_otherwise(self, record: Record, reading: Exchange, page: Page) -> Mismatch | None:
        """Return why a list shows another `updated_at` than a get; None if a second get shows that a job moved it."""
        listing = self._call(LIST_CONVERSATIONS, query=dict(page.exchange.call.query))
        after = self._call(GET_CONVERSATION, id=record.id)
        if self._listed_otherwise(reading, after.members):
            return None
        return next((self._listed_otherwise(after, item) for item in items_of(listing) if item.get("id") == record.id), None)

    def check_page_is(self, page: Page, ids: set[str], requirement_id: str = "list.email-filter") -> None:
        """Judge that a page holds exactly these conversations, and that they are counted."""
        self._log.check(requirement_id, lists.ids_mismatch(ids, page.ids), page.exchange, because=page.before)
        self._log.check("list.count", lists.count_mismatch(page.count, len(ids)), page.exchange)

    def check_pages_are(self, ids: set[str], pages: Sequence[Page], requirement_id: str = "list.partition") -> None:
        """Judge that pages together hold exactly these conversations, each once."""
        mismatch = lists.partition_mismatch(ids, [(page.asked, page.ids) for page in pages])
        self._log.check(requirement_id, mismatch, pages[-1].exchange, because=[page.exchange for page in pages[:-1]])

    def check_selection(self, requirement_id: str, ids: set[str], page: Page) -> None:
        """Judge that a list by status holds exactly these. If a get shows a wrong status, too, the list is not at fault."""
        changed: set[str] = set()
        for one in sorted(ids.symmetric_difference(page.ids)):
            if not self._of_another_status(one):
                break
            changed.add(one)
        expected, held = ids - changed, [one for one in page.ids if one not in changed]
        self._log.check(requirement_id, lists.ids_mismatch(expected, held), page.exchange, because=page.before)

    def _of_another_status(self, conversation_id: str) -> bool:
        record = self._ledger.records.get(conversation_id)
        if record is None or record.status is None:
            return False
        reading = self._call(GET_CONVERSATION, id=conversation_id)
        mismatch = json_mismatch(record.status, reading.members.get("status"), "status")
        if not reading.succeeded or mismatch is None:
            return False
        record.note_status(reading.members.get("status"))
        self._log.check("any.durable", mismatch, reading)
        return True

    def list_pages(self, limit: int, *, credential: Credential | None = None, **query: Any) -> list[Page]:
        """All pages of a list, by offset, as far as they go. Raises Blocked where they never end."""
        found: list[Page] = []
        for count in self._follower.follow():
            offset = len(found) * limit
            page = self.list_page(**query, limit=limit, offset=offset, credential=credential)
            count(page.exchange)
            found.append(page)
            if not page.items or offset + len(page.items) >= page.count:
                break
        return found

    def list_all(self, **query: Any) -> Page:
        """Return a whole list as one page, however long it is. A page that holds less than its limit is judged here."""
        most, items = self._contract.page_maximum, list[dict[str, Any]]()
        last: Page | None = None
        before: list[Exchange] = []
        for count in self._follower.follow():
            page = self.list_page(**query, limit=most, offset=len(items))
            count(page.exchange)
            if last is not None:
                self._log.check("list.limit", too_short(last, page, most), last.exchange)
            items += page.items
            last = page
            if not page.items or len(items) >= page.count:
                break
            before.append(page.exchange)
        assert last is not None
        return Page(last.count, items, last.exchange, before=tuple(before))

    def list_recent(self, **query: Any) -> list[Page]:
        """Return the first and the last page of a list: new conversations are there, whether it is oldest or newest first."""
        most = self._contract.page_maximum
        pages = [self.list_page(limit=most, **query)]
        while pages[-1].count > most and not pages[-1].reaches_end and len(pages) <= _TRIES_AT_THE_END:
            # Repeated if others have written meanwhile, which moves the end further away.
            pages.append(self.list_page(limit=most, offset=pages[-1].count - most, **query))
        return pages
