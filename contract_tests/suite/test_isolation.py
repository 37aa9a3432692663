"""Isolation: one organisation neither sees nor changes what is another's."""

import itertools
from typing import Any

import pytest

from contract_tests.contract import Contract
from contract_tests.credentials import Credential, Style
from contract_tests.exchange import Exchange
from contract_tests.expectations import Mismatch, answers, shown
from contract_tests.helpdesk import Helpdesk, Snapshot
from contract_tests.ledger import Record
from contract_tests.reading import Page

_TRIES = 3
"""How often a list is asked for again that others may be writing to."""


@pytest.fixture(scope="module")
def theirs(desk: Helpdesk) -> Record:
    """A conversation of the run's organisation, with a message, which the other organisation is not to see."""
    record = desk.create()
    desk.send(record, desk.body())
    return record


@pytest.mark.requirements("isolation.list")
@pytest.mark.parametrize("style", list(Style))
def test_lists_hold_nothing_of_another_organisation(
    desk: Helpdesk, other_server_key: Credential, theirs: Record, style: Style
) -> None:
    closed = desk.create(desk.payload(user_email=theirs.email))
    desk.resolve(closed)
    stranger = other_server_key.by(style)
    desk.page()
    plain = desk.page(credential=stranger)
    desk.judge.check("isolation.list", _holds_ours(desk, plain), plain.exchange)
    for status in (None, "open", "closed"):
        by_status: dict[str, Any] = {} if status is None else {"status": status}
        # Asked for by its own organisation just before: an answer that is kept for whoever asks the same is not for others.
        desk.page(user_email=theirs.email, **by_status)
        filtered = desk.page(credential=stranger, user_email=theirs.email, **by_status)
        desk.judge.check("isolation.list", _counts_none(filtered) or _holds_ours(desk, filtered), filtered.exchange)
        most = desk.contract.page_maximum
        if style is Style.HEADER:
            desk.page(limit=most, **by_status)
        first = desk.page(credential=stranger, limit=most, **by_status)
        pages = [first]
        if first.count > most:
            pages.append(desk.page(credential=stranger, limit=most, offset=first.count - most, **by_status))
        for page in pages:
            desk.judge.check("isolation.list", _holds_ours(desk, page), page.exchange)
        # Again where it counts more than it holds: others may have written between the counting and the listing.
        again = (desk.page(credential=stranger, limit=most, **by_status) for _ in range(_TRIES))
        fitting = next((page for page in itertools.chain([first], again) if _counts_what_it_holds(page, most) is None), first)
        desk.judge.check("isolation.list", _counts_what_it_holds(fitting, most), fitting.exchange)


@pytest.mark.requirements("isolation.list")
def test_later_pages_hold_nothing_of_another_organisation(desk: Helpdesk, other_server_key: Credential, theirs: Record) -> None:
    """An organisation that has a few conversations of its own pages through them, and through nobody else's."""
    for _ in range(3):
        exchange = desk.call("createConversation", body=desk.payload(), credential=other_server_key)
        desk.judge.check("create.status", answers.status_is(exchange, 201), exchange)
    for query in ({}, {"status": "open"}, {"user_email": theirs.email}):
        for offset in (1, 2):
            page = desk.page(credential=other_server_key, limit=desk.contract.page_maximum, offset=offset, **query)
            desk.judge.check("isolation.list", _holds_ours(desk, page), page.exchange)


@pytest.mark.requirements("isolation.list")
def test_what_another_organisation_creates_is_not_listed(desk: Helpdesk, other_server_key: Credential) -> None:
    email = desk.email("foreign")
    exchange = desk.call("createConversation", body=desk.payload(user_email=email), credential=other_server_key)
    desk.judge.check("create.status", answers.status_is(exchange, 201), exchange)
    foreign = exchange.members.get("id")
    for page in [desk.page(user_email=email), *desk.recent()]:
        seen = [item for item in page.items if item["id"] == foreign]
        mismatch = Mismatch("another organisation's conversation is listed", "not listed", shown(seen[0])) if seen else None
        desk.judge.check("isolation.list", mismatch, page.exchange)


@pytest.mark.requirements("isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve")
@pytest.mark.parametrize("style", list(Style))
def test_a_conversation_of_another_organisation_is_out_of_reach(
    desk: Helpdesk, other_server_key: Credential, theirs: Record, style: Style
) -> None:
    stranger = other_server_key.by(style)
    for operation_id, requirement in (("getConversation", "isolation.get"), ("listMessages", "isolation.messages")):
        exchange = desk.call(operation_id, id=theirs.id, credential=stranger)
        desk.judge.check(requirement, answers.is_not_found(exchange), exchange)
    before = desk.snapshot(theirs)
    message = {"body": desk.body("From elsewhere"), "user_email": theirs.email}
    _refused_and_unchanged(
        desk, before, desk.call("createMessage", id=theirs.id, body=message, credential=stranger), "create-message"
    )
    _refused_and_unchanged(desk, before, desk.call("resolveConversation", id=theirs.id, credential=stranger), "resolve")


@pytest.mark.requirements("isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve")
@pytest.mark.parametrize("kind", ["closed", "anonymous"])
def test_no_kind_of_conversation_of_another_organisation_is_in_reach(
    desk: Helpdesk, contract: Contract, other_server_key: Credential, kind: str
) -> None:
    if kind == "anonymous" and "user_email" in contract["createConversation"].required:
        pytest.skip("the contract requires user_email")
    record = desk.create(desk.payload(user_email=None) if kind == "anonymous" else None)
    if kind == "closed":
        desk.send(record, desk.body())
        desk.resolve(record)
    before = desk.snapshot(record)
    for operation_id, requirement in (("getConversation", "isolation.get"), ("listMessages", "isolation.messages")):
        exchange = desk.call(operation_id, id=record.id, credential=other_server_key)
        desk.judge.check(requirement, answers.is_not_found(exchange), exchange)
    message = {"body": desk.body("From elsewhere"), "user_email": record.email or desk.email()}
    _refused_and_unchanged(
        desk, before, desk.call("createMessage", id=record.id, body=message, credential=other_server_key), "create-message"
    )
    _refused_and_unchanged(desk, before, desk.call("resolveConversation", id=record.id, credential=other_server_key), "resolve")


def _refused_and_unchanged(desk: Helpdesk, before: Snapshot, exchange: Exchange, operation: str) -> None:
    desk.judge.check(f"isolation.{operation}", answers.is_not_found(exchange), exchange)
    desk.unchanged(before, f"isolation.{operation}")


def _holds_ours(desk: Helpdesk, page: Page) -> Mismatch | None:
    ours = [item for item in page.items if item["id"] in desk.ledger.records]
    if not ours:
        return None
    return Mismatch("a conversation of another organisation is listed", "none of them", shown(ours[0]))


def _counts_what_it_holds(page: Page, most: int) -> Mismatch | None:
    """Whether a page from the beginning that is not full holds all that it counts: what it counts besides is somebody else's."""
    if len(page.items) >= most or page.count <= len(page.items):
        return None
    return Mismatch("more is counted than the organisation's conversations", str(len(page.items)), str(page.count))


def _counts_none(page: Page) -> Mismatch | None:
    if page.count == 0:
        return None
    return Mismatch("conversations of another organisation are counted", "0", str(page.count))
