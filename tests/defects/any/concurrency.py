"""Servers that lose or confuse what several clients do at the same moment. Short pauses let the others come between."""

import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.conversations import Conversations
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message, User
from mockserver.serving.server import WsgiApp
from mockserver.store.memory import MemoryStore
from tests.defects.kit.parts import CREATE, GET, RESOLVE, SEND, broken
from tests.defects.kit.rules import change, pause, ruling
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


class Unlocked(MemoryStore):
    """A store without transactions: calls interleave, and only each single step is atomic."""

    def transaction(self, *, write=True) -> AbstractContextManager[object]:
        return nullcontext()

    def add_conversation(self, conversation: Conversation) -> None:
        with self._lock:
            super().add_conversation(conversation)

    def replace_conversation(self, conversation: Conversation) -> None:
        with self._lock:
            super().replace_conversation(conversation)


class InFlight(Pipeline):
    """A pipeline that knows how many calls of an operation are being handled."""

    watched = CREATE
    pause_ms = 1.0

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._count_lock = threading.Lock()
        self.busy = 0

    def respond(self, operation: Operation, request: Request) -> Response:
        if operation.id != self.watched:
            return super().respond(operation, request)
        with self._count_lock:
            self.busy += 1
            others = self.busy - 1
        try:
            pause(self.pause_ms)
            return self.among(others, operation, request)
        finally:
            with self._count_lock:
                self.busy -= 1

    def among(self, others: int, operation: Operation, request: Request) -> Response:
        """Respond to a call that came while `others` more were being handled."""
        return super().respond(operation, request)


@defect("any.concurrent-creates", "create.number-unique", difficulty=MEDIUM)
def concurrency_numbers_twice() -> WsgiApp:
    """The next number is read and written apart, so that creates at the same moment get the same one."""

    class Racing(Unlocked):
        def next_number(self, organisation: str, first: int) -> int:
            number = self._numbers.get(organisation, first)
            pause(1)
            self._numbers[organisation] = number + 1
            return number

    return broken(store=Racing())


@defect("any.concurrent-creates", "create.number-unique", difficulty=MEDIUM)
def concurrency_numbers_by_counting() -> WsgiApp:
    """The next number is how many conversations there are, and one."""

    class Counting(Unlocked):
        def next_number(self, organisation: str, first: int) -> int:
            number = len(self.conversations(organisation)) + 1
            pause(1)
            return number

    return broken(store=Counting())


@defect("any.concurrent-creates", difficulty=MEDIUM)
def concurrency_creates_lost_from_lists() -> WsgiApp:
    """The list of a requester's conversations is read, lengthened and written back, and the last to write wins."""

    class Racing(Unlocked):
        def add_conversation(self, conversation: Conversation) -> None:
            before = [*self.own(conversation)]
            pause(1)
            with self._lock:
                MemoryStore.add_conversation(self, conversation)
                own = self.own(conversation)
                own[:] = [*before, own[-1]]

        def own(self, conversation: Conversation) -> list[Any]:
            listing = self._requesters.get(conversation.organisation, {}).get(conversation.requester.id)
            return [] if listing is None else listing.of(None)

    return broken(store=Racing())


@defect("any.concurrent-creates", "list.email-filter", difficulty=RARE)
def concurrency_user_twice() -> WsgiApp:
    """Creates at the same moment for a new address make a user each, and the list finds the conversations of one."""

    def new_user(self: Any, *facts: Any) -> User:
        pause(2)
        return Conversations.new_user(self, *facts)

    return broken(store=Unlocked(), conversations=ruling(new_user=new_user))


@defect("any.concurrent-messages", difficulty=MEDIUM)
def concurrency_messages_lost() -> WsgiApp:
    """The messages of a conversation are read, lengthened and written back, and the last to write wins."""

    class Racing(Unlocked):
        def add_message(self, message: Message) -> None:
            before = list(self._messages.get(message.conversation, ()))
            pause(1)
            self._messages[message.conversation] = [*before, message]

    return broken(store=Racing())


@defect("messages.id-unique", difficulty=RARE)
def concurrency_messages_share_ids() -> WsgiApp:
    """The id of a message is how many its conversation has, and messages of the same moment share it."""

    def add(self: Any, conversation: Conversation, sender: str | None, body: str, kind: str) -> Message:
        position = len(self.store.messages(conversation.id))
        pause(1)
        message = Message(f"{conversation.id}:{position}", conversation.id, sender, body, kind, self.clock.now())
        self.store.add_message(message)
        return message

    return broken(store=Unlocked(), conversations=ruling(add_message=add))


@defect("any.concurrent-messages", difficulty=MEDIUM)
def concurrency_bodies_mixed_up() -> WsgiApp:
    """The message that is being handled is kept in one place for all threads."""
    current: dict[str, Any] = {}

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        current["body"] = checked.body
        pause(1)
        return Conversations.send(self, caller, checked._replace(body=current["body"]))

    return broken(store=Unlocked(), conversations=ruling(send=send))


@defect("any.concurrent-creates", "create.metadata-kept", difficulty=MEDIUM)
def concurrency_creates_mixed_up() -> WsgiApp:
    """The metadata of the create that is being handled is kept in one place for all threads."""
    current: dict[str, Any] = {}

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        current["metadata"] = checked.body.get("metadata")
        pause(1)
        body = dict(checked.body)
        if current["metadata"] is not None and "metadata" in body:
            body["metadata"] = current["metadata"]
        return Conversations.create(self, caller, checked._replace(body=body))

    return broken(store=Unlocked(), conversations=ruling(create=create))


