"""Origins: a client key that is restricted to one works from there and from nowhere else."""

from urllib.parse import urlsplit

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import items_of
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, GET_CONVERSATION, LIST_CONVERSATIONS, OPERATIONS
from contract_tests.data.lived import create_lived
from contract_tests.data.valid_calls import check_nobody_left, record_accepted, valid_body
from contract_tests.judging.mismatches import lists, responses
from contract_tests.transport.credentials import Credential, Style


@pytest.mark.since(2, "list.fresh")
@pytest.mark.requirements("origin.allowed", "list.fresh")
@pytest.mark.parametrize("style", list(Style))
def test_the_allowed_origin_is_accepted(desk: Helpdesk, contract: Contract, origin_client_key: Credential, style: Style) -> None:
    """All of the organisation's conversations are there for a restricted key, too, whoever created them."""
    record = desk.create()
    for operation_id in allowed_operations(contract):
        body = valid_body(desk, operation_id, record)
        credential = origin_client_key.by(style)
        query = {"user_email": record.email} if operation_id == LIST_CONVERSATIONS else None
        exchange = desk.call(
            operation_id, id=record.id, query=query, body=body, credential=credential, headers={"Origin": desk.target.keys.origin}
        )
        desk.check("origin.allowed", responses.not_accepted(exchange), exchange)
        if exchange.succeeded and operation_id == LIST_CONVERSATIONS:
            listed = [str(item.get("id")) for item in items_of(exchange)]
            desk.check("list.fresh", lists.ids_mismatch({record.id}, listed), exchange)
        if exchange.succeeded:
            record_accepted(operation_id, record)


@pytest.mark.since(2, "origin.allowed", "create.new-user-names")
@pytest.mark.requirements("origin.other", "origin.refusal-changes-nothing", "origin.allowed", "create.new-user-names")
def test_other_origins_are_refused(desk: Helpdesk, contract: Contract, origin_client_key: Credential) -> None:
    records = [create_lived(desk, -1), create_lived(desk, 0, closed=True)]
    marker, subject = desk.email("origin"), desk.subject("From elsewhere")
    before = [desk.take_snapshot(one) for one in records]
    own = urlsplit(desk.target.base_url)
    newer = newer_origins(desk.target.keys.origin)
    origins = [*other_origins(desk.target.keys.origin), f"{own.scheme}://{own.netloc}", *newer]
    operations = allowed_operations(contract)
    anonymous_is_refused = "user_email" in contract[CREATE_CONVERSATION].required
    allowed_host = urlsplit(desk.target.keys.origin).netloc
    beside: tuple[dict[str, str], ...] = (
        {},
        {"Referer": f"{desk.target.keys.origin}/inbox"},
        {"X-Forwarded-Host": allowed_host, "X-Forwarded-For": "127.0.0.1"},
    )
    others = [origin for origin in origins if origin != desk.target.keys.origin]
    for turn, style in enumerate(Style):
        for number, origin in enumerate(others):
            for place, operation_id in enumerate(operations):
                # The two ways of sending the key meet operations that stand apart.
                if not desk.effort.combined(number + turn * (len(operations) // 2), place, len(operations)):
                    continue
                record = records[number % 2]
                body = valid_body(desk, operation_id, record, email=marker)
                if operation_id == CREATE_CONVERSATION and number % 2 and not anonymous_is_refused:
                    body = desk.payload(user_email=None, subject=subject)
                credential = origin_client_key.by(style)
                if number < 3:
                    # A request that was just accepted must not be a reason to accept the next one.
                    allowed = {"Origin": desk.target.keys.origin}
                    reading = desk.call(GET_CONVERSATION, id=record.id, credential=credential, headers=allowed)
                    desk.check("origin.allowed", responses.not_accepted(reading), reading)
                query = {"user_email": record.email} if operation_id == LIST_CONVERSATIONS and number % 4 > 1 else None
                # Other headers that name the allowed origin make no difference.
                sent = {"Origin": origin, **beside[(number + place) % len(beside)]}
                with desk.since(2 if origin in newer else 1):
                    exchange = desk.call(operation_id, id=record.id, query=query, body=body, credential=credential, headers=sent)
                    desk.check("origin.other", responses.not_refused(exchange), exchange)
        for one in before:
            desk.check_unchanged(one, "origin.refusal-changes-nothing")
        desk.check_nothing_created(marker, "origin.refusal-changes-nothing", subject=subject)
    check_nobody_left(desk, marker)


@pytest.mark.requirements("tier.refused", "tier.refusal-changes-nothing")
@pytest.mark.parametrize("style", list(Style))
def test_a_restricted_key_is_of_its_tier(desk: Helpdesk, contract: Contract, origin_client_key: Credential, style: Style) -> None:
    record = desk.create()
    before = desk.take_snapshot(record)
    for operation_id in set(OPERATIONS) - set(allowed_operations(contract)):
        body, origin = valid_body(desk, operation_id, record), {"Origin": desk.target.keys.origin}
        exchange = desk.call(operation_id, id=record.id, body=body, credential=origin_client_key.by(style), headers=origin)
        desk.check("tier.refused", responses.not_refused(exchange), exchange)
    desk.check_unchanged(before, "tier.refusal-changes-nothing")


def newer_origins(origin: str) -> list[str]:
    """Parts of an origin, and the domain above it. Version 2 of the catalogue brought them."""
    parts = urlsplit(origin)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    return [f"{parts.scheme}://{host.partition('.')[2] or 'x' + host}{port}", host, origin[:-1]]


def allowed_operations(contract: Contract) -> list[str]:
    return [name for name in OPERATIONS if "client" in contract[name].tiers]


def other_origins(origin: str) -> list[str]:
    """Origins that differ in host, scheme or port, also where a careless comparison sees no difference."""
    parts = urlsplit(origin)
    host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    scheme = "http" if parts.scheme == "https" else "https"
    return [
        "https://elsewhere.example.net",
        f"{parts.scheme}://{host}.example.net{port}",
        f"{parts.scheme}://not-{host}{port}",
        f"{parts.scheme}://sub.{host}{port}",
        f"{parts.scheme}://{host}{port}@elsewhere.example.net",
        f"{scheme}://{host}{port}",
        f"{parts.scheme}://{host}:{(parts.port or 8000) + 1}",
        f"{parts.scheme}://{host.replace('.', 'x', 1)}{port}" if "." in host else f"{parts.scheme}://{host}x{port}",
        "http://localhost:3000" if host != "localhost" else "http://127.0.0.1:3000",
        f"https://elsewhere.example.net {origin}",
        "null",
    ]
