"""Isolation: one organisation neither sees nor changes what is another's."""

import itertools
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import Page, items_of
from contract_tests.client.snapshots import Snapshot
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.data.lived import create_lived
from contract_tests.judging.mismatches import Mismatch, of_item, responses, shown
from contract_tests.judging.mismatches.isolation import another_shown, is_the_same
from contract_tests.model.ledger import Record
from contract_tests.model.marks import is_marked
from contract_tests.transport.credentials import Credential, Style
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.guard import Withheld, other_spellings

_TRIES = 3
"""How often a list is asked for again that others may be writing to."""


@pytest.fixture(scope="module")
def theirs(desk: Helpdesk) -> Record:
    """A conversation of the run's organisation, with messages, which the other organisation is not to see."""
    return create_lived(desk, -1)


@pytest.mark.requirements("isolation.list")
@pytest.mark.parametrize("style", list(Style))
def test_lists_hold_nothing_of_another_organisation(
    desk: Helpdesk, other_server_key: Credential, theirs: Record, style: Style
) -> None:
    closed = desk.create(desk.payload(user_email=theirs.email))
    desk.resolve(closed)
    stranger = other_server_key.by(style)
    desk.list_page()
    plain = desk.list_page(credential=stranger)
    desk.check("isolation.list", _ours_listed(desk, plain), plain.exchange)
    for status in (None, "open", "closed"):
        by_status: dict[str, Any] = {} if status is None else {"status": status}
        # Its own organisation asks just before: a response that is cached for the same request must not be served to others.
        desk.list_page(user_email=theirs.email, **by_status)
        filtered = desk.list_page(credential=stranger, user_email=theirs.email, **by_status)
        desk.check("isolation.list", _any_counted(filtered) or _ours_listed(desk, filtered), filtered.exchange)
        most = desk.contract.page_maximum
        if style is Style.HEADER:
            desk.list_page(limit=most, **by_status)
        first = desk.list_page(credential=stranger, limit=most, **by_status)
        pages = [first]
        if first.count > most:
            pages.append(desk.list_page(credential=stranger, limit=most, offset=first.count - most, **by_status))
        for page in pages:
            desk.check("isolation.list", _ours_listed(desk, page), page.exchange)
        # Again where it counts more than it holds: others may have written between the counting and the listing.
        again = (desk.list_page(credential=stranger, limit=most, **by_status) for _ in range(_TRIES))
        fitting = next((page for page in itertools.chain([first], again) if _others_counted(page, most) is None), first)
        desk.check("isolation.list", _others_counted(fitting, most), fitting.exchange)


@pytest.mark.requirements("isolation.list")
def test_later_pages_hold_nothing_of_another_organisation(desk: Helpdesk, other_server_key: Credential, theirs: Record) -> None:
    """An organisation that has a few conversations of its own pages through them, and through nobody else's."""
    for _ in range(3):
        exchange = desk.call(CREATE_CONVERSATION, body=desk.payload(), credential=other_server_key)
        desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
    for query in ({}, {"status": "open"}, {"user_email": theirs.email}):
        for offset in (1, 2):
            page = desk.list_page(credential=other_server_key, limit=desk.contract.page_maximum, offset=offset, **query)
            desk.check("isolation.list", _ours_listed(desk, page), page.exchange)


@pytest.mark.requirements("isolation.list")
def test_what_another_organisation_creates_is_not_listed(desk: Helpdesk, other_server_key: Credential) -> None:
    email = desk.email("foreign")
    exchange = desk.call(CREATE_CONVERSATION, body=desk.payload(user_email=email), credential=other_server_key)
    desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
    for page in [desk.list_page(user_email=email), *desk.list_recent()]:
        seen = [item for item in page.items if is_the_same(item, exchange.members)]
        desk.check("isolation.list", _theirs_listed(seen), page.exchange)


@pytest.mark.requirements("isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve")
@pytest.mark.parametrize("style", list(Style))
def test_a_conversation_of_another_organisation_is_out_of_reach(
    desk: Helpdesk, other_server_key: Credential, theirs: Record, style: Style
) -> None:
    stranger = other_server_key.by(style)
    check_out_of_reach(desk, desk.take_snapshot(theirs), [stranger], theirs.email or desk.email())


