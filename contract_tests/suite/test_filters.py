"""Filters: each selects exactly what it says, alone, together, and page by page."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.names import EMAIL_DOMAIN
from contract_tests.client.pages import Page, items_of
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, GET_CONVERSATION, LIST_CONVERSATIONS, LIST_MESSAGES
from contract_tests.judging.mismatches import Mismatch, lists, of_item, responses
from contract_tests.judging.mismatches.conversations import email_mismatch
from contract_tests.transport.exchange import Call

_MOST_PAGES = 20
"""Pages of a list that others fill as well, which are read until one's own conversation is found."""

_MOST_LOOKED_AT = 12
"""Conversations that a list lacks which are read by themselves: one that cannot be read was lost, and that is judged elsewhere."""

_SCANS = 3
"""How often such a list is read before something is called missing: others write, and what they do moves its pages."""


@pytest.mark.since(2, "list.filters-combine")
@pytest.mark.requirements("list.email-filter", "list.filters-combine", "list.count")
def test_the_email_filter_selects_exactly_that_requester(desk: Helpdesk) -> None:
    """Addresses that a search for substrings, prefixes, patterns or domains takes for each other."""
    one, other = desk.email("anna"), desk.email("bert")
    domain = f"@{desk.email_domain}"
    elsewhere = [one.replace(domain, f"{domain}.example.net"), one.replace(domain, "@example.org")]
    alike = [one, f"jo{one}", elsewhere[0], one.replace("@", "x@"), other]
    alike += [
        one.replace("anna", "an.na"),
        one.replace("anna", "an_a"),
        one.replace("anna", "an-a"),
        one.replace("anna", "anxna"),
        elsewhere[1],
        # Alike in as many letters as some index looks at.
        *(desk.email("l" * 40) for _ in range(2)),
    ]
    if not _accepted(desk, elsewhere):
        alike = [email for email in alike if email not in elsewhere]
    records = {
        email: [desk.create(desk.payload(user_email=email)) for _ in range(1 + number % 2)] for number, email in enumerate(alike)
    }
    for number, (email, created) in enumerate(records.items()):
        for place, credential in enumerate(desk.credentials(LIST_CONVERSATIONS)):
            if desk.effort.combined(number, place, one_in=4):
                desk.check_page_is(desk.list_page(user_email=email, credential=credential), {record.id for record in created})
        with desk.since(2):
            # Beside another filter the address may be looked up in another way.
            page = desk.list_page(user_email=email, status="open")
            desk.check_page_is(page, {record.id for record in created}, "list.filters-combine")


def _accepted(desk: Helpdesk, addresses: list[str]) -> bool:
    """Whether the server takes addresses of other domains; it may ask whether mail can be delivered there."""
    if desk.email_domain == EMAIL_DOMAIN:
        return True
    return all(
        desk.call(CREATE_CONVERSATION, body=desk.payload(user_email=address.replace("@", ".probe@"))).succeeded
        for address in addresses
    )


@pytest.mark.requirements("list.email-filter")
def test_an_address_with_a_plus_is_found_if_it_is_accepted(desk: Helpdesk) -> None:
    tagged = desk.email("tag").replace("@", "+shop@")
    plain = desk.create(desk.payload(user_email=tagged.replace("+shop", "")))
    exchange = desk.call(CREATE_CONVERSATION, body=(payload := desk.payload(user_email=tagged)))
    if exchange.succeeded:
        record = desk.record_created(payload, exchange)
        desk.send(record, desk.body("tagged"))
        desk.check_messages(record)
        desk.check_page_is(desk.list_page(user_email=tagged), {record.id})
    desk.check_page_is(desk.list_page(user_email=plain.email), {plain.id})


