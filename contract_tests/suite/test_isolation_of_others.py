"""Isolation, seen from the other side: what is another organisation's is out of reach of every key of this one."""

import pytest

from contract_tests.contract import Contract
from contract_tests.credentials import Credential
from contract_tests.expectations import Mismatch, answers, lists, shown
from contract_tests.helpdesk import Helpdesk
from contract_tests.ledger import Record

_TRIES = 12
"""Conversations that the other organisation creates, until one has the number of one of ours."""


@pytest.mark.requirements("isolation.list", "isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve")
@pytest.mark.parametrize("closed", [False, True])
def test_every_key_is_kept_out(desk: Helpdesk, contract: Contract, other_server_key: Credential, closed: bool) -> None:
    """The sender is known on both sides: that is not what a message is refused for."""
    known = desk.create()
    foreign = foreign_record(desk, other_server_key, known.email)
    for credential in desk.credentials("listConversations"):
        page = desk.page(user_email=known.email, credential=credential, **({"status": "open"} if closed else {}))
        listed = [item for item in page.items if item["id"] == foreign.id]
        theirs = Mismatch("another organisation's conversation is listed", "not listed", shown(listed[0])) if listed else None
        desk.judge.check("isolation.list", theirs, page.exchange)
        desk.judge.check("list.count", lists.count_is(page.count, 1), page.exchange)
    if closed:
        desk.call("resolveConversation", id=foreign.id, credential=other_server_key)
    before = desk.snapshot(foreign, credential=other_server_key)
    message = {"body": desk.body("From elsewhere"), "user_email": known.email}
    for operation_id, requirement, body in (
        ("getConversation", "isolation.get", None),
        ("listMessages", "isolation.messages", None),
        ("createMessage", "isolation.create-message", message),
        ("resolveConversation", "isolation.resolve", None),
    ):
        for credential in desk.credentials(operation_id):
            exchange = desk.call(operation_id, id=foreign.id, body=body, credential=credential)
            desk.judge.check(requirement, answers.is_not_found(exchange), exchange)
    desk.unchanged(before, "isolation.resolve", credential=other_server_key)


@pytest.mark.requirements("isolation.create-message")
def test_a_known_sender_does_not_open_the_door(desk: Helpdesk, other_server_key: Credential) -> None:
    ours = desk.create()
    foreign_record(desk, other_server_key, ours.email)
    before = desk.snapshot(ours)
    message = {"body": desk.body("From elsewhere"), "user_email": ours.email}
    exchange = desk.call("createMessage", id=ours.id, body=message, credential=other_server_key)
    desk.judge.check("isolation.create-message", answers.is_not_found(exchange), exchange)
    desk.unchanged(before, "isolation.create-message")


@pytest.mark.requirements("isolation.resolve", "isolation.create-message")
def test_the_same_number_is_not_the_same_conversation(desk: Helpdesk, other_server_key: Credential) -> None:
    """Numbers are per organisation: a server that acts by number acts on both."""
    for _ in range(_TRIES):
        foreign = foreign_record(desk, other_server_key, desk.email("foreign"))
        before = desk.snapshot(foreign, credential=other_server_key)
        ours = desk.ledger.records.get(desk.ledger.numbers.get(before.members["number"], ""))
        if ours is None or ours.resolved or ours.email is None:
            continue
        desk.send(ours, desk.body("ours"))
        desk.unchanged(before, "isolation.create-message", credential=other_server_key)
        desk.resolve(ours)
        desk.unchanged(before, "isolation.resolve", credential=other_server_key)
        return
    pytest.skip("no conversation of the other organisation has the number of one of ours")


def foreign_record(desk: Helpdesk, other_server_key: Credential, email: str | None) -> Record:
    """A conversation of the other organisation, which the ledger, being of this one, does not know."""
    exchange = desk.call("createConversation", body=desk.payload(user_email=email), credential=other_server_key)
    desk.judge.check("create.status", answers.status_is(exchange, 201), exchange)
    return Record(str(exchange.members.get("id")), email, dict(exchange.members))
