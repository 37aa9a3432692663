"""Tiers: where only server keys may call, a client key is refused and changes nothing."""

import pytest

from contract_tests.contract import OPERATIONS, Contract
from contract_tests.credentials import Credential, Style
from contract_tests.exchange import Call
from contract_tests.expectations import answers
from contract_tests.expectations.values import same_json
from contract_tests.helpdesk import Helpdesk
from contract_tests.valid_calls import valid_body


@pytest.mark.requirements("tier.refused", "tier.refusal-status", "tier.refusal-changes-nothing")
@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("state", ["new", "with messages", "closed", "anonymous"])
def test_client_keys_are_refused_where_only_server_keys_may_call(
    desk: Helpdesk, contract: Contract, client_key: Credential, style: Style, state: str
) -> None:
    forbidden = [name for name in OPERATIONS if "client" not in contract[name].tiers]
    if not forbidden:
        pytest.skip("the contract lets client keys call everything")
    anonymous = state == "anonymous" and "user_email" not in contract["createConversation"].required
    record, marker = desk.create(desk.payload(user_email=None) if anonymous else None), desk.email("tier")
    if state in ("with messages", "closed"):
        desk.send(record, desk.body())
    if state == "closed":
        desk.resolve(record)
    before = desk.snapshot(record)
    # Who is refused tries again.
    for _ in range(2 if style is Style.HEADER else 1):
        for operation_id in forbidden:
            body = valid_body(desk, operation_id, record, email=marker)
            exchange = desk.call(operation_id, id=record.id, body=body, credential=client_key.by(style))
            desk.judge.check("tier.refused", answers.is_refused(exchange), exchange)
            desk.judge.check("tier.refusal-status", answers.status_is(exchange, 403, 401), exchange)
        desk.unchanged(before, "tier.refusal-changes-nothing")
    if "createConversation" in forbidden:
        desk.nothing_created(marker, "tier.refusal-changes-nothing")
    # Without the slash at its end it is no documented path, and no way around the door.
    for operation_id in forbidden:
        operation = contract[operation_id]
        path = operation.path_for(record.id).rstrip("/")
        for key in (client_key.by(style), None):
            desk.target.send(Call(operation.method, path, credential=key))
    desk.unchanged(before, "tier.refusal-changes-nothing")


@pytest.mark.requirements("tier.refused", "tier.refusal-changes-nothing")
def test_client_keys_are_refused_for_every_kind_of_conversation(desk: Helpdesk, contract: Contract, client_key: Credential) -> None:
    if "client" in contract["resolveConversation"].tiers:
        pytest.skip("the contract lets client keys resolve")
    for number, channel in enumerate(contract.channels):
        for place, priority in enumerate(contract.priorities):
            if not desk.effort.combined(number, place):
                continue
            record = desk.create(desk.payload(channel=channel, priority=priority))
            exchange = desk.call("resolveConversation", id=record.id, credential=client_key.by(list(Style)[place // 2 % 2]))
            desk.judge.check("tier.refused", answers.is_refused(exchange), exchange)
            after = desk.call("getConversation", id=record.id)
            kept = same_json("open", after.members.get("status"), "status")
            if not desk.judge.check("tier.refusal-changes-nothing", kept, after):
                record.unsure.update(contract.conversation_members)
