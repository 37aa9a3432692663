"""Waiting for a write to show, on a server that says it needs a moment (`--consistency-window`).

Off by default: an acknowledged write must be visible at once. Waiting judges nothing: if a write is not visible when the window
ends, the tests report it, as on any other server.
"""

import time
from collections.abc import Callable

from contract_tests.client.api import Ask
from contract_tests.client.pages import items_of
from contract_tests.contract.json_text import parse
from contract_tests.contract.operations import CREATE_MESSAGE, LIST_CONVERSATIONS, LIST_MESSAGES
from contract_tests.transport.exchange import Exchange

_PAUSE = 0.02


def wait_until_shown(
    ask: Ask, operation_id: str, conversation_id: str, response: Exchange, window: float, sleep: Callable[[float], None]
) -> None:
    """Return when a write is visible in the list that it belongs in, or after `window` seconds."""
    deadline = time.monotonic() + window
    while not _shows(ask, operation_id, conversation_id, response) and time.monotonic() < deadline:
        sleep(_PAUSE)


def _shows(ask: Ask, operation_id: str, conversation_id: str, response: Exchange) -> bool:
    if operation_id == CREATE_MESSAGE:
        sent = parse(response.call.body or b"{}").get("body")
        return sent in [item.get("body") for item in items_of(ask(LIST_MESSAGES, conversation_id, {}))]
    shown = str(response.members.get("id", conversation_id))
    requester = response.members.get("requester")
    email = requester.get("email") if isinstance(requester, dict) else None
    query = {"status": response.members.get("status"), **({"user_email": email} if email else {})}
    first = ask(LIST_CONVERSATIONS, "", query)
    count = first.members.get("count")
    last = ask(LIST_CONVERSATIONS, "", {**query, "offset": max(0, count - 1) if isinstance(count, int) else 0})
    return any(item.get("id") == shown for item in (*items_of(first), *items_of(last)))
