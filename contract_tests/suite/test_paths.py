"""Other spellings of a path: what key, tier and organisation forbid stays forbidden there, whatever is answered.

The status is not judged: a server may serve such a path as what it normalises to, or refuse it in any way. What counts is what is
shown to which key, and what has changed.
"""

import itertools
from collections.abc import Iterator

import pytest

from contract_tests.client.api import JSON
from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.snapshots import Snapshot
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_MESSAGE, GET_CONVERSATION, LIST_MESSAGES, RESOLVE_CONVERSATION
from contract_tests.judging.mismatches import Mismatch, shown
from contract_tests.model.ledger import Record
from contract_tests.transport.credentials import Credential, Style
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import Withheld, other_spellings

REQUIREMENT = "any.other-paths"


def spellings(path: str, conversation_id: str) -> list[str]:
    """Return spellings of a path that a proxy or a router may take for the documented path, or for another."""
    last = path.rstrip("/").rpartition("/")[2]
    before = path.rstrip("/").rpartition("/")[0]
    return [
        path.replace(f"/{conversation_id}", f"//{conversation_id}"),
        f"{before}//{last}/",
        "/" + path,
        path.replace(conversation_id, f"{conversation_id};x=1"),
        f"{before}/{last};x=1/",
        f"{before}/{last}/;x=1",
        f"{before}%2F{last}/",
        path.replace(conversation_id, f"{conversation_id}%00"),
        f"{before}/{last}%00/",
        f"{before}/x/../{last}/",
        f"{before}/./{last}/",
        f"{before}/x/%2e%2e/{last}/",
        f"{before}/%{ord(last[0]):02x}{last[1:]}/",
        f"{before}/{last}%20/",
        f"{before}/{last}.json",
        f"{before}/{last}",
        f"{before}/{last}//",
        f"{before}/{last.upper()}/",
        *(path.replace(conversation_id, one) for one in other_spellings(conversation_id)),
    ]


def some_spellings(desk: Helpdesk, path: str, conversation_id: str, part: int, parts: int) -> list[str]:
    """Return the spellings of a path: all, or at a sparse effort every n-th, with n = `parts`, from position `part` on.

    The path without its slash, which many servers have a route of its own for, is always among them.
    """
    found = spellings(path, conversation_id)
    return [*dict.fromkeys([*found[part::parts], path.rstrip("/")] if desk.effort.sparse else found)]


@pytest.mark.since(2)
@pytest.mark.requirements(REQUIREMENT)
def test_no_spelling_of_a_path_lets_a_client_key_resolve(desk: Helpdesk, contract: Contract, client_key: Credential) -> None:
    operation = contract[RESOLVE_CONVERSATION]
    if "client" in operation.tiers:
        pytest.skip("the contract lets client keys resolve")
    record = _create_written_to(desk)
    styles = itertools.cycle(client_key.by(style) for style in Style)
    calls = (
        Call(operation.method, path, credential=next(styles))
        for path in some_spellings(desk, operation.path_for(record.id), record.id, 0, 1)
    )
    _check_nothing_changes(desk, desk.take_snapshot(record), "a client key", calls)


@pytest.mark.since(2)
@pytest.mark.requirements(REQUIREMENT)
def test_no_spelling_of_a_path_does_without_a_key(desk: Helpdesk, contract: Contract) -> None:
    record = _create_written_to(desk)
    before = desk.take_snapshot(record)
    for part, name in enumerate((GET_CONVERSATION, LIST_MESSAGES)):
        for path in some_spellings(desk, contract[name].path_for(record.id), record.id, part, 3):
            _check_nothing_shown(desk, record, "no key", desk.target.send(Call(contract[name].method, path)))
    resolve = contract[RESOLVE_CONVERSATION]
    calls = (Call(resolve.method, path) for path in some_spellings(desk, resolve.path_for(record.id), record.id, 2, 3))
    _check_nothing_changes(desk, before, "no key", calls)


@pytest.mark.since(2)
@pytest.mark.requirements(REQUIREMENT)
def test_no_spelling_of_a_path_leads_to_another_organisation(
    desk: Helpdesk, contract: Contract, other_server_key: Credential
) -> None:
    record = _create_written_to(desk)
    before = desk.take_snapshot(record)
    styles = itertools.cycle(other_server_key.by(style) for style in Style)
    for part, name in enumerate((GET_CONVERSATION, LIST_MESSAGES)):
        for path in some_spellings(desk, contract[name].path_for(record.id), record.id, part + 2, 4):
            exchange = desk.target.send(Call(contract[name].method, path, credential=next(styles)))
            _check_nothing_shown(desk, record, "another organisation's key", exchange)
    message = f'{{"body": "{desk.body("From elsewhere")}", "user_email": "{record.email}"}}'.encode()
    calls = (
        Call(contract[name].method, path, headers=JSON if body else {}, body=body, credential=next(styles))
        for part, (name, body) in enumerate(((RESOLVE_CONVERSATION, None), (CREATE_MESSAGE, message)))
        for path in some_spellings(desk, contract[name].path_for(record.id), record.id, part, 4)
    )
    _check_nothing_changes(desk, before, "another organisation's key", calls)


def _create_written_to(desk: Helpdesk) -> Record:
    record = desk.create()
    desk.send(record, desk.body("For our eyes"))
    return record


def _check_nothing_shown(desk: Helpdesk, record: Record, who: str, exchange: Exchange) -> None:
    """Judge that a response shows nothing of a conversation: neither its subject nor its message."""
    text = exchange.body.decode("utf-8", "replace")
    secrets = (str(record.shown.get("subject")), record.messages[0].body)
    # A page may repeat the path that it does not know, and so the id.
    told = next((secret for secret in secrets if secret in text), None)
    leak = Mismatch(f"{who}: another spelling of the path shows the conversation", "nothing of it", shown(told)) if told else None
    desk.check(REQUIREMENT, leak, exchange)


def _check_nothing_changes(desk: Helpdesk, before: Snapshot, who: str, calls: Iterator[Call]) -> None:
    """Judge that forbidden calls change nothing: once after all of them, and immediately after one that seems to succeed."""
    last: Exchange | None = None
    withheld: Withheld | None = None
    for call in calls:
        try:
            last = desk.target.send(call)
        except Withheld as error:
            # If one spelling may not be sent, the others are still judged.
            withheld = error
            continue
        if last.succeeded and not _check_unchanged(desk, before, who, last):
            return
    if last is None:
        raise withheld or AssertionError("There was no call.")
    _check_unchanged(desk, before, who, last)


def _check_unchanged(desk: Helpdesk, before: Snapshot, who: str, after: Exchange) -> bool:
    status = desk.call(GET_CONVERSATION, id=before.id).members.get("status")
    items, _ = desk.read_messages(before.id)
    known = {str(item.get("id")) for item in before.messages}
    added = [item for item in items if str(item.get("id")) not in known and desk.run_id in str(item.get("body"))]
    mismatch = None
    if status != before.members["status"]:
        told = f"{who}: a conversation changed by another spelling of the path, of which {after.call.path} was the last"
        mismatch = Mismatch(told, shown(before.members["status"]), shown(status))
    elif added:
        told = f"{who}: a message was added by another spelling of the path, of which {after.call.path} was the last"
        mismatch = Mismatch(told, "no message", shown(added[0]))
    if mismatch is not None and before.id in desk.ledger.records:
        desk.ledger.records[before.id].unsure.update(desk.contract.conversation_members)
    return desk.check(REQUIREMENT, mismatch, after)