@pytest.mark.since(2)
@pytest.mark.requirements("list.email-filter")
def test_an_address_is_the_same_however_it_is_escaped(desk: Helpdesk) -> None:
    """Which characters of a query are escaped, and whether in small digits, is the client's to choose (RFC 3986, 2.1 and 6.2.2)."""
    email = desk.email("esc-aped")
    record, operation = desk.create(desk.payload(user_email=email)), desk.contract[LIST_CONVERSATIONS]
    small, large = ("".join(f"%{ord(one):{digits}}" for one in email) for digits in ("02x", "02X"))
    for query in (f"user_email={email}", f"user_email={small}", f"offset=0&user_email={large}&limit=5", f"user%5Femail={small}"):
        credential = desk.next_credential(operation.id)
        exchange = desk.target.send(Call(operation.method, operation.path_for(""), credential=credential, raw_query=query))
        desk.check("list.answer", responses.status_mismatch(exchange, 200), exchange)
        listed = [str(item.get("id")) for item in items_of(exchange)] if exchange.succeeded else []
        desk.check("list.email-filter", lists.ids_mismatch({record.id}, listed), exchange)


@pytest.mark.requirements("list.email-filter", "list.count")
def test_an_address_that_nobody_has_selects_nothing(desk: Helpdesk) -> None:
    for credential in desk.credentials(LIST_CONVERSATIONS):
        desk.check_page_is(desk.list_page(user_email=desk.email("nobody"), credential=credential), set())


@pytest.mark.requirements("list.email-filter")
def test_parts_and_patterns_of_addresses_select_nobody_else(desk: Helpdesk) -> None:
    email = desk.create().email or ""
    local, domain = email.split("@")
    for part in (
        local,
        f"@{domain}",
        domain,
        "%",
        "*",
        "_" * len(email),
        f"%{local}%",
        email[:-1],
        email[1:],
        f"{local}@{domain.partition('.')[2]}",
        f"{local}@mail.{domain}",
        f"{email},x",
        "' OR '1'='1",
    ):
        exchange = desk.call(LIST_CONVERSATIONS, query={"user_email": part})
        listed = items_of(exchange) if exchange.succeeded else []
        others = [(str(item.get("id")), mismatch) for item in listed if (mismatch := of_item(email_mismatch(item, part), item))]
        one, mismatch = others[0] if others else ("", None)
        desk.check("list.email-filter", mismatch, exchange, about=[one])


@pytest.mark.requirements("list.status-filter", "list.unfiltered")
def test_the_status_filter_finds_what_was_just_created_and_resolved(desk: Helpdesk) -> None:
    created, resolved = desk.create(), desk.create()
    desk.resolve(resolved)
    _check_listed(desk, created.id, "list.status-filter", status="open")
    _check_listed(desk, resolved.id, "list.status-filter", status="closed")
    _check_listed(desk, created.id, "list.unfiltered")
    _check_listed(desk, resolved.id, "list.unfiltered")
    if "user_email" not in desk.contract[CREATE_CONVERSATION].required:
        anonymous = desk.create(desk.payload(user_email=None))
        _check_listed(desk, anonymous.id, "list.unfiltered")
        _check_listed(desk, anonymous.id, "list.status-filter", status="open")
        desk.resolve(anonymous)
        with desk.since(2):
            _check_listed(desk, anonymous.id, "list.unfiltered")
            _check_listed(desk, anonymous.id, "list.status-filter", status="closed")


@pytest.mark.since(2)
@pytest.mark.requirements("list.unfiltered", "list.count")
def test_a_list_without_filters_takes_none_from_the_list_before(desk: Helpdesk) -> None:
    """By the same key. Others may write meanwhile, and perhaps take something away: so it is tried again."""
    mine = desk.create()
    for number, credential in enumerate(desk.credentials(LIST_CONVERSATIONS)):
        if not desk.effort.combined(number, 0):
            continue
        for _ in range(_SCANS):
            opened = desk.list_page(status="open", limit=1, credential=credential)
            query = {"user_email": mine.email} if number // 2 % 2 else {"status": "closed"}
            selected = desk.list_page(**query, limit=1, credential=credential)
            everything = desk.list_page(credential=credential)
            least = opened.count if "user_email" in query else opened.count + selected.count
            mismatch = None
            if everything.count < least:
                told = "a list without filters counts fewer than lists with filters"
                mismatch = Mismatch(told, f"at least {least}", str(everything.count), "/count")
            if mismatch is None:
                break
        desk.check("list.unfiltered", mismatch, everything.exchange, because=[opened.exchange, selected.exchange])


