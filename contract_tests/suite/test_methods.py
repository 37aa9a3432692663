"""Methods that are not documented may be answered with anything, and change nothing."""

import json
from contextlib import suppress

import pytest

from contract_tests.client.api import JSON
from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    OPERATIONS,
    RESOLVE_CONVERSATION,
)
from contract_tests.judging.mismatches import Mismatch
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import Withheld

_TRIES = 3
"""How often a request must seem to create something, while nothing appears without it, before it is reported."""

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "POST")

_REPLACING = ("PUT", "PATCH", "DELETE")
"""Methods that, sent to the whole list, affect everybody's conversations: a server may ignore a filter or a body."""


def _may_be_sent(contract: Contract, operation_id: str, method: str) -> bool:
    """Return whether an undocumented method can only affect this run: on the list, it may replace or delete everything.

    On the path of create, only DELETE is risky: it may delete what a filter selects.
    """
    refrained = {LIST_CONVERSATIONS: _REPLACING, CREATE_CONVERSATION: ("DELETE",)}.get(operation_id, ())
    path = contract[operation_id].path
    return method not in refrained and method not in (one.method for one in contract.operations.values() if one.path == path)


_OVERRIDING = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
"""Headers by which some frameworks take a request for one of another method; others read `_method` in the query."""

_OVERRIDDEN = {
    GET_CONVERSATION: ("POST", "DELETE", "server"),
    LIST_MESSAGES: ("POST", "PUT", "server"),
    RESOLVE_CONVERSATION: ("GET", "POST", "client"),
}
"""By operation: the method that is sent, the one in the override headers, and the tier of the key, which allows neither."""


class Bystander:
    """A conversation that undocumented methods are aimed at, with a message, as it was before; another one once it was changed."""

    def __init__(self, desk: Helpdesk) -> None:
        self._desk = desk
        self.renew()

    def renew(self) -> None:
        """Create it, or another in its place."""
        desk, email = self._desk, self._desk.email("method")
        self.record = desk.create(desk.payload(user_email=email, priority=desk.contract.priorities[0], metadata={"a": 1}))
        self.email = email
        desk.send(self.record, desk.body())
        self.before = desk.take_snapshot(self.record)


@pytest.fixture(scope="module")
def bystander(desk: Helpdesk) -> Bystander:
    """One for all operations, which is looked at after each."""
    return Bystander(desk)


@pytest.mark.requirements("any.undocumented-methods")
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_undocumented_methods_change_nothing(desk: Helpdesk, contract: Contract, bystander: Bystander, operation_id: str) -> None:
    record, email = bystander.record, bystander.email
    changes = {"subject": "Changed", "status": "closed", "priority": contract.priorities[-1], "metadata": {}, "user_email": email}
    body = json.dumps({**changes, "body": "Changed"}).encode()
    # Some read a request's parameters wherever they stand.
    query = (("subject", "Changed"), ("status", "closed"), ("user_email", email), ("body", "Changed"))
    for number, credential in enumerate(desk.credentials(GET_CONVERSATION)):
        for place, method in enumerate(METHODS):
            # Replacing methods are sent with a key of each tier, the others only with server keys.
            if method not in _REPLACING and credential.tier != "server" and desk.effort.sparse:
                continue
            if _may_be_sent(contract, operation_id, method) and desk.effort.combined(number, place):
                path = contract[operation_id].path_for(record.id)
                # Where the path of create can be read, the word may be somebody's id.
                with suppress(Withheld):
                    desk.target.send(Call(method, path, query, JSON, body, credential))
    unchanged = desk.check_unchanged(bystander.before, "any.undocumented-methods")
    with desk.since(2):
        unchanged = _overridden_methods_change_nothing(desk, bystander, operation_id) and unchanged
    page = desk.list_page(user_email=email)
    desk.check_page_is(page, {record.id}, "any.undocumented-methods")
    if not unchanged or page.ids != [record.id]:
        bystander.renew()


def _overridden_methods_change_nothing(desk: Helpdesk, bystander: Bystander, operation_id: str) -> bool:
    """Whether nothing is changed by requests that are said to be of another method."""
    if operation_id not in _OVERRIDDEN:
        return True
    method, meant, tier = _OVERRIDDEN[operation_id]
    path = desk.contract[operation_id].path_for(bystander.record.id)
    headers = {**JSON, **dict.fromkeys(_OVERRIDING, meant)}
    for credential in desk.credentials(GET_CONVERSATION):
        if credential.tier == tier:
            desk.target.send(Call(method, path, (("_method", meant),), headers, b"{}", credential))
    return desk.check_unchanged(bystander.before, "any.undocumented-methods")


@pytest.mark.since(2)
@pytest.mark.requirements("any.undocumented-methods")
def test_undocumented_methods_create_nothing(desk: Helpdesk, contract: Contract) -> None:
    """Not even a conversation that shows nothing of the request: the organisation has as many as before.

    Others may create some meanwhile. What the request creates appears each time that it is sent, and never without it.
    """
    create = contract[CREATE_CONVERSATION]
    calls = [
        Call(method, contract[operation_id].path, credential=desk.next_credential(operation_id))
        for operation_id in (CREATE_CONVERSATION, LIST_CONVERSATIONS)
        for method in ("GET", "POST", "PUT")
        if _may_be_sent(contract, operation_id, method)
    ]
    server = desk.target.keys.server
    calls += [Call("GET", create.path, (("subject", "Appeared"),), credential=server), Call("HEAD", create.path, credential=server)]
    before, _ = _count(desk)
    sent = []
    for call in calls:
        # As above: if this call is withheld, the others are still judged.
        with suppress(Withheld):
            desk.target.send(call)
            sent.append(call)
    after, exchange = _count(desk)
    # Reads first: before another is sent, it is asked by a GET whether its path is somebody's conversation.
    sent.sort(key=lambda call: call.method not in ("GET", "HEAD"))
    found = next((found for call in sent if (found := _created_by(desk, call))), None) if after > before else None
    if found is None:
        desk.check("any.undocumented-methods", None, exchange)
        return
    created, counted, exchange = found
    desk.check("any.undocumented-methods", created, exchange, because=counted)


def _created_by(desk: Helpdesk, call: Call) -> tuple[Mismatch, list[Exchange], Exchange] | None:
    """Return what is wrong if a request adds one conversation each time, and none appears without it.

    It comes with the count before the request, its exchange, and the count after it. The number of counts grows each time, so that
    what others create at every n-th request cannot coincide with it.
    """
    for attempt in range(_TRIES):
        counted = [_count(desk) for _ in range(2 + attempt)]
        before, reading = counted[-1]
        sent = desk.target.send(call)
        after, exchange = _count(desk)
        if len({count for count, _ in counted}) > 1 or after != before + 1:
            return None
    told = f"{call.method} {call.path} is no documented request, and there is a conversation more each time that it is sent"
    return Mismatch(told, f"as many as before, {before}", f"one more, {after}", "/count"), [reading, sent], exchange


def _count(desk: Helpdesk) -> tuple[int, Exchange]:
    page = desk.list_page(limit=1)
    return page.count, page.exchange
