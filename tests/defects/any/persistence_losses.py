"""Servers that forget: after so many calls, or after some other call."""

import time
from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from mockserver.store.memory import MemoryStore
from tests.defects.kit.parts import Counter, broken
from tests.defects.kit.rules import SECOND, change, ruling, then
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
DURABLE = "any.durable"


def keeping(most: int) -> WsgiApp:
    """Make a server that can read only the latest `most` conversations; older ones are not found."""

    class Bounded(MemoryStore):
        def __init__(self) -> None:
            self.places: dict[str, int] = {}
            super().__init__()

        def add_conversation(self, conversation: Conversation) -> None:
            self.places[conversation.id] = len(self.places)
            super().add_conversation(conversation)

        def conversation(self, conversation_id: str) -> Conversation | None:
            found = super().conversation(conversation_id)
            return None if found is None or len(self.places) - self.places[conversation_id] > most else found

    return broken(store=Bounded())


def created(effect: Callable[[Any, Conversation, int], Any]) -> WsgiApp:
    """Make a server that calls `effect` after each create, with the rules, the conversation and the number of creates so far."""
    counter = Counter()
    return broken(conversations=then("create", lambda rules, caller, checked, done: effect(rules, done, counter.next())))


@defect(DURABLE, difficulty=EASY)
def persistence_keeps_50() -> WsgiApp:
    """Only the latest 50 conversations can be read."""
    return keeping(50)


@defect(DURABLE, difficulty=MEDIUM)
def persistence_keeps_200() -> WsgiApp:
    """Only the latest 200 conversations can be read."""
    return keeping(200)


@defect(DURABLE, difficulty=RARE)
def persistence_keeps_400() -> WsgiApp:
    """Only the latest 400 conversations can be read."""
    return keeping(400)


@defect(DURABLE, difficulty=RARE)
def persistence_keeps_half_a_second() -> WsgiApp:
    """A conversation is not found any more half a second after its last change."""

    class Expiring(MemoryStore):
        def conversation(self, conversation_id: str) -> Conversation | None:
            found = super().conversation(conversation_id)
            return None if found is not None and time.time_ns() // 1000 - found.updated_at > SECOND // 2 else found

    return broken(store=Expiring())


@defect("get.answer", DURABLE, "list.fresh", difficulty=MEDIUM)
def persistence_every_tenth_not_kept() -> WsgiApp:
    """Every tenth create is acknowledged and not kept."""
    return forgetting(lambda number: number % 10 == 0)


@defect("get.answer", DURABLE, difficulty=RARE, effort="standard")
def persistence_every_hundredth_not_kept() -> WsgiApp:
    """Every hundredth create is acknowledged and cannot be read."""
    return forgetting(lambda number: number % 100 == 0)


def forgetting(when: Callable[[int], bool]) -> WsgiApp:
    """Make a server that loses some conversations; `when` chooses them by the number of their create."""

    class Forgetful(MemoryStore):
        def __init__(self) -> None:
            self.lost: set[str] = set()
            super().__init__()

        def conversation(self, conversation_id: str) -> Conversation | None:
            return None if conversation_id in self.lost else super().conversation(conversation_id)

    store, counter = Forgetful(), Counter()

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        if when(counter.next()):
            store.lost.add(done.id)

    return broken(store=store, conversations=then("create", effect))


@defect("get.as-created", "list.items-as-get", DURABLE, difficulty=MEDIUM)
def persistence_every_tenth_without_metadata() -> WsgiApp:
    """Every tenth create loses its metadata after the answer."""
    return created(lambda rules, done, number: change(rules, done, metadata={}) if number % 10 == 0 else None)


@defect("get.as-created", "list.items-as-get", DURABLE, difficulty=MEDIUM)
def persistence_metadata_gone_after_the_next() -> WsgiApp:
    """A create clears the metadata of the create before it."""
    before: list[Conversation] = []

    def effect(rules: Any, done: Conversation, number: int) -> None:
        if before:
            change(rules, before[0], metadata={})
        before[:] = [done]

    return created(effect)


@defect(DURABLE, "get.as-created", "list.items-as-get", difficulty=RARE)
def persistence_metadata_gone_after_thirty() -> WsgiApp:
    """A conversation loses its metadata when thirty others were created."""
    latest: list[Conversation] = []

    def effect(rules: Any, done: Conversation, number: int) -> None:
        latest.append(done)
        if len(latest) > 30:
            change(rules, latest.pop(0), metadata={})

    return created(effect)


@defect("create.metadata-kept", "get.as-created", "list.items-as-get", DURABLE, difficulty=MEDIUM)
def persistence_metadata_shared() -> WsgiApp:
    """The metadata of a create becomes that of all conversations of its requester."""

    def effect(rules: Any, done: Conversation, number: int) -> None:
        for other in [*rules.store.conversations(done.organisation, done.requester.id)]:
            change(rules, other, metadata=done.metadata)

    return created(effect)


