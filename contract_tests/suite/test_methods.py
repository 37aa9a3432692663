"""Methods that are not documented may be answered with anything, and change nothing."""

import json

import pytest

from contract_tests.client import JSON
from contract_tests.contract import OPERATIONS, Contract
from contract_tests.exchange import Call
from contract_tests.helpdesk import Helpdesk

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST")


@pytest.mark.requirements("any.undocumented-methods")
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_undocumented_methods_change_nothing(desk: Helpdesk, contract: Contract, operation_id: str) -> None:
    email = desk.email("method")
    record = desk.create(desk.payload(user_email=email, priority=contract.priorities[0], metadata={"a": 1}))
    desk.send(record, desk.body())
    before = desk.snapshot(record)
    documented = {operation.method for operation in contract.operations.values() if operation.path == contract[operation_id].path}
    changes = {"subject": "Changed", "status": "closed", "priority": contract.priorities[-1], "metadata": {}, "user_email": email}
    body = json.dumps({**changes, "body": "Changed"}).encode()
    # Some read a request's parameters wherever they stand.
    query = (("subject", "Changed"), ("status", "closed"), ("user_email", email), ("body", "Changed"))
    for number, credential in enumerate(desk.credentials("getConversation")):
        for place, method in enumerate(METHODS):
            if method not in documented and desk.effort.combined(number, place):
                path = contract[operation_id].path_for(record.id)
                desk.target.send(Call(method, path, query, JSON, body, credential))
    desk.unchanged(before, "any.undocumented-methods")
    page = desk.page(user_email=email)
    desk.whole(page, {record.id}, "any.undocumented-methods")
