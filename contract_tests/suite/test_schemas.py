"""Requests that Schemathesis derives from the contract: none is a server error, and each response has its documented form."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import OPERATIONS
from contract_tests.effort import Effort
from contract_tests.run.settings import Settings
from contract_tests.transport.exchange import Call
from contract_tests.transport.stopping import LEFT_OUT

pytestmark = [pytest.mark.last(5), pytest.mark.long(4)]


@pytest.mark.requirements("any.no-server-error", "any.json")
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_generated_requests(desk: Helpdesk, contract: Contract, effort: Effort, run_settings: Settings, operation_id: str) -> None:
    """Valid and invalid requests. What they do to the server is not followed; they have conversations of their own."""
    if not effort.schema_cases:
        pytest.skip(f"{LEFT_OUT}effort")
    record = desk.create()
    for case in _cases(contract, operation_id, effort, run_settings.seed):
        desk.send_anything(operation_id, _call(case, record.id, desk.next_credential(operation_id)))
    record.unsure.update(contract.conversation_members)


def _cases(contract: Contract, operation_id: str, effort: Effort, number: int) -> Iterator[Any]:
    import schemathesis

    schema = schemathesis.openapi.from_dict(dict(contract.document), config=schemathesis.Config.from_dict({}))
    operation = schema.find_operation_by_id(operation_id)
    found: list[Any] = []

    def keep(case: Any) -> None:
        found.append(case)

    for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
        budget = settings(
            max_examples=effort.schema_cases,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        strategy = operation.as_strategy(generation_mode=mode)
        seed(number)(budget(given(strategy)(keep)))()
    return iter(found)


def _call(case: Any, conversation_id: str, credential: Any) -> Call:
    query = tuple((name, str(value)) for name, value in (case.query or {}).items() if not isinstance(value, list | dict))
    has_body = type(case.body).__name__ != "NotSet"
    body = (case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()) if has_body else None
    headers = {"Content-Type": "application/json"} if has_body else {}
    return Call(case.method.upper(), case.operation.path.replace("{id}", conversation_id), query, headers, body, credential)