@defect("create.metadata-default", "create.metadata-kept", difficulty=RARE)
def persistence_default_metadata_shared() -> WsgiApp:
    """Conversations without metadata show that of the requester's last create that had some."""
    last: dict[str, dict[str, Any]] = {}

    def metadata(self: Any, body: Any) -> dict[str, Any]:
        email = body.get("user_email", "")
        if body.get("metadata"):
            last[email] = body["metadata"]
        return dict(body.get("metadata", last.get(email, {})))

    return broken(conversations=ruling(metadata=metadata))


@defect("get.as-created", "list.items-as-get", difficulty=EASY)
def persistence_priority_only_in_the_answer() -> WsgiApp:
    """The priority is answered as it was asked for, and stored as normal."""
    return created(lambda rules, done, number: change(rules, done, priority="normal"))


@defect("create.existing-user-names", DURABLE, "get.as-created", difficulty=MEDIUM)
def persistence_names_gone_after_the_next_create() -> WsgiApp:
    """A second create without names takes the names away from the requester of the first."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        if "user_first_name" not in checked.body and done.requester.first_name is not None:
            nameless = done.requester._replace(first_name=None, last_name=None)
            for other in [*rules.store.conversations(done.organisation, done.requester.id)]:
                change(rules, other, requester=nameless)

    return broken(conversations=then("create", effect))


@defect("messages.listed-once", DURABLE, difficulty=RARE)
def persistence_messages_gone_after_others() -> WsgiApp:
    """Only the latest 150 messages of all conversations are kept."""
    latest: list[Message] = []

    class Bounded(MemoryStore):
        def add_message(self, message: Message) -> None:
            super().add_message(message)
            latest.append(message)
            if len(latest) > 150:
                oldest = latest.pop(0)
                if oldest in self._messages[oldest.conversation]:
                    self._messages[oldest.conversation].remove(oldest)

    return broken(store=Bounded())


@defect("messages.listed-once", DURABLE, difficulty=RARE, effort="standard")
def persistence_messages_gone_after_a_second() -> WsgiApp:
    """A message is not listed any more a second and a half after it was sent, which is longer than a quick run takes in-process."""

    def found(self: Any, conversation: Conversation) -> Any:
        now = self.clock.now()
        return Fixed([one for one in self.store.messages(conversation.id) if now - one.created_at < 1.5 * SECOND])

    return broken(conversations=ruling(ordered_messages=found))


@defect("resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def persistence_first_message_gone_after_closing() -> WsgiApp:
    """The first message of a conversation is not listed once it is closed."""

    def found(self: Any, conversation: Conversation) -> Any:
        return Fixed([*self.store.messages(conversation.id)][conversation.status == "closed" :])

    return broken(conversations=ruling(ordered_messages=found))


@defect("resolve.get-agrees", DURABLE, difficulty=RARE)
def persistence_every_twentieth_resolve_undone() -> WsgiApp:
    """Every twentieth resolving is acknowledged and not kept."""
    counter = Counter()

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        if counter.next() % 20 == 0:
            return self.resolved(self.find(caller, checked.id))
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))


@defect("messages.conversation-kept", "resolve.get-agrees", DURABLE, difficulty=RARE)
def persistence_message_restores_an_old_copy() -> WsgiApp:
    """A message to a conversation that was never read sets its priority back to the default."""
    seen: set[str] = set()

    class Restoring(Conversations):
        def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            seen.add(checked.id)
            return super().get(caller, checked)

        def send(self, caller: Caller, checked: CheckedRequest) -> Message:
            message = super().send(caller, checked)
            if checked.id not in seen:
                change(self, self.find(caller, checked.id), priority="normal")
            return message

    return broken(conversations=Restoring)


@defect(DURABLE, "messages.conversation-kept", difficulty=RARE)
def persistence_every_thirtieth_message_clears() -> WsgiApp:
    """Every thirtieth message takes the metadata of its conversation along."""
    counter = Counter()

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if counter.next() % 30 == 0:
            change(rules, rules.find(caller, checked.id), metadata={})

    return broken(conversations=then("send", effect))


@defect(DURABLE, "get.as-created", "list.items-as-get", difficulty=MEDIUM)
def persistence_last_create_wins() -> WsgiApp:
    """A create with a subject that the requester used before overwrites the earlier conversation's metadata and priority."""

    def effect(rules: Any, done: Conversation, number: int) -> None:
        for other in [*rules.store.conversations(done.organisation, done.requester.id)]:
            if other.subject == done.subject:
                change(rules, other, metadata=done.metadata, priority=done.priority)

    return created(effect)
