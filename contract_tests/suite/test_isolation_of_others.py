"""Isolation, seen from the other side: what is another organisation's is out of reach of every key of this one."""

from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    RESOLVE_CONVERSATION,
)
from contract_tests.judging.check_log import Blocked
from contract_tests.judging.mismatches import Mismatch, lists, of_item, responses, shown
from contract_tests.judging.mismatches.conversations import creation_findings
from contract_tests.judging.mismatches.isolation import is_the_same
from contract_tests.model.ledger import Record
from contract_tests.suite.test_isolation import check_out_of_reach
from contract_tests.transport.credentials import Credential

_TRIES = 12
"""Conversations that the other organisation creates, until one has the number of one of ours."""


@pytest.mark.since(2, "isolation.list")
@pytest.mark.requirements("isolation.list", "isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve")
@pytest.mark.parametrize("closed", [False, True])
def test_every_key_is_kept_out(desk: Helpdesk, contract: Contract, other_server_key: Credential, closed: bool) -> None:
    """The sender is known in both organisations, so a message is not refused because of the sender."""
    known = desk.create()
    ours = desk.take_snapshot(known)
    foreign = create_foreign(desk, other_server_key, known.email)
    # With a message in it, it can be seen whose messages a key is shown.
    message = {"body": desk.body("Theirs"), "user_email": known.email}
    desk.call(CREATE_MESSAGE, id=foreign.id, body=message, credential=other_server_key)
    for credential in desk.credentials(LIST_CONVERSATIONS):
        page = desk.list_page(user_email=known.email, credential=credential, **({"status": "open"} if closed else {}))
        listed = [item for item in page.items if is_the_same(item, foreign.shown)]
        wrong = (Mismatch("another organisation's conversation is listed", "not listed", shown(one)) for one in listed)
        desk.check("isolation.list", of_item(next(wrong, None), foreign.shown), page.exchange)
        desk.check("list.count", lists.count_mismatch(page.count, 1), page.exchange)
    if closed:
        desk.call(RESOLVE_CONVERSATION, id=foreign.id, credential=other_server_key)
    before = desk.take_snapshot(foreign, credential=other_server_key)
    check_out_of_reach(desk, before, desk.credentials(GET_CONVERSATION), known.email or "", owner=other_server_key)
    with desk.since(2):
        # What was refused there is not done here instead.
        desk.check_unchanged(ours, "isolation.create-message")


@pytest.mark.since(2)
@pytest.mark.requirements("create.anonymous-apart", "isolation.get")
def test_anonymous_people_of_two_organisations_are_not_one(
    desk: Helpdesk, contract: Contract, other_server_key: Credential
) -> None:
    if "user_email" in contract[CREATE_CONVERSATION].required:
        pytest.skip("the contract requires user_email")
    ours = [one for one in desk.ledger.records.values() if one.email is None][:1]
    ours.append(desk.create(desk.payload(user_email=None, user_first_name="Hieronymus", user_last_name="Hiesig")))
    names = {"user_first_name": "Fridolin", "user_last_name": "Fremd"}
    create_foreign(desk, other_server_key, None, desk.payload(user_email=None, **names))
    for record in ours:
        desk.get(record)


@pytest.mark.requirements("isolation.create-message")
def test_a_known_sender_does_not_open_the_door(desk: Helpdesk, other_server_key: Credential) -> None:
    ours = desk.create(desk.payload(user_first_name="Uma", user_last_name="Ours"))
    before = desk.take_snapshot(ours)
    theirs = desk.payload(user_email=ours.email, user_first_name="Theo", user_last_name="Theirs")
    create_foreign(desk, other_server_key, ours.email, theirs)
    with desk.since(2):
        # What the other organisation calls somebody is nobody's name here.
        desk.check_unchanged(before, "isolation.create-message")
    check_out_of_reach(desk, before, [other_server_key], ours.email or "")


@pytest.mark.requirements("isolation.resolve", "isolation.create-message")
def test_the_same_number_is_not_the_same_conversation(desk: Helpdesk, other_server_key: Credential) -> None:
    """Numbers are per organisation: a server that acts by number acts on both."""
    for _ in range(_TRIES):
        foreign = create_foreign(desk, other_server_key, desk.email("foreign"))
        ours = desk.ledger.records.get(desk.ledger.numbers.get(foreign.shown["number"], ""))
        if ours is None or ours.resolved:
            continue
        before = desk.take_snapshot(foreign, credential=other_server_key)
        # The first conversations of a run are anonymous: whether anybody may write to those is open.
        body, sender = desk.body("ours"), ours.email or foreign.email
        sending = desk.call(CREATE_MESSAGE, id=ours.id, body={"body": body, "user_email": sender})
        if not sending.succeeded:
            continue
        desk.record_message(ours, body, sender or "")
        desk.check_unchanged(before, "isolation.create-message", credential=other_server_key)
        desk.resolve(ours)
        desk.check_unchanged(before, "isolation.resolve", credential=other_server_key)
        return
    pytest.skip("no conversation of the other organisation has the number of one of ours")


@pytest.mark.since(2)
@pytest.mark.requirements("isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve", "isolation.list")
def test_equal_conversations_of_two_organisations_are_lived_apart(desk: Helpdesk, other_server_key: Credential) -> None:
    """The same person writes the same to both. What is then done in one must not show in the other."""
    payload = desk.payload(user_first_name="Isa", user_last_name="Doppel", description=desk.body("To both"))
    ours = desk.create(payload)
    foreign = create_foreign(desk, other_server_key, ours.email, payload)
    reading = desk.call(GET_CONVERSATION, id=foreign.id, credential=other_server_key)
    desk.check("isolation.get", responses.status_mismatch(reading, 200), reading, about=[foreign.id])
    own = desk.credentials(RESOLVE_CONVERSATION)[0]
    for actor, acting, other, owner in ((foreign, other_server_key, ours, own), (ours, own, foreign, other_server_key)):
        before = desk.take_snapshot(other, credential=owner)
        renamed = {**payload, "user_first_name": "Eve", "user_last_name": "Else", "description": desk.body("To one")}
        message = {"body": desk.body("To one"), "user_email": ours.email}
        desk.call(CREATE_CONVERSATION, body=renamed, credential=acting)
        sending = desk.call(CREATE_MESSAGE, id=actor.id, body=message, credential=acting)
        desk.check("messages.accepted", responses.not_accepted(sending), sending)
        desk.check_unchanged(before, "isolation.create-message", credential=owner)
        desk.call(RESOLVE_CONVERSATION, id=actor.id, credential=acting)
        desk.check_unchanged(before, "isolation.resolve", credential=owner)
    ours.note_message()
    ours.note_resolved()


def create_foreign(
    desk: Helpdesk, other_server_key: Credential, email: str | None, payload: Mapping[str, Any] | None = None
) -> Record:
    """A conversation of the other organisation, which the ledger, being of this one, does not know."""
    sent = payload or desk.payload(user_email=email)
    exchange = desk.call(CREATE_CONVERSATION, body=sent, credential=other_server_key)
    desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
    if not exchange.succeeded or "id" not in exchange.members:
        raise Blocked(f"The other organisation could not create a conversation ({exchange.status}).")
    with desk.since(2):
        for requirement, _, mismatch in creation_findings(desk.contract, sent, exchange.members):
            desk.check(requirement, mismatch, exchange)
    return Record(str(exchange.members.get("id")), email, dict(exchange.members))
