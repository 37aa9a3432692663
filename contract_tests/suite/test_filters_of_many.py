"""Filters over more conversations than the largest page holds."""

import pytest

from contract_tests.contract import Contract
from contract_tests.corpus import Corpus
from contract_tests.expectations import Mismatch, answers, lists, shown
from contract_tests.helpdesk import Helpdesk
from contract_tests.reading import Page


@pytest.mark.requirements("list.status-filter", "list.count")
def test_the_status_filter_selects_exactly_that_status(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    for status in contract.statuses:
        for credential in desk.credentials("listConversations"):
            page = desk.page(status=status, limit=contract.page_maximum, credential=credential)
            desk.judge.check("list.status-filter", _wrong_status(page, status), page.exchange)
        own = desk.all_pages(user_email=corpus.email, status=status)
        desk.selects("list.status-filter", corpus.ids(status), own)


@pytest.mark.requirements("list.unfiltered")
def test_a_requesters_list_without_a_status_holds_every_status(desk: Helpdesk, contract: Contract, corpus: Corpus) -> None:
    page = desk.all_pages(user_email=corpus.email)
    desk.judge.check("list.unfiltered", lists.same_ids(corpus.ids(), page.ids), page.exchange)


@pytest.mark.requirements("list.invalid-parameters")
@pytest.mark.parametrize(("name", "values"), [("limit", ("-1", "abc")), ("offset", ("-1", "abc")), ("status", ("solved", "OPEN"))])
def test_invalid_parameters_are_refused_or_ignored(desk: Helpdesk, corpus: Corpus, name: str, values: tuple[str, ...]) -> None:
    usual = desk.page(user_email=corpus.email)
    for value in values:
        exchange = desk.call("listConversations", query={"user_email": corpus.email, name: value})
        mismatch = answers.is_refused(exchange)
        if exchange.succeeded:
            ids = [item["id"] for item in exchange.members.get("results", [])]
            ignored = lists.same_order(usual.ids, ids, f"{name}={value}")
            mismatch = None if name == "status" and not ids else ignored
        desk.judge.check("list.invalid-parameters", mismatch, exchange)


def _wrong_status(page: Page, status: str) -> Mismatch | None:
    wrong = [item.get("status") for item in page.items if item.get("status") != status]
    return Mismatch(f"status={status} selects another status", status, shown(wrong[0])) if wrong else None
