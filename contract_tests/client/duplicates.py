"""Was a request that was sent again, after no response or a gateway error, carried out twice?

If a gateway fails, the server behind it may have carried out the request. A second time is then not its fault, and what follows
cannot be judged.
"""

from collections.abc import Mapping
from typing import Any

from contract_tests.client.api import Ask
from contract_tests.client.pages import items_of
from contract_tests.contract.json_text import parse
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.judging.mismatches.values import is_text
from contract_tests.model.ledger import Ledger
from contract_tests.transport.exchange import Exchange

_CONFLICT = 409


def done_twice(ask: Ask, ledger: Ledger, operation_id: str, conversation_id: str, exchange: Exchange) -> bool:
    """Return whether a call that was sent twice was visibly carried out twice."""
    if operation_id == RESOLVE_CONVERSATION:
        return exchange.status == _CONFLICT
    sent = _sent(exchange)
    if not exchange.succeeded or not sent:
        return False
    if operation_id == CREATE_CONVERSATION:
        return _created_twice(ask, ledger, sent)
    return operation_id == CREATE_MESSAGE and _listed_twice(ask, conversation_id, str(sent.get("body")))


def _created_twice(ask: Ask, ledger: Ledger, sent: Mapping[str, Any]) -> bool:
    email, subject = sent.get("user_email"), sent.get("subject")
    if not isinstance(email, str) or not email:
        # Conversations without an address cannot be selected and counted.
        return False
    expected = 1 + sum(1 for record in ledger.of(email) if record.shown.get("subject") == subject)
    return (
        sum(1 for item in _both_ends(ask, LIST_CONVERSATIONS, "", {"user_email": email}) if item.get("subject") == subject)
        > expected
    )


def _listed_twice(ask: Ask, conversation_id: str, body: str) -> bool:
    # A server may add a reply that quotes it: that is another message.
    return sum(1 for item in _both_ends(ask, LIST_MESSAGES, conversation_id, {}) if is_text(body, item.get("body"))) > 1


def _both_ends(ask: Ask, operation_id: str, conversation_id: str, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the items of the first and the last page of a list, each once: new ones are there in either order."""
    first = ask(operation_id, conversation_id, query)
    held, count = items_of(first), first.members.get("count")
    if isinstance(count, int) and count > len(held):
        held += items_of(ask(operation_id, conversation_id, {**query, "offset": max(len(held), count - len(held))}))
    return list({str(item.get("id")): item for item in held}.values())


def _sent(exchange: Exchange) -> Mapping[str, Any]:
    """The members of the request's body, where it is a JSON object."""
    try:
        body = parse(exchange.call.body or b"")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
