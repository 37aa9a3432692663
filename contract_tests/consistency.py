"""Waiting for a write to show, on a server that says it needs a moment (`--consistency-window`).

Off by default: what is acknowledged must be readable at once. The waiting judges nothing; what is not there when the window ends is
judged by the tests, as on any other server.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from contract_tests.exchange import Exchange

_PAUSE = 0.02

Ask = Callable[[str, str, Mapping[str, Any]], Exchange]
"""Sends a read, by operationId, conversation id and query, without judging it."""


def wait_until_shown(ask: Ask, operation_id: str, conversation_id: str, answer: Exchange, window: float) -> None:
    """Return when what a write did shows wherever it belongs, or when the window, in seconds, has passed."""
    deadline = time.monotonic() + window
    while not _shows(ask, operation_id, conversation_id, answer) and time.monotonic() < deadline:
        time.sleep(_PAUSE)


def _shows(ask: Ask, operation_id: str, conversation_id: str, answer: Exchange) -> bool:
    if operation_id == "createMessage":
        sent = json.loads(answer.call.body or b"{}").get("body")
        return sent in [item.get("body") for item in _items(ask("listMessages", conversation_id, {}))]
    shown = str(answer.members.get("id", conversation_id))
    requester = answer.members.get("requester")
    email = requester.get("email") if isinstance(requester, dict) else None
    query = {"status": answer.members.get("status"), **({"user_email": email} if email else {})}
    first = ask("listConversations", "", query)
    count = first.members.get("count")
    last = ask("listConversations", "", {**query, "offset": max(0, count - 1) if isinstance(count, int) else 0})
    return any(item.get("id") == shown for item in (*_items(first), *_items(last)))


def _items(exchange: Exchange) -> list[dict[str, Any]]:
    results = exchange.members.get("results")
    return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []
