"""What a careful server keeps to itself, and what it lets a browser do: conventions, and so warnings."""

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.data.valid_calls import valid_body
from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.suite.test_origins import allowed_operations
from contract_tests.transport.credentials import Credential, Style
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import is_uuid

_BY_ID = (GET_CONVERSATION, LIST_MESSAGES, CREATE_MESSAGE, RESOLVE_CONVERSATION)


@pytest.mark.since(2)
@pytest.mark.requirements("isolation.existence")
def test_a_foreign_id_is_answered_as_an_unknown_one(desk: Helpdesk, other_server_key: Credential) -> None:
    record = desk.create()
    if not is_uuid(record.id):
        desk.judge.note_untested("isolation.existence", "Where ids are no UUIDs, none can be made up that surely nobody has.")
        return
    unknown = desk.target.guard.invent(desk.random)
    for operation_id in _BY_ID:
        body = valid_body(desk, operation_id, record)
        foreign, absent = (desk.call(operation_id, id=one, body=body, credential=other_server_key) for one in (record.id, unknown))
        desk.check("isolation.existence", _told_apart(foreign, absent), foreign)


@pytest.mark.since(2)
@pytest.mark.requirements("origin.preflight", "origin.readable")
def test_a_browser_is_let_through_from_the_allowed_origin(
    desk: Helpdesk, contract: Contract, origin_client_key: Credential
) -> None:
    record, origin = desk.create(), desk.target.keys.origin
    names = (CREATE_CONVERSATION, LIST_CONVERSATIONS)
    for name, style in zip((one for one in names if one in allowed_operations(contract)), Style, strict=False):
        operation, header = contract[name], "x-api-key" if style is Style.HEADER else "authorization"
        asked = f"{header},content-type" if operation.method == "POST" else header
        preflight = {"Origin": origin, "Access-Control-Request-Method": operation.method, "Access-Control-Request-Headers": asked}
        exchange = desk.target.send(Call("OPTIONS", operation.path_for(record.id), headers=preflight))
        desk.check("origin.preflight", _held_back(exchange, origin, operation.method, asked), exchange)
        body = valid_body(desk, name, record)
        reading = desk.call(name, body=body, credential=origin_client_key.by(style), headers={"Origin": origin})
        desk.check("origin.readable", _unreadable(reading, origin), reading)


def _told_apart(foreign: Exchange, absent: Exchange) -> Mismatch | None:
    def told(exchange: Exchange) -> str:
        return f"{exchange.status} with {', '.join(sorted(exchange.members)) or 'no members'}"

    if foreign.succeeded or told(foreign) == told(absent):
        return None
    return Mismatch("the id of another organisation's conversation is told from an unknown one", told(absent), told(foreign))


def _unreadable(exchange: Exchange, origin: str) -> Mismatch | None:
    allowed = exchange.headers.get("access-control-allow-origin")
    if allowed in ("*", origin):
        return None
    return Mismatch("the browser may not read the response", f"Access-Control-Allow-Origin: {origin}", shown(allowed))


def _held_back(exchange: Exchange, origin: str, method: str, asked: str) -> Mismatch | None:
    """Return why a browser would not send the request that it asked for (Fetch, CORS-preflight)."""
    if not exchange.succeeded:
        return Mismatch(f"the preflight is answered {exchange.status}", "2xx", str(exchange.status))
    if found := _unreadable(exchange, origin):
        return found
    if method not in ("GET", "POST") and method not in _listed(exchange, "methods"):
        return Mismatch(f"the preflight does not allow {method}", method, ", ".join(_listed(exchange, "methods")))
    # The wildcard `*` does not cover Authorization.
    allowed = _listed(exchange, "headers")
    lacking = [name for name in asked.split(",") if name not in allowed and ("*" not in allowed or name == "authorization")]
    return Mismatch(f"the preflight does not allow {lacking[0]}", asked, ", ".join(allowed)) if lacking else None


def _listed(exchange: Exchange, what: str) -> list[str]:
    value = exchange.headers.get(f"access-control-allow-{what}", "")
    return [one.strip() if what == "methods" else one.strip().lower() for one in value.split(",")]