@pytest.mark.requirements("list.filters-combine")
def test_filters_combine(desk: Helpdesk, contract: Contract) -> None:
    emails = [desk.email("both"), desk.email("both")]
    # Some are equal in all that can be given.
    same = {"subject": desk.subject("Again"), "metadata": None}
    priorities, channels = contract.priorities, contract.channels
    records = []
    for number in range(8):
        kind = {"priority": priorities[(number + 2) % len(priorities)], "channel": channels[number % len(channels)]}
        records.append(desk.create(desk.payload(user_email=emails[number % 2], **(same if number < 4 else kind))))
    for record in records[:5]:
        desk.resolve(record)
    for number, email in enumerate(emails):
        for place, status in enumerate(contract.statuses):
            expected = {record.id for record in records if record.email == email and record.status == status}
            for turn, credential in enumerate(desk.credentials(LIST_CONVERSATIONS)):
                if not desk.effort.combined(number + place, turn, one_in=4):
                    continue
                page = desk.list_page(user_email=email, status=status, credential=credential)
                desk.check("list.filters-combine", lists.ids_mismatch(expected, page.ids), page.exchange)
                desk.check("list.count", lists.count_mismatch(page.count, len(expected)), page.exchange)
            if desk.effort.combined(number, place // 2):
                pages = desk.list_pages(1, user_email=email, status=status)
                desk.check_pages_are(expected, pages, "list.filters-combine")


@pytest.mark.requirements("list.fresh", "list.items-as-get")
def test_a_new_conversation_is_listed_at_once(desk: Helpdesk) -> None:
    for number, creator in enumerate(desk.credentials(CREATE_CONVERSATION)):
        for place, reader in enumerate(desk.credentials(LIST_CONVERSATIONS)):
            if not desk.effort.combined(number, place):
                continue
            payload = desk.payload()
            query = {"user_email": payload["user_email"], **({"status": "open"} if number % 2 else {})}
            # Twice: of two servers that keep what they have listed, each has its turn.
            times = 2 if place == number else 1
            if desk.effort.combined(number + 2, place, one_in=4) or number % 2:
                # A client that asked before must get the new response as well.
                for _ in range(times):
                    desk.list_page(**query, credential=reader)
            record = desk.create(payload, credential=creator)
            for _ in range(times):
                page = desk.list_page(**query, credential=reader)
                desk.check("list.fresh", lists.ids_mismatch({record.id}, page.ids), page.exchange)
            if desk.effort.combined(number, place, one_in=4):
                desk.check_listed_as_read(record, page)


@pytest.mark.since(2)
@pytest.mark.requirements("list.fresh", "list.count")
def test_the_count_of_all_grows_with_each_conversation(desk: Helpdesk) -> None:
    for query in ({"limit": 1}, {"limit": desk.contract.page_maximum, "offset": 1}):
        _check_count_grows(desk, "list.fresh", "a new conversation is not counted", query, lambda: desk.create)


@pytest.mark.since(2)
@pytest.mark.requirements("resolve.lists-agree", "list.count")
def test_the_count_of_what_is_closed_grows_with_each_resolve(desk: Helpdesk) -> None:
    told = "a conversation that was resolved is not counted among those that are closed"
    query = {"status": "closed", "limit": 1}
    _check_count_grows(desk, "resolve.lists-agree", told, query, lambda: partial(desk.resolve, desk.create()))


@pytest.mark.since(2)
@pytest.mark.last(7)
@pytest.mark.requirements("list.count", "list.unfiltered", "list.status-filter")
def test_each_list_holds_what_it_counts_and_all_that_was_created(desk: Helpdesk, contract: Contract) -> None:
    """After all that was done, refused and repeated."""
    for status in (None, *contract.statuses):
        _check_whole_list(desk, status)


def _check_whole_list(desk: Helpdesk, status: str | None) -> None:
    """Judge that a list counts as many as its pages hold, and that they hold each conversation of the run with that status.

    Others may write meanwhile, which moves items from page to page. So a mismatch counts only if the pages hold the same twice.
    A list that is too long is not judged.
    """
    query: dict[str, Any] = {} if status is None else {"status": status}
    most, before = desk.contract.page_maximum, list[str]()
    if desk.list_page(**query, limit=1).count > most * _MOST_PAGES:
        return
    for _ in range(_SCANS):
        pages = desk.list_pages(most, **query)
        listed = [one for page in pages for one in page.ids]
        miscounted = lists.count_mismatch(pages[-1].count, len(set(listed)))
        lacking = _lacking(desk, status, set(listed))
        if listed == before or not (miscounted or lacking):
            because = [page.exchange for page in pages[:-1]]
            desk.check("list.count", miscounted, pages[-1].exchange, because=because)
            lost = lists.ids_mismatch({lacking}, []) if lacking else None
            by = "list.unfiltered" if status is None else "list.status-filter"
            desk.check(by, lost, pages[-1].exchange, about=[lacking], because=because)
            return
        before = listed


def _lacking(desk: Helpdesk, status: str | None, listed: set[str]) -> str:
    """Return a conversation of the run that a list by status lacks though a get shows that status; empty where there is none."""
    records = [record for record in desk.ledger.records.values() if status is None or record.status == status]
    for record in [one for one in records if one.id not in listed][:_MOST_LOOKED_AT]:
        reading = desk.call(GET_CONVERSATION, id=record.id)
        if reading.succeeded and (status is None or reading.members.get("status") == status):
            return record.id
    return ""


def _check_count_grows(
    desk: Helpdesk, requirement: str, told: str, query: dict[str, Any], prepare: Callable[[], Callable[[], object]]
) -> None:
    """Judge that a list counts more after a write than before it. `prepare` returns the write.

    Others may write meanwhile, too, and perhaps take something away: so it is tried again.
    """
    for _ in range(_SCANS):
        write = prepare()
        before = desk.list_page(**query)
        write()
        after = desk.list_page(**query)
        if after.count > before.count:
            break
    grown = after.count > before.count
    mismatch = None if grown else Mismatch(told, f"more than {before.count}", str(after.count), "/count")
    desk.check(requirement, mismatch, after.exchange, because=[before.exchange])


@pytest.mark.requirements("list.reads-only", "any.updated-at-kept")
def test_reading_changes_nothing(desk: Helpdesk) -> None:
    record = desk.create()
    desk.send(record, desk.body())
    before = desk.take_snapshot(record)
    for place, operation_id in enumerate((GET_CONVERSATION, LIST_MESSAGES, LIST_CONVERSATIONS)):
        for number, credential in enumerate(desk.credentials(operation_id)):
            if not desk.effort.combined(number // 2 + number, place):
                continue
            desk.call(
                operation_id,
                id=record.id,
                query={"user_email": record.email} if "list" in operation_id else None,
                credential=credential,
            )
    desk.check_unchanged(before, "list.reads-only")


def _check_listed(desk: Helpdesk, conversation_id: str, requirement: str, **query: Any) -> None:
    """Judge that a new conversation is in a list, in whatever order that is.

    It is at either end of most. Where it is not, the list is read until it is found. Nothing is said of one that is too long.
    """
    ends = desk.list_recent(**query)
    if any(conversation_id in page.ids for page in ends):
        desk.check(requirement, None, ends[0].exchange)
        return
    for _ in range(_SCANS):
        found, page = _scan(desk, conversation_id, query)
        if found is None:
            return
        if found:
            desk.check(requirement, None, page.exchange)
            return
    missing = Mismatch("a new conversation is missing from the list", conversation_id, "not listed", "/results")
    desk.check(requirement, missing, page.exchange)


def _scan(desk: Helpdesk, conversation_id: str, query: dict[str, Any]) -> tuple[bool | None, Page]:
    """Whether a list holds a conversation, page by page, and the last page; None where there are too many pages to know."""
    most, offset = desk.contract.page_maximum, 0
    for _ in range(_MOST_PAGES):
        page = desk.list_page(limit=most, offset=offset, **query)
        if conversation_id in page.ids:
            return True, page
        if not page.items or page.reaches_end:
            return False, page
        # One less than the page holds: where something is deleted meanwhile, what follows moves up.
        offset += max(1, len(page.items) - 1)
    return None, page