@pytest.mark.requirements("isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve")
@pytest.mark.parametrize("kind", ["closed", "anonymous"])
def test_no_kind_of_conversation_of_another_organisation_is_in_reach(
    desk: Helpdesk, contract: Contract, other_server_key: Credential, kind: str
) -> None:
    if kind == "anonymous" and "user_email" in contract[CREATE_CONVERSATION].required:
        pytest.skip("the contract requires user_email")
    record = create_lived(desk, int(kind == "closed"), anonymous=kind == "anonymous", closed=kind == "closed")
    check_out_of_reach(desk, desk.take_snapshot(record), [other_server_key], record.email or desk.email())


@pytest.mark.since(2)
@pytest.mark.requirements("isolation.get")
def test_a_number_of_another_organisation_is_no_address(desk: Helpdesk, other_server_key: Credential, theirs: Record) -> None:
    """Where a conversation can be read by its number as well, that is its organisation's."""
    number = str(theirs.shown.get("number"))
    reading = desk.call(GET_CONVERSATION, id=number, credential=other_server_key, documented=False)
    desk.check("isolation.get", another_shown(reading, theirs.shown), reading)


@pytest.mark.since(2)
@pytest.mark.requirements("isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve")
def test_no_spelling_of_an_id_of_another_organisation_is_in_reach(desk: Helpdesk, other_server_key: Credential) -> None:
    """Whether an id may be written in another way is open; if so, it means the same to the same keys."""
    record = create_lived(desk, -1)
    spelled_otherwise = other_spellings(record.id)
    if not spelled_otherwise:
        pytest.skip("Ids are no UUIDs, of which other spellings are known.")
    before = desk.take_snapshot(record)
    for spelled in (*spelled_otherwise, f"{record.id}%20"):
        for operation_id in (GET_CONVERSATION, LIST_MESSAGES, CREATE_MESSAGE, RESOLVE_CONVERSATION):
            body = {"body": desk.body("From elsewhere"), "user_email": record.email} if operation_id == CREATE_MESSAGE else None
            with suppress(Withheld):
                sent = desk.call(operation_id, id=spelled, body=body, credential=other_server_key, documented=False)
                leaked = another_shown(sent, before.members) if operation_id != LIST_MESSAGES else _messages_leaked(sent, before)
                desk.check("isolation.messages" if operation_id == LIST_MESSAGES else "isolation.get", leaked, sent)
        desk.check_unchanged(before, "isolation.create-message")
    desk.check_unchanged(before, "isolation.resolve")


@pytest.mark.since(2)
@pytest.mark.requirements("isolation.list", "isolation.get", "isolation.messages")
def test_cookies_of_one_organisation_show_nothing_to_another(desk: Helpdesk, other_server_key: Credential, theirs: Record) -> None:
    """Whether they are a reason to refuse the key of the other is open."""
    before = desk.take_snapshot(theirs)
    cookies = desk.wardrobe.cookies(desk.target.keys.server.key, desk.contract[GET_CONVERSATION].path_for(theirs.id))
    if not cookies:
        pytest.skip("The server sets no cookies.")
    sent = {"Cookie": cookies}
    reading = desk.call(GET_CONVERSATION, id=theirs.id, credential=other_server_key, headers=sent)
    desk.check("isolation.get", another_shown(reading, before.members), reading)
    listing = desk.call(LIST_MESSAGES, id=theirs.id, credential=other_server_key, headers=sent)
    desk.check("isolation.messages", _messages_leaked(listing, before), listing)
    exchange = desk.call(LIST_CONVERSATIONS, query={"user_email": theirs.email}, credential=other_server_key, headers=sent)
    seen = [item for item in items_of(exchange) if exchange.succeeded and is_the_same(item, theirs.shown)]
    desk.check("isolation.list", _theirs_listed(seen), exchange)


