"""Keys: both ways of sending them work, and nothing but a valid key does."""

import pytest

from contract_tests.client import ACCEPTED
from contract_tests.contract import OPERATIONS
from contract_tests.credentials import (
    Credential,
    Forgery,
    Style,
    altered_keys,
    empty_keys,
    malformed_authorizations,
    other_schemes,
    unknown_keys,
)
from contract_tests.expectations import Mismatch, answers
from contract_tests.helpdesk import Helpdesk
from contract_tests.ledger import Record
from contract_tests.valid_calls import accepted, valid_body


@pytest.mark.requirements("auth.x-api-key", "auth.bearer", "auth.client-operations")
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_valid_keys_are_accepted(desk: Helpdesk, operation_id: str) -> None:
    exchanges = []
    for credential in desk.credentials(operation_id):
        record = Record("", None, {}) if operation_id == "createConversation" else desk.create_by_any()
        body = valid_body(desk, operation_id, record)
        exchanges.append((credential, desk.call(operation_id, id=record.id, body=body, credential=credential)))
        if exchanges[-1][1].succeeded:
            accepted(operation_id, record)
    # Where no key at all is accepted, the operation is what is wrong, unless it is said to be the key.
    works = any(exchange.succeeded for _, exchange in exchanges)
    for credential, exchange in exchanges:
        mismatch = answers.is_accepted(exchange) if works or exchange.status in (401, 403) else None
        if exchange.status != 401:
            desk.judge.check(ACCEPTED[credential.style], mismatch, exchange)
        if credential.tier == "client":
            desk.judge.check("auth.client-operations", mismatch, exchange)


@pytest.mark.requirements("auth.missing-key", "auth.refusal-body", "auth.refusal-changes-nothing")
def test_a_request_without_a_key_is_refused(desk: Helpdesk) -> None:
    refused_everywhere(desk, "auth.missing-key", [Forgery("no key", {}, "")])


@pytest.mark.requirements("auth.empty-key")
def test_an_empty_key_is_refused(desk: Helpdesk) -> None:
    refused_everywhere(desk, "auth.empty-key", empty_keys())


@pytest.mark.requirements("auth.invalid-key", "auth.refusal-body", "auth.refusal-changes-nothing")
def test_keys_that_were_never_issued_are_refused(desk: Helpdesk) -> None:
    refused_everywhere(desk, "auth.invalid-key", unknown_keys(desk.target.keys.server))


@pytest.mark.requirements("auth.altered-key", "auth.refusal-body", "auth.refusal-changes-nothing")
def test_an_altered_server_key_is_refused(desk: Helpdesk) -> None:
    refused_everywhere(desk, "auth.altered-key", altered_keys(desk.target.keys.server))


@pytest.mark.requirements("auth.altered-key")
def test_an_altered_client_key_is_refused(desk: Helpdesk, client_key: Credential) -> None:
    refused_everywhere(desk, "auth.altered-key", altered_keys(client_key))


@pytest.mark.requirements("auth.revoked-key")
def test_a_revoked_key_is_refused(desk: Helpdesk, revoked_key: Credential) -> None:
    refused_everywhere(desk, "auth.revoked-key", [as_sent(revoked_key, style) for style in Style])


@pytest.mark.requirements("auth.malformed-authorization")
def test_a_malformed_authorization_is_refused(desk: Helpdesk) -> None:
    refused_everywhere(desk, "auth.malformed-authorization", malformed_authorizations(desk.target.keys.server))


@pytest.mark.requirements("auth.malformed-authorization")
def test_a_malformed_authorization_with_a_client_key_is_refused(desk: Helpdesk, client_key: Credential) -> None:
    refused_everywhere(desk, "auth.malformed-authorization", malformed_authorizations(client_key))


@pytest.mark.requirements("auth.other-scheme")
def test_another_authentication_scheme_is_refused(desk: Helpdesk) -> None:
    refused_everywhere(desk, "auth.other-scheme", other_schemes(desk.target.keys.server))


def refused_everywhere(desk: Helpdesk, requirement: str, forgeries: list[Forgery]) -> None:
    """Each forgery is refused with the documented 401 on each operation, and nothing comes of it."""
    assert forgeries
    record = desk.create_by_any()
    before = desk.snapshot(record)
    marker = desk.email("forged")
    issued = {credential.key for credential in desk.target.keys.named().values()} if requirement == "auth.altered-key" else set()
    forgeries = [forgery for forgery in forgeries if forgery.secret not in issued]
    for number, forgery in enumerate(forgeries):
        for place, operation_id in enumerate(OPERATIONS):
            # The two ways of sending the same key follow each other: together they meet every operation.
            if len(forgeries) > 2 and not desk.effort.combined(number + number // 2, place):
                continue
            body = valid_body(desk, operation_id, record, email=marker)
            # Every other list is filtered: that may be another way through the server.
            query = {"user_email": record.email, "offset": 1} if operation_id == "listConversations" and number % 2 else None
            exchange = desk.call(operation_id, id=record.id, query=query, body=body, forgery=forgery)
            desk.judge.check(requirement, _with(forgery, answers.status_is(exchange, 401)), exchange)
            if exchange.status == 401:
                desk.judge.check("auth.refusal-body", answers.has_text_detail(exchange), exchange)
    desk.unchanged(before, "auth.refusal-changes-nothing")
    desk.nothing_created(marker, "auth.refusal-changes-nothing")


def as_sent(credential: Credential, style: Style) -> Forgery:
    """A credential that must not be accepted."""
    by = credential.by(style)
    (name, value), *_ = by.headers().items()
    return Forgery(str(by), by.headers(), f'-H "{name}: {value.replace(credential.key, credential.shell)}"', credential.key)


def _with(forgery: Forgery, mismatch: Mismatch | None) -> Mismatch | None:
    if mismatch is None:
        return None
    return Mismatch(f"{forgery.label}: {mismatch.summary}", mismatch.expected, mismatch.actual)
