"""Servers that keep what belongs to one call in a place for all threads, or that cannot do two things at once."""

import threading
import time
from dataclasses import replace
from typing import Any

from broken_servers.concurrency import InFlight, Unlocked
from broken_servers.list_seams import change, pause, ruling
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, broken
from broken_servers.store_seams import kept_messages
from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Operation
from mockserver.conversations import Conversations
from mockserver.keys import ApiKey
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty
ERROR = "any.no-server-error"


# --- one place for all ------------------------------------------------------------------------------------------------------------


def mixing(operation_id: str) -> type[Pipeline]:
    """A pipeline that handles, of calls of an operation at the same moment, whichever came last."""

    class Mixing(Pipeline):
        current: Request

        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            if operation.id == operation_id:
                self.current = request
                pause(1)
                request = self.current
            return super().handle(operation, caller, request, call)

    return Mixing


@defect("concurrency-gets-mixed-up", "any.concurrent-reads", "any.concurrent-creates", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Which conversation is being read is kept in one place for all threads."""
    return broken(pipeline=mixing(GET))


@defect("concurrency-message-lists-mixed-up", "any.concurrent-messages", "any.concurrent-reads", difficulty=RARE)
def _() -> WsgiApp:
    """Whose messages are being listed is kept in one place for all threads."""
    return broken(pipeline=mixing(MESSAGES))


@defect("concurrency-resolves-mixed-up", "any.concurrent-resolves", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Which conversation is being resolved is kept in one place for all threads."""
    return broken(pipeline=mixing(RESOLVE))


@defect("concurrency-lists-mixed-up", "any.concurrent-creates", "list.email-filter", "any.concurrent-reads", difficulty=RARE)
def _() -> WsgiApp:
    """What a list is filtered by is kept in one place for all threads."""
    return broken(pipeline=mixing(LIST))


@defect("concurrency-senders-mixed-up", "messages.sender", "any.concurrent-messages", difficulty=RARE)
def _() -> WsgiApp:
    """Who sends the message that is being handled is kept in one place for all threads."""
    current: dict[str, str] = {}

    def send(self: Any, caller: Caller, request: Request) -> Message:
        current["sender"] = request.body["user_email"]
        pause(1)
        return Conversations.send(self, caller, request._replace(body={**request.body, "user_email": current["sender"]}))

    return broken(store=Unlocked(), conversations=ruling(send=send))


@defect("concurrency-subjects-mixed-up", "any.concurrent-creates", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """The subject of the create that is being handled is kept in one place for all threads."""
    current: dict[str, str] = {}

    def create(self: Any, caller: Caller, request: Request) -> Conversation:
        current["subject"] = request.body["subject"]
        pause(1)
        return Conversations.create(self, caller, request._replace(body={**request.body, "subject": current["subject"]}))

    return broken(store=Unlocked(), conversations=ruling(create=create))


@defect("concurrency-requesters-mixed-up", "any.concurrent-creates", "create.requester-email", difficulty=RARE)
def _() -> WsgiApp:
    """Who opens the conversation that is being created is kept in one place for all threads."""
    current: dict[str, Any] = {}

    def create(self: Any, caller: Caller, request: Request) -> Conversation:
        current["email"] = request.body.get("user_email")
        pause(1)
        email = {"user_email": current["email"]} if current["email"] and "user_email" in request.body else {}
        return Conversations.create(self, caller, request._replace(body={**request.body, **email}))

    return broken(store=Unlocked(), conversations=ruling(create=create))


@defect("concurrency-tiers-mixed-up", "tier.refused", "resolve.answer", "any.concurrent-resolves", difficulty=RARE)
def _() -> WsgiApp:
    """The tier of the call that is being handled is kept in one place for all threads."""

    class OnePlace(Authenticator):
        tier = ""

        def check_tier(self, key: ApiKey, scheme: str, operation: Operation) -> None:
            type(self).tier = key.tier
            pause(0.5)
            super().check_tier(replace(key, tier=type(self).tier), scheme, operation)

    return broken(authenticator=OnePlace)


@defect("concurrency-first-body-wins", "any.concurrent-messages", "messages.accepted", difficulty=RARE)
def _() -> WsgiApp:
    """Of messages that are sent to a conversation at the same moment, the first is stored in the place of each."""
    first: dict[str, tuple[float, str]] = {}

    def send(self: Any, caller: Caller, request: Request) -> Message:
        at, body = first.get(request.id, (0.0, ""))
        if time.monotonic() - at > 0.003:
            body = request.body["body"]
            first[request.id] = (time.monotonic(), body)
        pause(0.5)
        return Conversations.send(self, caller, request._replace(body={**request.body, "body": body}))

    return broken(store=Unlocked(), conversations=ruling(send=send))


# --- not at once ------------------------------------------------------------------------------------------------------------------


def failing(watched_id: str, failing_id: str, most: int = 0) -> type[Pipeline]:
    """A pipeline that fails at one operation while more than so many calls of another are being handled."""

    class Failing(InFlight):
        watched = watched_id

        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            if operation.id == failing_id and self.busy > most:
                raise Refusal(500, "The data base is busy.")
            return super().handle(operation, caller, request, call)

    return Failing


@defect("concurrency-gets-fail-during-creates", ERROR, "any.concurrent-reads", difficulty=RARE)
def _() -> WsgiApp:
    """Reading a conversation while another is being created is answered with 500: the table is locked."""
    return broken(pipeline=failing(CREATE, GET))


@defect("concurrency-lists-fail-during-creates", ERROR, "any.concurrent-reads", difficulty=RARE)
def _() -> WsgiApp:
    """Listing while a conversation is being created is answered with 500: the table is locked."""
    return broken(pipeline=failing(CREATE, LIST))


@defect("concurrency-message-lists-fail-during-messages", ERROR, "any.concurrent-reads", difficulty=RARE)
def _() -> WsgiApp:
    """Listing messages while one is being sent is answered with 500: the table is locked."""
    return broken(pipeline=failing(SEND, MESSAGES))


@defect("concurrency-reads-collide", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A third conversation that is read at the same moment is answered with 500: there are two connections."""

    class Two(InFlight):
        watched = GET

        def among(self, others: int, operation: Operation, call: Call) -> Answer:
            return Answer.json(500, {"detail": "too many clients"}) if others > 1 else super().among(others, operation, call)

    return broken(pipeline=Two)


@defect("concurrency-resolving-one-twice-fails", ERROR, "resolve.twice", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a conversation that is just being resolved is answered with 500."""
    resolving: set[str] = set()
    lock = threading.Lock()

    class Same(Pipeline):
        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            if operation.id != RESOLVE:
                return super().handle(operation, caller, request, call)
            with lock:
                if request.id in resolving:
                    raise Refusal(500, "The row was changed by another transaction.")
                resolving.add(request.id)
            try:
                pause(2)
                return super().handle(operation, caller, request, call)
            finally:
                resolving.discard(request.id)

    return broken(pipeline=Same)


@defect("concurrency-messages-undo-resolves", "resolve.get-agrees", "any.concurrent-resolves", difficulty=RARE)
def _() -> WsgiApp:
    """A message that is being sent while its conversation is resolved writes the old status back."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        before = self.find(caller, request.id)
        pause(1)
        message = Conversations.send(self, caller, request)
        change(self, before, status=before.status)
        return message

    return broken(store=Unlocked(), conversations=ruling(send=send))


@defect("concurrency-messages-dropped-with-the-queue", "any.concurrent-messages", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Messages that come while three others are being handled are acknowledged, and dropped with the full queue."""

    class Dropping(InFlight):
        watched = SEND

        def among(self, others: int, operation: Operation, call: Call) -> Answer:
            answer = super().among(others, operation, call)
            if others > 2 and answer.status == 201:
                kept = kept_messages(self.store, call.path["id"])
                kept[-1:] = []
            return answer

    return broken(pipeline=Dropping)


@defect("concurrency-lists-miss-what-is-being-created", "any.concurrent-creates", "list.fresh", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation that was created while three others were is listed 200 ms later, when the index was merged."""
    late: dict[str, float] = {}

    class Merging(InFlight):
        def among(self, others: int, operation: Operation, call: Call) -> Answer:
            answer = super().among(others, operation, call)
            if others > 2 and answer.status == 201:
                late[answer.body.split(b'"')[3].decode()] = time.monotonic() + 0.2
            return answer

        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            value = super().handle(operation, caller, request, call)
            if operation.id == LIST:
                now = time.monotonic()
                value["results"] = [one for one in value["results"] if late.get(one["id"], 0.0) < now]
            return value

    return broken(pipeline=Merging)