@defect("any.concurrent-creates", "create.id-unique", difficulty=MEDIUM)
def concurrency_answers_mixed_up() -> WsgiApp:
    """The answer to a create shows whatever was created last."""
    last: dict[str, Conversation] = {}

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        last["created"] = Conversations.create(self, caller, checked)
        pause(1)
        return last["created"]

    return broken(store=Unlocked(), conversations=ruling(create=create))


@defect("any.concurrent-resolves", difficulty=MEDIUM)
def concurrency_resolves_lost() -> WsgiApp:
    """All statuses are read, changed and written back as one: of several resolvings at the same moment one is kept."""
    statuses: dict[str, dict[str, str]] = {"all": {}}

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        done = Conversations.resolve(self, caller, checked)
        before = dict(statuses["all"])
        pause(1)
        statuses["all"] = before | {done.id: "closed"}
        pause(1)
        if statuses["all"].get(done.id) != "closed":
            change(self, done, status="open")
        return done

    return broken(store=Unlocked(), conversations=ruling(resolve=resolve))


@defect("any.no-server-error", "create.status", difficulty=EASY)
def concurrency_writes_collide() -> WsgiApp:
    """A create that comes while another is being handled is answered with 500: the data base is locked."""

    class Locked(InFlight):
        def among(self, others: int, operation: Operation, request: Request) -> Response:
            return Response.json(500, {"detail": "database is locked"}) if others else super().among(others, operation, request)

    return broken(pipeline=Locked)


@defect("any.no-server-error", "messages.accepted", difficulty=MEDIUM)
def concurrency_messages_collide() -> WsgiApp:
    """A message that comes while two others are being handled is answered with 500."""

    class Locked(InFlight):
        watched = SEND

        def among(self, others: int, operation: Operation, request: Request) -> Response:
            return Response.json(500, {"detail": "deadlock detected"}) if others > 1 else super().among(others, operation, request)

    return broken(pipeline=Locked)


@defect("any.no-server-error", "any.concurrent-resolves", difficulty=MEDIUM)
def concurrency_resolves_collide() -> WsgiApp:
    """Resolving while another conversation is being resolved is answered with 500."""

    class Locked(InFlight):
        watched = RESOLVE

        def among(self, others: int, operation: Operation, request: Request) -> Response:
            return (
                Response.json(500, {"detail": "could not serialize access"})
                if others
                else super().among(others, operation, request)
            )

    return broken(pipeline=Locked)


@defect("create.status", "any.concurrent-creates", difficulty=MEDIUM)
def concurrency_creates_refused() -> WsgiApp:
    """More than three creates at the same moment are refused with 409."""

    class Refusing(InFlight):
        def among(self, others: int, operation: Operation, request: Request) -> Response:
            return Response.json(409, {"detail": "Conflict."}) if others > 2 else super().among(others, operation, request)

    return broken(pipeline=Refusing)


@defect("any.concurrent-creates", difficulty=RARE)
def concurrency_creates_acknowledged_and_dropped() -> WsgiApp:
    """Of creates at the same moment, those that come while four others are handled are acknowledged and not kept."""

    class Dropping(InFlight):
        def among(self, others: int, operation: Operation, request: Request) -> Response:
            response = super().among(others, operation, request)
            if others > 3 and response.status == 201:
                self.store.dropped.add(response.body.split(b'"')[3].decode())
            return response

    class Forgetful(MemoryStore):
        def __init__(self) -> None:
            self.dropped: set[str] = set()
            super().__init__()

        def conversation(self, conversation_id: str) -> Conversation | None:
            return None if conversation_id in self.dropped else super().conversation(conversation_id)

    return broken(store=Forgetful(), pipeline=Dropping)


@defect("any.concurrent-reads", "any.concurrent-creates", difficulty=MEDIUM)
def concurrency_reads_lag() -> WsgiApp:
    """While creates are being handled, a conversation younger than 30 ms is read as not existing: by a replica that lags."""

    class Lagging(InFlight):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            found = self.store.conversation(checked.id) if operation.id == GET else None
            if found is not None and self.busy and time.time_ns() // 1000 - found.created_at < 30_000:
                checked = checked._replace(id="0" * 8 + checked.id[8:])
            return super().handle(operation, caller, checked, request)

    return broken(pipeline=Lagging)


@defect("any.concurrent-reads", "any.concurrent-creates", "get.answer", difficulty=RARE)
def concurrency_second_reader_late() -> WsgiApp:
    """A conversation can be read at once by the thread that created it, and by others 100 ms later."""
    writers: dict[str, int] = {}

    class Sticky(Pipeline):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            found = self.store.conversation(checked.id) if operation.id == GET else None
            elsewhere = found is not None and writers.get(found.id) != threading.get_ident()
            if elsewhere and found is not None and time.time_ns() // 1000 - found.created_at < 100_000:
                checked = checked._replace(id="0" * 8 + checked.id[8:])
            value = super().handle(operation, caller, checked, request)
            if operation.id == CREATE:
                writers[value["id"]] = threading.get_ident()
            return value

    return broken(pipeline=Sticky)


@defect("resolve.get-agrees", "any.durable", difficulty=RARE, effort="standard")
def concurrency_statuses_lost_to_messages() -> WsgiApp:
    """A message writes its conversation back as it was read, so that a resolving in between is undone."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        before = self.find(caller, checked.id)
        pause(3)
        message = Conversations.send(self, caller, checked)
        change(self, before, status=before.status)
        return message

    return broken(store=Unlocked(), conversations=ruling(send=send))
