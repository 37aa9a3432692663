"""Servers whose ids or numbers are not unique, or not those of the conversation."""

import json
import time
from collections.abc import Callable
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
            numbered = created._replace(number=number_of(created.number, request.body))
            self.store.replace_conversation(numbered)
            return numbered

    return broken(conversations=Numbering)


@defect("numbers-of-closed-ones-are-free", "create.number-unique", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """The number of a conversation that was resolved is given to the next one."""
    free: list[int] = []

    class Reusing(Conversations):
        def resolve(self, caller: Any, request: Any) -> Conversation:
            done = super().resolve(caller, request)
            free.append(done.number)
            return done

        def next_number(self, organisation: str) -> int:
            return free.pop() if free else super().next_number(organisation)

    return broken(conversations=Reusing)


@defect("numbers-by-tier", "create.number-unique", difficulty=MEDIUM)
def _() -> WsgiApp:
    """What client keys create is numbered by itself."""
    counter = Counter()

    class ByTier(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            created = super().create(caller, request)
            if caller.key.tier == "client":
                created = created._replace(number=counter.next(caller.organisation))
                self.store.replace_conversation(created)
            return created

    return broken(conversations=ByTier)


@defect("numbers-from-the-body", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """A number in metadata, where an import puts it, becomes the conversation's."""
    counter = Counter()

    def number_of(number: int, body: Any) -> int:
        given = (body.get("metadata") or {}).get("number")
        return given if isinstance(given, int) and counter.next() else number

    return numbering(number_of)


@defect("numbers-by-the-millisecond", "create.number-unique", "any.concurrent-creates", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The number of a conversation is the millisecond of its create."""
    return numbering(lambda number, body: time.time_ns() // 1_000_000)


@defect("numbers-every-sixtieth-twice", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """Every sixtieth number is given twice: a block of numbers begins with the last of the one before."""
    return numbering(lambda number, body: number - number // 60)


@defect("ids-by-the-millisecond", "create.id-unique", "create.number-unique", "any.concurrent-creates", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Ids are made of the millisecond, so that conversations of the same one share theirs, and the later one is kept."""

    def create(self: Any, caller: Any, request: Any) -> Conversation:
        moment = time.time_ns() // 4_000_000
        return Conversations.create(_WithIds(self, Ids(f"{moment}")), caller, request)  # type: ignore[arg-type]

    return broken(conversations=type("ByTheMillisecond", (Conversations,), {"create": create}))


class _WithIds:
    """Rules with other ids."""

    def __init__(self, rules: Conversations, ids: Ids) -> None:
        self._rules, self.ids = rules, ids

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rules, name)


@defect("ids-of-equal-subjects", "create.id-unique", difficulty=RARE)
def _() -> WsgiApp:
    """An id is made of the subject and the requester: a second conversation about the same is answered with the first one's id."""
    first: dict[Any, str] = {}

    def change(value: Any, event: Event) -> Any:
        key = (event.caller.organisation, event.body.get("user_email"), event.body["subject"])
        return value | {"id": first.setdefault(key, value["id"])}

    return answered(change, CREATE)
