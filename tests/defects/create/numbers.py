"""Servers whose ids or numbers are not unique, or not those of the conversation."""

import json
import time
from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.ids import Ids
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered
from tests.defects.kit.parts import CREATE, Counter, Event, broken
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("create.id-unique", difficulty=MEDIUM)
def ids_reused_for_equal_requests() -> WsgiApp:
    """A second request that equals the first is answered with the conversation of the first."""
    seen: dict[str, Any] = {}

    class Once(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            key = json.dumps([caller.organisation, dict(checked.body)], sort_keys=True)
            if "user_email" in checked.body and key in seen:
                return seen[key]
            seen[key] = super().create(caller, checked)
            return seen[key]

    return broken(conversations=Once)


@defect("create.id-unique", "get.unknown-id", difficulty=RARE)
def ids_same_in_the_answer() -> WsgiApp:
    """Every fiftieth create is answered with the id of the one before."""
    last: list[str] = []

    def change(value: Any, event: Event) -> Any:
        last.append(value["id"])
        return value | {"id": last[-2]} if event.number % 50 == 0 else value

    return answered(change, CREATE)


@defect("get.answer", "get.unknown-id", difficulty=EASY)
def ids_differ_between_answers() -> WsgiApp:
    """The id in the answer to a create is not that of the conversation."""
    return answered(lambda value, event: value | {"id": Ids(value["id"]).new()}, CREATE)


@defect("create.number-unique", difficulty=EASY)
def numbers_constant() -> WsgiApp:
    """Every conversation has the number 42."""
    return numbering(lambda number, body: 42)


@defect("create.number-unique", difficulty=MEDIUM)
def numbers_by_user() -> WsgiApp:
    """Numbers count the conversations of a user, not those of the organisation."""
    counter = Counter()
    return numbering(lambda number, body: counter.next(body.get("user_email") or ""))


@defect("create.number-unique", difficulty=RARE)
def numbers_anonymous() -> WsgiApp:
    """Conversations without user_email have the number 0."""
    return numbering(lambda number, body: number if body.get("user_email") else 0)


@defect("create.number-unique", difficulty=RARE)
def numbers_of_8_bits() -> WsgiApp:
    """After 255 comes 0."""
    return numbering(lambda number, body: number % 256)


@defect("create.number-unique", difficulty=RARE)
def numbers_by_priority() -> WsgiApp:
    """Urgent conversations are numbered by themselves."""
    counter = Counter()
    return numbering(lambda number, body: counter.next() if body.get("priority") == "urgent" else number)


@defect("create.number-unique", difficulty=RARE)
def numbers_by_channel() -> WsgiApp:
    """Each channel has numbers of its own."""
    counter = Counter()
    return numbering(lambda number, body: counter.next(body.get("channel") or ""))


def numbering(number_of: Callable[[int, Any], int]) -> WsgiApp:
    """A server that numbers conversations in another way."""

    class Numbering(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            created = super().create(caller, checked)
            numbered = created._replace(number=number_of(created.number, checked.body))
            self.store.replace_conversation(numbered)
            return numbered

    return broken(conversations=Numbering)


@defect("create.number-unique", "any.durable", difficulty=RARE)
def numbers_of_closed_ones_are_free() -> WsgiApp:
    """The number of a conversation that was resolved is given to the next one."""
    free: list[int] = []

    class Reusing(Conversations):
        def resolve(self, caller: Any, checked: Any) -> Conversation:
            done = super().resolve(caller, checked)
            free.append(done.number)
            return done

        def next_number(self, organisation: str) -> int:
            return free.pop() if free else super().next_number(organisation)

    return broken(conversations=Reusing)


@defect("create.number-unique", difficulty=MEDIUM)
def numbers_by_tier() -> WsgiApp:
    """What client keys create is numbered by itself."""
    counter = Counter()

    class ByTier(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            created = super().create(caller, checked)
            if caller.key.tier == "client":
                created = created._replace(number=counter.next(caller.organisation))
                self.store.replace_conversation(created)
            return created

    return broken(conversations=ByTier)


@defect("create.number-unique", difficulty=RARE)
def numbers_from_the_body() -> WsgiApp:
    """A number in metadata, where an import puts it, becomes the conversation's."""
    counter = Counter()

    def number_of(number: int, body: Any) -> int:
        given = (body.get("metadata") or {}).get("number")
        return given if isinstance(given, int) and counter.next() else number

    return numbering(number_of)


@defect("create.number-unique", "any.concurrent-creates", difficulty=MEDIUM)
def numbers_by_the_millisecond() -> WsgiApp:
    """The number of a conversation is the millisecond of its create."""
    return numbering(lambda number, body: time.time_ns() // 1_000_000)


@defect("create.number-unique", difficulty=RARE)
def numbers_every_sixtieth_twice() -> WsgiApp:
    """Every sixtieth number is given twice: a block of numbers begins with the last of the one before."""
    return numbering(lambda number, body: number - number // 60)


@defect("create.id-unique", "create.number-unique", "any.concurrent-creates", difficulty=MEDIUM)
def ids_by_the_millisecond() -> WsgiApp:
    """Ids are made of the millisecond, so that conversations of the same one share theirs, and the later one is kept."""

    def create(self: Any, caller: Any, checked: Any) -> Conversation:
        moment = time.time_ns() // 4_000_000
        return Conversations.create(_WithIds(self, Ids(f"{moment}")), caller, checked)  # type: ignore[arg-type]

    return broken(conversations=type("ByTheMillisecond", (Conversations,), {"create": create}))


class _WithIds:
    """Rules with other ids."""

    def __init__(self, rules: Conversations, ids: Ids) -> None:
        self._rules, self.ids = rules, ids

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rules, name)


@defect("create.id-unique", difficulty=RARE)
def ids_of_equal_subjects() -> WsgiApp:
    """An id is made of the subject and the requester: a second conversation about the same is answered with the first one's id."""
    first: dict[Any, str] = {}

    def change(value: Any, event: Event) -> Any:
        key = (event.caller.organisation, event.body.get("user_email"), event.body["subject"])
        return value | {"id": first.setdefault(key, value["id"])}

    return answered(change, CREATE)
