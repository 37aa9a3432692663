"""Paging: sizes, offsets, and pages that together hold everything once."""

from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import GET_CONVERSATION, LIST_CONVERSATIONS, LIST_MESSAGES
from contract_tests.data.corpus import Corpus
from contract_tests.effort import Effort
from contract_tests.judging.mismatches import Mismatch, lists, responses
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.stopping import LEFT_OUT

pytestmark = pytest.mark.together
"""Each worker that meets one of these tests creates a hundred conversations for it."""

Filters = dict[str, Any]


@pytest.fixture(params=["requester", "open", "closed"])
def filtered(request: pytest.FixtureRequest, corpus: Corpus) -> tuple[Filters, set[str]]:
    """Filters that select from the corpus, and what they select."""
    status = None if request.param == "requester" else str(request.param)
    by_status = {} if status is None else {"status": status}
    return {"user_email": corpus.email, **by_status}, corpus.ids(status)


@pytest.mark.requirements("list.default-page", "list.answer", "list.count")
def test_a_page_has_its_default_size(desk: Helpdesk, contract: Contract, filtered: tuple[Filters, set[str]]) -> None:
    filters, ids = filtered
    for credential in desk.credentials(LIST_CONVERSATIONS):
        page = desk.list_page(**filters, credential=credential)
        expected = min(contract.page_default, len(ids))
        desk.check("list.default-page", lists.length_mismatch(expected, len(page.items), "without a limit"), page.exchange)
        desk.check("list.count", lists.count_mismatch(page.count, len(ids)), page.exchange)
    rest = desk.list_page(**filters, offset=contract.page_default)
    expected = min(contract.page_default, max(0, len(ids) - contract.page_default))
    desk.check("list.default-page", lists.length_mismatch(expected, len(rest.items), "without a limit"), rest.exchange)


@pytest.mark.requirements("list.limit", "list.count")
def test_a_limit_is_honoured(desk: Helpdesk, contract: Contract, filtered: tuple[Filters, set[str]]) -> None:
    filters, ids = filtered
    for place, limit in enumerate(limits(contract)):
        # The others are asked for with an offset.
        if not desk.effort.combined(0, place, one_in=4 if "status" in filters else 2):
            continue
        page = desk.list_page(**filters, limit=limit)
        expected = min(limit, len(ids))
        desk.check("list.limit", lists.length_mismatch(expected, len(page.items), f"limit={limit}"), page.exchange)
        desk.check("list.count", lists.count_mismatch(page.count, len(ids)), page.exchange)


