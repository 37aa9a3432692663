"""What was sent again because no answer came, or a gateway's error: was it done twice?

A server behind a gateway that fails may have done what was asked. What it did twice then is not its fault, and what follows cannot
be judged.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from contract_tests.exchange import Exchange
from contract_tests.ledger import Ledger, mark_of

Ask = Callable[[str, str, Mapping[str, Any]], Exchange]
"""Sends a read, by operationId, conversation id and query, without judging it."""

_CONFLICT = 409


def done_twice(ask: Ask, ledger: Ledger, operation_id: str, conversation_id: str, exchange: Exchange) -> bool:
    """Whether a call that was sent twice shows to have been done twice."""
    if operation_id == "resolveConversation":
        return exchange.status == _CONFLICT
    sent = _sent(exchange)
    if not exchange.succeeded or not sent:
        return False
    if operation_id == "createConversation":
        return _created_twice(ask, ledger, sent)
    return operation_id == "createMessage" and _listed_twice(ask, conversation_id, str(sent.get("body")))


def _created_twice(ask: Ask, ledger: Ledger, sent: Mapping[str, Any]) -> bool:
    email, subject = sent.get("user_email"), sent.get("subject")
    if not isinstance(email, str) or not email:
        # Nothing is counted on among the conversations of nobody.
        return False
    expected = 1 + sum(1 for record in ledger.of(email) if record.shown.get("subject") == subject)
    return (
        sum(1 for item in _both_ends(ask, "listConversations", "", {"user_email": email}) if item.get("subject") == subject)
        > expected
    )


def _listed_twice(ask: Ask, conversation_id: str, body: str) -> bool:
    mark = mark_of(body)
    return sum(1 for item in _both_ends(ask, "listMessages", conversation_id, {}) if mark in str(item.get("body"))) > 1


def _both_ends(ask: Ask, operation_id: str, conversation_id: str, query: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the first and the last page of a list hold, whichever way it is ordered; each item once."""
    first = ask(operation_id, conversation_id, query)
    held, count = _items(first), first.members.get("count")
    if isinstance(count, int) and count > len(held):
        held += _items(ask(operation_id, conversation_id, {**query, "offset": max(len(held), count - len(held))}))
    return list({str(item.get("id")): item for item in held}.values())


def _items(exchange: Exchange) -> list[Mapping[str, Any]]:
    results = exchange.members.get("results")
    return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []


def _sent(exchange: Exchange) -> Mapping[str, Any]:
    """The members of the request's body, where it is a JSON object."""
    try:
        body = json.loads(exchange.call.body or b"")
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
