"""Filters over more conversations than the largest page holds."""

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import Page
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import LIST_CONVERSATIONS
from contract_tests.data.corpus import Corpus
from contract_tests.judging.mismatches import Mismatch, lists, of_item, responses, shown

pytestmark = pytest.mark.together
"""Each worker that meets one of these tests creates a hundred conversations for it."""


@pytest.mark.requirements("list.status-filter", "list.count")
def test_the_status_filter_selects_exactly_that_status(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    for status in contract.statuses:
        for credential in desk.credentials(LIST_CONVERSATIONS):
            page = desk.list_page(status=status, limit=contract.page_maximum, credential=credential)
            desk.check("list.status-filter", _wrong_status(page, status), page.exchange, about=[corpus.email])
        own = desk.list_all(user_email=corpus.email, status=status)
        desk.check_selection("list.status-filter", corpus.ids(status), own)


@pytest.mark.requirements("list.unfiltered")
def test_a_requesters_list_without_a_status_holds_every_status(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    page = desk.list_all(user_email=corpus.email)
    mismatch = lists.ids_mismatch(corpus.ids(), page.ids)
    desk.check("list.unfiltered", mismatch, page.exchange, because=page.before)


@pytest.mark.requirements("list.invalid-parameters")
@pytest.mark.parametrize(("name", "values"), [("limit", ("-1", "abc")), ("offset", ("-1", "abc")), ("status", ("solved", "OPEN"))])
def test_invalid_parameters_are_refused_or_ignored(desk: Helpdesk, corpus: Corpus, name: str, values: tuple[str, ...]) -> None:
    usual = desk.list_page(user_email=corpus.email)
    for value in values:
        exchange = desk.call(LIST_CONVERSATIONS, query={"user_email": corpus.email, name: value})
        mismatch = responses.not_refused(exchange)
        if exchange.succeeded:
            ids = [item["id"] for item in exchange.members.get("results", [])]
            obeyed = lists.order_mismatch(usual.ids, ids, f"{name}={value}")
            mismatch = None if name == "status" and not ids else obeyed
        desk.check("list.invalid-parameters", mismatch, exchange, because=[usual.exchange])


def _wrong_status(page: Page, status: str) -> Mismatch | None:
    wrong = [item for item in page.items if item.get("status") != status]
    if not wrong:
        return None
    return of_item(Mismatch(f"status={status} selects another status", status, shown(wrong[0].get("status")), "/status"), wrong[0])