@pytest.mark.requirements("list.limit", "list.maximum")
def test_every_key_has_the_same_limits(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    for credential in desk.credentials(LIST_CONVERSATIONS):
        for limit in (1, contract.page_maximum):
            page = desk.list_page(user_email=corpus.email, limit=limit, credential=credential)
            desk.check("list.limit", lists.length_mismatch(limit, len(page.items), f"limit={limit}"), page.exchange)
        _check_maximum(desk, contract, {"user_email": corpus.email, "limit": contract.page_maximum + 1}, credential=credential)


@pytest.mark.requirements("list.maximum")
def test_no_page_is_larger_than_the_maximum(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    most = contract.page_maximum
    sizes = (most + 1, most + 4, most * 2, most * 10, 10**6, 2**31 - 1, 2**31, 2**63, 10**30, -1, 0, "", "all", "1e9")
    for place, limit in enumerate(sizes):
        _check_maximum(desk, contract, {"limit": limit}, corpus)
        if desk.effort.combined(place, 0):
            _check_maximum(desk, contract, {"user_email": corpus.email, "limit": limit})
    for others in ({"offset": 1}, {"status": contract.statuses[0]}, {"user_email": corpus.email, "offset": 1}):
        _check_maximum(desk, contract, {**others, "limit": most * 10}, corpus)


@pytest.mark.requirements("list.partition", "list.count")
def test_pages_hold_everything_once(desk: Helpdesk, contract: Contract, filtered: tuple[Filters, set[str]]) -> None:
    filters, ids = filtered
    default, most = contract.page_default, contract.page_maximum
    sizes = [default, min(11, most), most, max(1, most // 3), max(1, most - 1), max(1, default - 1), min(7, most)]
    if desk.effort.sparse:
        sizes = sizes[: 3 if "status" in filters else 5]
    for limit in dict.fromkeys(sizes):
        pages = desk.list_pages(limit, **filters)
        desk.check_pages_are(ids, pages)
        for page in pages:
            desk.check("list.count", lists.count_mismatch(page.count, len(ids)), page.exchange)


@pytest.mark.requirements("list.partition")
def test_pages_of_one_hold_everything_once(desk: Helpdesk) -> None:
    email = desk.email("few")
    ids = {desk.create(desk.payload(user_email=email)).id for _ in range(5)}
    for limit in (1, 2, 3, 4, 5, 6):
        pages = desk.list_pages(limit, user_email=email)
        desk.check_pages_are(ids, pages)
    # To read what is on the next page is no write, and moves nothing.
    first = desk.list_page(user_email=email, limit=3)
    for one in sorted(ids - set(first.ids))[:2]:
        desk.call(GET_CONVERSATION, id=one)
        desk.call(LIST_MESSAGES, id=one)
    desk.check_pages_are(ids, [first, desk.list_page(user_email=email, limit=3, offset=3)])


@pytest.mark.requirements("list.offset", "list.past-the-end", "list.count")
def test_an_offset_skips(desk: Helpdesk, contract: Contract, filtered: tuple[Filters, set[str]]) -> None:
    filters, ids = filtered
    most = contract.page_maximum
    whole = desk.list_pages(most, **filters)
    order = [one for page in whole for one in page.ids]
    for number, offset in enumerate(dict.fromkeys((0, 1, 2, contract.page_default, len(ids) // 2, len(ids) - 1))):
        for place, limit in enumerate((1, min(10, most), most)):
            if "status" in filters and not desk.effort.combined(number, place, one_in=3):
                continue
            page = desk.list_page(**filters, offset=offset, limit=limit)
            asked = f"offset={offset}, limit={limit}"
            mismatch = lists.order_mismatch(order[offset : offset + limit], page.ids, asked)
            desk.check("list.offset", mismatch, page.exchange, because=[one.exchange for one in whole])
            desk.check("list.count", lists.count_mismatch(page.count, len(ids)), page.exchange)
    for number, offset in enumerate((len(ids), len(ids) + 1, len(ids) + 1000, 100_000)):
        if "status" in filters and not desk.effort.combined(number, 0):
            continue
        exchange = desk.call(LIST_CONVERSATIONS, query={**filters, "offset": offset})
        desk.check("list.past-the-end", _not_empty(exchange, len(ids)), exchange)


@pytest.mark.requirements("list.offset", "list.partition", "list.limit")
def test_offsets_that_are_no_multiples_of_the_limit(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    most = contract.page_maximum
    whole = desk.list_pages(most, user_email=corpus.email)
    order = [one for page in whole for one in page.ids]
    sizes = [(limit, desk.random.randrange(1, max(2, len(order) - limit))) for limit in limits(contract)[1::2]]
    # Then those of which one is the other's offset: a cache may look only at the numbers.
    for limit, offset in [*sizes, (1, 2), (2, 1), (3, 2), (2, 3)]:
        page = desk.list_page(user_email=corpus.email, offset=offset, limit=limit)
        asked = f"offset={offset}, limit={limit}"
        expected = min(limit, len(order) - offset)
        desk.check("list.limit", lists.length_mismatch(expected, len(page.items), asked), page.exchange)
        mismatch = lists.order_mismatch(order[offset : offset + limit], page.ids, asked)
        desk.check("list.offset", mismatch, page.exchange, because=[one.exchange for one in whole])


@pytest.mark.requirements("list.partition")
def test_the_order_stays_while_nothing_is_written(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    first, *again = [desk.list_page(user_email=corpus.email, limit=contract.page_maximum) for _ in range(3)]
    for page in again:
        mismatch = lists.order_mismatch(first.ids, page.ids, "asked again")
        desk.check("list.partition", mismatch, page.exchange, because=[first.exchange])
    # Without a filter others may write meanwhile: what is the run's own stays in its order.
    before, after = [desk.list_page(limit=contract.page_maximum) for _ in range(2)]
    own = [one for one in before.ids if one in desk.ledger.records and one in after.ids]
    held = [one for one in after.ids if one in own]
    mismatch = lists.order_mismatch(own, held, "asked again without a filter")
    desk.check("list.partition", mismatch, after.exchange, because=[before.exchange], about=own)


@pytest.mark.requirements("list.past-the-end")
def test_an_offset_past_the_end_of_everything_is_an_empty_page(desk: Helpdesk) -> None:
    exchange = desk.call(LIST_CONVERSATIONS, query={"offset": 10**6})
    mismatch = responses.status_mismatch(exchange, 200) or lists.length_mismatch(0, len(_results(exchange)), "past the end")
    desk.check("list.past-the-end", mismatch, exchange)


_THOUSAND = 1_000
"""Where some servers stop counting, to save time."""


@pytest.mark.last(5)
@pytest.mark.since(2)
@pytest.mark.requirements("list.count")
def test_more_than_a_thousand_are_counted(desk: Helpdesk, effort: Effort) -> None:
    if effort.sparse:
        pytest.skip(f"{LEFT_OUT}effort")
    email = desk.email("crowd")
    # Create what is missing and a few more, in case others remove some. It runs after all other tests that create some.
    counted = desk.list_page(limit=1).count
    for _ in range(_THOUSAND + 10 - counted if counted > 0 else 0):
        desk.create(desk.payload(user_email=email))
    desk.check_count_is_whole()


def limits(contract: Contract) -> list[int]:
    most, default = contract.page_maximum, contract.page_default
    wanted = (1, 2, 3, 5, 7, 10, default - 1, default, default + 1, 25, 33, 49, 50, 51, 64, 75, 99, most - 1, most)
    return [limit for limit in dict.fromkeys(wanted) if 1 <= limit <= most]


def _check_maximum(
    desk: Helpdesk, contract: Contract, query: dict[str, object], corpus: Corpus | None = None, credential: Credential | None = None
) -> None:
    exchange = desk.call(LIST_CONVERSATIONS, query=query, credential=credential)
    held, most = len(_results(exchange)), contract.page_maximum
    mismatch = Mismatch(f"limit={query['limit']}: the page holds {held}", f"at most {most}", str(held), f"/results/{most}")
    desk.check("list.maximum", mismatch if held > most else None, exchange, about=[corpus.email] if corpus else [])


def _results(exchange: Exchange) -> list[object]:
    results = exchange.members.get("results")
    return results if exchange.succeeded and isinstance(results, list) else []


def _not_empty(exchange: Exchange, matches: int) -> Mismatch | None:
    return (
        responses.status_mismatch(exchange, 200)
        or lists.length_mismatch(0, len(_results(exchange)), "past the end")
        or lists.count_mismatch(exchange.members.get("count", -1), matches)
    )
