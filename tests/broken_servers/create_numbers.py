"""Servers whose ids or numbers are not unique, or not those of the conversation."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken_servers.create_seams import answered
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, Counter, Event, broken
from mockserver.conversations import Conversations
from mockserver.ids import Ids
from mockserver.records import Conversation
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("ids-reused-for-equal-requests", "create.id-unique", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A second request that equals the first is answered with the conversation of the first."""
    seen: dict[str, Any] = {}

    class Once(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            key = json.dumps([caller.organisation, dict(request.body)], sort_keys=True)
            if "user_email" in request.body and key in seen:
                return seen[key]
            seen[key] = super().create(caller, request)
            return seen[key]

    return broken(conversations=Once)


@defect("ids-same-in-the-answer", "create.id-unique", "get.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Every fiftieth create is answered with the id of the one before."""
    last: list[str] = []

    def change(value: Any, event: Event) -> Any:
        last.append(value["id"])
        return value | {"id": last[-2]} if event.number % 50 == 0 else value

    return answered(change, CREATE)


@defect("ids-differ-between-answers", "get.answer", "get.unknown-id", difficulty=EASY)
def _() -> WsgiApp:
    """The id in the answer to a create is not that of the conversation."""
    return answered(lambda value, event: value | {"id": Ids(value["id"]).new()}, CREATE)


@defect("numbers-constant", "create.number-unique", difficulty=EASY)
def _() -> WsgiApp:
    """Every conversation has the number 42."""
    return numbering(lambda number, body: 42)


@defect("numbers-by-user", "create.number-unique", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Numbers count the conversations of a user, not those of the organisation."""
    counter = Counter()
    return numbering(lambda number, body: counter.next(body.get("user_email") or ""))


@defect("numbers-anonymous", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """Conversations without user_email have the number 0."""
    return numbering(lambda number, body: number if body.get("user_email") else 0)


@defect("numbers-of-8-bits", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """After 255 comes 0."""
    return numbering(lambda number, body: number % 256)


@defect("numbers-by-priority", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """Urgent conversations are numbered by themselves."""
    counter = Counter()
    return numbering(lambda number, body: counter.next() if body.get("priority") == "urgent" else number)


@defect("numbers-by-channel", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """Each channel has numbers of its own."""
    counter = Counter()
    return numbering(lambda number, body: counter.next(body.get("channel") or ""))


def numbering(number_of: Callable[[int, Any], int]) -> WsgiApp:
    """A server that numbers conversations in another way."""

    class Numbering(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            created = super().create(caller, request)
            numbered = replace(created, number=number_of(created.number, request.body))
            self.store.replace_conversation(numbered)
            return numbered

    return broken(conversations=Numbering)