@pytest.mark.since(2)
@pytest.mark.requirements("isolation.get")
def test_the_names_of_a_user_stay_in_their_organisation(desk: Helpdesk, other_server_key: Credential) -> None:
    """A user with the same address in both has in each the names that were given there, or none."""
    names = {"user_first_name": "Isolde", "user_last_name": "Quartermain"}
    payload = desk.payload(user_email=desk.create(desk.payload(**names)).email)
    exchange = desk.call(CREATE_CONVERSATION, body=payload, credential=other_server_key)
    desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
    requester = exchange.members.get("requester")
    told = [name for name in names.values() if isinstance(requester, dict) and name in requester.values()]
    wrong = (
        Mismatch("a name that another organisation gave is shown", "not shown", shown(requester), "/requester") if told else None
    )
    desk.check("isolation.get", wrong, exchange)


def check_out_of_reach(
    desk: Helpdesk, before: Snapshot, strangers: Sequence[Credential], sender: str, owner: Credential | None = None
) -> None:
    """Judge that keys of one organisation neither read nor change a conversation of the other, which `owner` reads.

    If both have a conversation with this id, a stranger would write to its own, so only what is shown is judged.
    """
    reading = desk.call(GET_CONVERSATION, id=before.id, credential=strangers[0])
    both = reading.succeeded and another_shown(reading, before.members) is None
    for stranger in strangers:
        listing = desk.call(LIST_MESSAGES, id=before.id, credential=stranger)
        desk.check("isolation.messages", _messages_leaked(listing, before), listing)
        reading = desk.call(GET_CONVERSATION, id=before.id, credential=stranger)
        desk.check("isolation.get", another_shown(reading, before.members), reading)
        if both:
            for operation in ("create-message", "resolve"):
                desk.check(f"isolation.{operation}", another_shown(reading, before.members), reading)
            continue
        message = {"body": desk.body("From elsewhere"), "user_email": sender}
        sending = desk.call(CREATE_MESSAGE, id=before.id, body=message, credential=stranger)
        desk.check("isolation.create-message", _done_to_another(sending, reading), sending)
    if both:
        return
    desk.check_unchanged(before, "isolation.create-message", credential=owner)
    resolvers = [one for one in strangers if one.tier in desk.contract[RESOLVE_CONVERSATION].tiers]
    for stranger in resolvers:
        resolving = desk.call(RESOLVE_CONVERSATION, id=before.id, credential=stranger)
        mismatch = another_shown(resolving, before.members) or _done_to_another(resolving, reading)
        desk.check("isolation.resolve", mismatch, resolving)
    if resolvers:
        desk.check_unchanged(before, "isolation.resolve", credential=owner)


def _done_to_another(writing: Exchange, reading: Exchange) -> Mismatch | None:
    """Return why a write succeeds although its key has no conversation with this id: a read was just refused."""
    return responses.found_or_failed(writing) if reading.refused else None


def _messages_leaked(listing: Exchange, before: Snapshot) -> Mismatch | None:
    """Return which message of another organisation a list shows."""
    if not listing.succeeded:
        return None
    bodies = [item.get("body") for item in items_of(listing)]
    seen = [item for item in before.messages if is_marked(item.get("body")) and item.get("body") in bodies]
    if seen:
        return Mismatch("a message of another organisation is shown", "none of them", shown(seen[0]), "/results")
    return None


def _ours_listed(desk: Helpdesk, page: Page) -> Mismatch | None:
    known = desk.ledger.records
    ours = [item for item in page.items if item["id"] in known and is_the_same(item, known[item["id"]].shown)]
    if not ours:
        return None
    return of_item(Mismatch("a conversation of another organisation is listed", "none of them", shown(ours[0])), ours[0])


def _theirs_listed(theirs: list[dict[str, Any]]) -> Mismatch | None:
    if not theirs:
        return None
    return of_item(Mismatch("another organisation's conversation is listed", "not listed", shown(theirs[0])), theirs[0])


def _others_counted(page: Page, most: int) -> Mismatch | None:
    """Return why a first page that is not full counts more than it holds: the rest belongs to somebody else."""
    if len(page.items) >= most or page.count <= len(page.items):
        return None
    return Mismatch("more is counted than the organisation's conversations", str(len(page.items)), str(page.count), "/count")


def _any_counted(page: Page) -> Mismatch | None:
    if page.count == 0:
        return None
    return Mismatch("conversations of another organisation are counted", "0", str(page.count), "/count")
