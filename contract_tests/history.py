"""The writes of a run, so that evidence can say how the server came to where it showed a violation."""

from collections import OrderedDict

from contract_tests.exchange import Exchange

KEPT_CONVERSATIONS = 2_000
"""Conversations whose writes are remembered; of a longer run, the latest."""

MOST_STEPS = 12
"""Writes that a reproduction lists: the last ones, where there were more."""


class History:
    """The acknowledged creates, messages and resolves, by conversation."""

    def __init__(self) -> None:
        self._writes: OrderedDict[str, list[Exchange]] = OrderedDict()
        self._emails: dict[str, list[str]] = {}

    def note(self, conversation_id: str, exchange: Exchange, email: str | None = None) -> None:
        """Remember a write. `email` is the requester's, where it is a create."""
        self._writes.setdefault(conversation_id, []).append(exchange)
        if email is not None:
            self._emails.setdefault(email, []).append(conversation_id)
        if len(self._writes) > KEPT_CONVERSATIONS:
            self._writes.popitem(last=False)

    def before(self, exchange: Exchange) -> list[tuple[str, Exchange]]:
        """The writes to the conversations that an exchange is about, each with its conversation's id, oldest first."""
        ids = [part for part in exchange.call.path.split("/") if part in self._writes]
        if not ids:
            said = dict(exchange.call.query).get("user_email") or _requester(exchange)
            ids = [one for one in self._emails.get(said, ()) if one in self._writes]
        steps = [
            (conversation_id, write)
            for conversation_id in dict.fromkeys(ids)
            for write in self._writes[conversation_id]
            if write is not exchange
        ]
        return steps[-MOST_STEPS:]


def _requester(exchange: Exchange) -> str:
    """The requester's address in the answer to a create, which the request named."""
    requester = exchange.members.get("requester")
    email = requester.get("email") if isinstance(requester, dict) else None
    return email if isinstance(email, str) and exchange.call.method == "POST" else ""
