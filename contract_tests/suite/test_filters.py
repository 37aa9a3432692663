"""Filters: each selects exactly what it says, alone, together, and page by page."""

import pytest

from contract_tests.contract import Contract
from contract_tests.expectations import Mismatch, lists
from contract_tests.expectations.conversations import has_email
from contract_tests.expectations.timestamps import moment
from contract_tests.helpdesk import Helpdesk
from contract_tests.reading import Page

_ENOUGH = 10
"""Conversations of this run on a page from which on their order is no accident."""


@pytest.mark.requirements("list.email-filter", "list.count")
def test_the_email_filter_selects_exactly_that_requester(desk: Helpdesk) -> None:
    """Addresses that a search for substrings, prefixes, patterns or domains takes for each other."""
    one, other = desk.email("anna"), desk.email("bert")
    alike = [one, f"jo{one}", one.replace("@example.com", "@example.com.example.net"), one.replace("@", "x@"), other]
    alike += [
        one.replace("anna", "an.na"),
        one.replace("anna", "an_a"),
        one.replace("anna", "an-a"),
        one.replace("anna", "anxna"),
        one.replace("@example.com", "@example.org"),
        # Alike in as many letters as some index looks at.
        *(desk.email("l" * 40) for _ in range(2)),
    ]
    records = {
        email: [desk.create(desk.payload(user_email=email)) for _ in range(1 + number % 2)] for number, email in enumerate(alike)
    }
    for number, (email, created) in enumerate(records.items()):
        for place, credential in enumerate(desk.credentials("listConversations")):
            if desk.effort.combined(number, place):
                desk.whole(desk.page(user_email=email, credential=credential), {record.id for record in created})


@pytest.mark.requirements("list.email-filter")
def test_an_address_with_a_plus_is_found_if_it_is_accepted(desk: Helpdesk) -> None:
    tagged = desk.email("tag").replace("@", "+shop@")
    plain = desk.create(desk.payload(user_email=tagged.replace("+shop", "")))
    exchange = desk.call("createConversation", body=(payload := desk.payload(user_email=tagged)))
    if exchange.succeeded:
        record = desk.created(payload, exchange)
        desk.send(record, desk.body("tagged"))
        desk.messages(record)
        desk.whole(desk.page(user_email=tagged), {record.id})
    desk.whole(desk.page(user_email=plain.email), {plain.id})


@pytest.mark.requirements("list.email-filter", "list.count")
def test_an_address_that_nobody_has_selects_nothing(desk: Helpdesk) -> None:
    for credential in desk.credentials("listConversations"):
        desk.whole(desk.page(user_email=desk.email("nobody"), credential=credential), set())


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
        f"{email},x",
        "' OR '1'='1",
    ):
        exchange = desk.call("listConversations", query={"user_email": part})
        results = exchange.members.get("results")
        listed = [item for item in results if isinstance(item, dict)] if isinstance(results, list) and exchange.succeeded else []
        others = [mismatch for item in listed if (mismatch := has_email(item, part))]
        desk.judge.check("list.email-filter", others[0] if others else None, exchange)


@pytest.mark.requirements("list.status-filter", "list.unfiltered")
def test_the_status_filter_finds_what_was_just_created_and_resolved(desk: Helpdesk) -> None:
    created, resolved = desk.create(), desk.create()
    desk.resolve(resolved)
    _found(desk, desk.recent(status="open"), created.id, "list.status-filter")
    _found(desk, desk.recent(status="closed"), resolved.id, "list.status-filter")
    _found(desk, desk.recent(), created.id, "list.unfiltered")
    _found(desk, desk.recent(), resolved.id, "list.unfiltered")
    if "user_email" not in desk.contract["createConversation"].required:
        anonymous = desk.create(desk.payload(user_email=None))
        _found(desk, desk.recent(), anonymous.id, "list.unfiltered")
        _found(desk, desk.recent(status="open"), anonymous.id, "list.status-filter")


@pytest.mark.requirements("list.filters-combine")
def test_filters_combine(desk: Helpdesk, contract: Contract) -> None:
    emails = [desk.email("both"), desk.email("both")]
    records = [desk.create(desk.payload(user_email=emails[number % 2])) for number in range(8)]
    for record in records[:5]:
        desk.resolve(record)
    for number, email in enumerate(emails):
        for place, status in enumerate(contract.statuses):
            expected = {record.id for record in records if record.email == email and record.status == status}
            for turn, credential in enumerate(desk.credentials("listConversations")):
                if not desk.effort.combined(number + place, turn):
                    continue
                page = desk.page(user_email=email, status=status, credential=credential)
                desk.judge.check("list.filters-combine", lists.same_ids(expected, page.ids), page.exchange)
                desk.judge.check("list.count", lists.count_is(page.count, len(expected)), page.exchange)
            pages = desk.pages(1, user_email=email, status=status)
            together = [one for page in pages for one in page.ids]
            desk.judge.check("list.filters-combine", lists.same_ids(expected, together), pages[-1].exchange)


@pytest.mark.requirements("list.fresh", "list.items-as-get")
def test_a_new_conversation_is_listed_at_once(desk: Helpdesk) -> None:
    for number, creator in enumerate(desk.credentials("createConversation")):
        for place, reader in enumerate(desk.credentials("listConversations")):
            if not desk.effort.combined(number, place):
                continue
            record = desk.create(credential=creator)
            page = desk.page(user_email=record.email, credential=reader)
            desk.judge.check("list.fresh", lists.same_ids({record.id}, page.ids), page.exchange)
            desk.listed_as_read(record, page)


@pytest.mark.requirements("list.reads-only")
def test_reading_changes_nothing(desk: Helpdesk) -> None:
    record = desk.create()
    desk.send(record, desk.body())
    before = desk.snapshot(record)
    for operation_id in ("getConversation", "listMessages", "listConversations"):
        for credential in desk.credentials(operation_id):
            desk.call(
                operation_id,
                id=record.id,
                query={"user_email": record.email} if "list" in operation_id else None,
                credential=credential,
            )
    desk.unchanged(before, "list.reads-only")


def _found(desk: Helpdesk, pages: list[Page], conversation_id: str, requirement: str) -> None:
    """Judge that a new conversation is at either end of a list.

    In a long one that is not ordered by age nothing can be said, nor where others have written more meanwhile than a page holds.
    """
    if any(conversation_id in page.ids for page in pages):
        desk.judge.check(requirement, None, pages[0].exchange)
    elif pages[0].count <= desk.contract.page_maximum or any(_reaches_back(desk, page, conversation_id) for page in pages):
        missing = Mismatch("a new conversation is missing from the list", conversation_id, "not listed")
        desk.judge.check(requirement, missing, pages[0].exchange)


def _reaches_back(desk: Helpdesk, page: Page, conversation_id: str) -> bool:
    """Whether a page is the newest one, by the conversations of this run on it, and shows some that are older.

    Their subjects are counted up, and by them they can be in the order of their age in a list that is sorted by subject: so nothing
    on the page may be out of that order, whoever created it.
    """
    created = list(desk.ledger.records)
    places = [created.index(one) for one in page.ids if one in desk.ledger.records]
    if len(places) < _ENOUGH or min(places) >= created.index(conversation_id):
        return False
    moments = [at for item in page.items if (at := moment(item.get("created_at"))) is not None]
    newest_first = all(values == sorted(values, reverse=True) for values in (places, moments))
    oldest_first = all(values == sorted(values) for values in (places, moments))
    return (newest_first and page.offset == 0) or (oldest_first and page.reaches_end)
