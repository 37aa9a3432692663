"""Tiers: where only server keys may call, a client key is refused and changes nothing."""

import itertools

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import items_of
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    OPERATIONS,
    RESOLVE_CONVERSATION,
)
from contract_tests.data.lived import create_lived
from contract_tests.data.valid_calls import valid_body
from contract_tests.judging.mismatches import responses
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Record
from contract_tests.transport.credentials import Credential, Style

STATES = ("new", "with messages", "closed", "anonymous")
"""What conversations are when they are written to."""


@pytest.mark.requirements("tier.refused", "tier.refusal-status", "tier.refusal-changes-nothing")
@pytest.mark.parametrize("state", STATES)
def test_client_keys_are_refused_where_only_server_keys_may_call(
    desk: Helpdesk, contract: Contract, client_key: Credential, state: str
) -> None:
    forbidden = [name for name in OPERATIONS if "client" not in contract[name].tiers]
    if not forbidden:
        pytest.skip("the contract lets client keys call everything")
    anonymous = state == "anonymous" and "user_email" not in contract[CREATE_CONVERSATION].required
    if state == "new":
        record = desk.create()
    else:
        record = create_lived(desk, STATES.index(state), anonymous=anonymous, closed=state == "closed")
    marker = desk.email("tier")
    before = desk.take_snapshot(record)
    # A second attempt must be refused as well.
    for _ in range(2 if state == "new" or not desk.effort.sparse else 1):
        for operation_id, style in itertools.product(forbidden, Style):
            body = valid_body(desk, operation_id, record, email=marker)
            if body is None and style is Style.BEARER and desk.contract[operation_id].method == "POST":
                # Many clients send one with each POST.
                body = {}
            query = {"notify": "true"} if state == "with messages" else None
            with desk.since(2 if query else 1):
                exchange = desk.call(operation_id, id=record.id, query=query, body=body, credential=client_key.by(style))
                desk.check("tier.refused", responses.not_refused(exchange), exchange)
                desk.check("tier.refusal-status", responses.status_mismatch(exchange, 403, 401), exchange)
        desk.check_unchanged(before, "tier.refusal-changes-nothing")
    if state == "new" and RESOLVE_CONVERSATION in forbidden:
        with desk.since(2):
            # What was refused to one is not refused to the next.
            desk.resolve(record)
    if state == "with messages" and RESOLVE_CONVERSATION in forbidden:
        with desk.since(2):
            # Nor is it carried out with the next write.
            desk.send(record, desk.body())
            desk.get(record)
    if CREATE_CONVERSATION in forbidden:
        desk.check_nothing_created(marker, "tier.refusal-changes-nothing")


@pytest.mark.requirements("tier.refused", "tier.refusal-changes-nothing")
def test_client_keys_are_refused_for_every_kind_of_conversation(desk: Helpdesk, contract: Contract, client_key: Credential) -> None:
    if "client" in contract[RESOLVE_CONVERSATION].tiers:
        pytest.skip("the contract lets client keys resolve")
    email, records = desk.email("kinds"), list[Record]()
    for number, channel in enumerate(contract.channels):
        for place, priority in enumerate(contract.priorities):
            if not desk.effort.combined(number, place):
                continue
            record = desk.create(desk.payload(user_email=email, channel=channel, priority=priority))
            records.append(record)
            exchange = desk.call(RESOLVE_CONVERSATION, id=record.id, credential=client_key.by(list(Style)[place // 2 % 2]))
            desk.check("tier.refused", responses.not_refused(exchange), exchange)
    # All of them at once; only one that is not listed as open is read by itself.
    listing = desk.call(LIST_CONVERSATIONS, query={"user_email": email, "limit": contract.page_maximum})
    listed = {item.get("id"): item for item in items_of(listing)}
    for record in records:
        mismatch, after = json_mismatch("open", listed.get(record.id, {}).get("status"), "status"), listing
        if mismatch:
            after = desk.call(GET_CONVERSATION, id=record.id)
            mismatch = json_mismatch("open", after.members.get("status"), "status")
        if not desk.check("tier.refusal-changes-nothing", mismatch, after):
            record.unsure.update(contract.conversation_members)
