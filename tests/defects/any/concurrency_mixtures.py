"""Servers that keep what belongs to one call in a place for all threads, or that cannot do two things at once."""

import threading
import time
from dataclasses import replace
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from tests.defects.any.concurrency import InFlight, Unlocked
from tests.defects.kit.parts import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, Event, broken, handling, with_organisation
from tests.defects.kit.rules import change, pause, ruling
from tests.defects.kit.stores import kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
ERROR = "any.no-server-error"


# --- one place for all ------------------------------------------------------------------------------------------------------------


def mixing(operation_id: str) -> type[Pipeline]:
    """Return a pipeline that confuses calls of an operation at the same moment: each is handled as the one that came last."""

    class Mixing(Pipeline):
        current: CheckedRequest

        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            if operation.id == operation_id:
                self.current = checked
                pause(1)
                checked = self.current
            return super().handle(operation, caller, checked, request)

    return Mixing


@defect("any.concurrent-reads", "any.concurrent-creates", "get.as-created", difficulty=MEDIUM)
def concurrency_gets_mixed_up() -> WsgiApp:
    """Which conversation is being read is kept in one place for all threads."""
    return broken(pipeline=mixing(GET))


@defect("any.concurrent-messages", "any.concurrent-reads", difficulty=RARE)
def concurrency_message_lists_mixed_up() -> WsgiApp:
    """Whose messages are being listed is kept in one place for all threads."""
    return broken(pipeline=mixing(MESSAGES))


@defect("any.concurrent-resolves", "resolve.get-agrees", difficulty=MEDIUM)
def concurrency_resolves_mixed_up() -> WsgiApp:
    """Which conversation is being resolved is kept in one place for all threads."""
    return broken(pipeline=mixing(RESOLVE))


@defect("any.concurrent-creates", "list.email-filter", "any.concurrent-reads", difficulty=RARE)
def concurrency_lists_mixed_up() -> WsgiApp:
    """What a list is filtered by is kept in one place for all threads."""
    return broken(pipeline=mixing(LIST))


@defect("messages.sender", "any.concurrent-messages", difficulty=RARE)
def concurrency_senders_mixed_up() -> WsgiApp:
    """Who sends the message that is being handled is kept in one place for all threads."""
    current: dict[str, str] = {}

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        current["sender"] = checked.body["user_email"]
        pause(1)
        return Conversations.send(self, caller, checked._replace(body={**checked.body, "user_email": current["sender"]}))

    return broken(store=Unlocked(), conversations=ruling(send=send))


@defect("any.concurrent-creates", "create.text-exact", difficulty=RARE)
def concurrency_subjects_mixed_up() -> WsgiApp:
    """The subject of the create that is being handled is kept in one place for all threads."""
    current: dict[str, str] = {}

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        current["subject"] = checked.body["subject"]
        pause(1)
        return Conversations.create(self, caller, checked._replace(body={**checked.body, "subject": current["subject"]}))

    return broken(store=Unlocked(), conversations=ruling(create=create))


@defect("any.concurrent-creates", "create.requester-email", difficulty=RARE)
def concurrency_requesters_mixed_up() -> WsgiApp:
    """Who opens the conversation that is being created is kept in one place for all threads."""
    current: dict[str, Any] = {}

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        current["email"] = checked.body.get("user_email")
        pause(1)
        email = {"user_email": current["email"]} if current["email"] and "user_email" in checked.body else {}
        return Conversations.create(self, caller, checked._replace(body={**checked.body, **email}))

    return broken(store=Unlocked(), conversations=ruling(create=create))


@defect("any.concurrent-creates", "isolation.list", difficulty=RARE)
def concurrency_organisations_mixed_up() -> WsgiApp:
    """The organisation of the create that is being handled is kept in one place for all threads."""
    current: dict[str, str] = {}

    def create(event: Event) -> Event:
        current["organisation"] = event.caller.organisation
        pause(3)
        return with_organisation(event, current["organisation"])

    return broken(pipeline=handling(create, CREATE))


@defect("tier.refused", "resolve.answer", "any.concurrent-resolves", difficulty=RARE)
def concurrency_tiers_mixed_up() -> WsgiApp:
    """The tier of the call that is being handled is kept in one place for all threads."""

    class OnePlace(Authenticator):
        tier = ""

        def check_tier(self, key: ApiKey, scheme: str, operation: Operation) -> None:
            type(self).tier = key.tier
            pause(0.5)
            super().check_tier(replace(key, tier=type(self).tier), scheme, operation)

    return broken(authenticator=OnePlace)


@defect("any.concurrent-messages", "messages.accepted", difficulty=RARE)
def concurrency_first_body_wins() -> WsgiApp:
    """Of messages that are sent to a conversation at the same moment, the first is stored in the place of each."""
    first: dict[str, tuple[float, str]] = {}

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        at, body = first.get(checked.id, (0.0, ""))
        if time.monotonic() - at > 0.003:
            body = checked.body["body"]
            first[checked.id] = (time.monotonic(), body)
        pause(0.5)
        return Conversations.send(self, caller, checked._replace(body={**checked.body, "body": body}))

    return broken(store=Unlocked(), conversations=ruling(send=send))


# --- not at once ------------------------------------------------------------------------------------------------------------------


def failing(watched_id: str, failing_id: str, most: int = 0) -> type[Pipeline]:
    """Return a pipeline that fails at one operation while more than `most` calls of another are being handled."""

    class Failing(InFlight):
        watched = watched_id

        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            if operation.id == failing_id and self.busy > most:
                raise HttpRefusal(500, "The data base is busy.")
            return super().handle(operation, caller, checked, request)

    return Failing


@defect(ERROR, "any.concurrent-reads", difficulty=RARE)
def concurrency_gets_fail_during_creates() -> WsgiApp:
    """Reading a conversation while another is being created is answered with 500: the table is locked."""
    return broken(pipeline=failing(CREATE, GET))


@defect(ERROR, "any.concurrent-reads", difficulty=RARE)
def concurrency_lists_fail_during_creates() -> WsgiApp:
    """Listing while a conversation is being created is answered with 500: the table is locked."""
    return broken(pipeline=failing(CREATE, LIST))


@defect(ERROR, "any.concurrent-reads", difficulty=RARE)
def concurrency_message_lists_fail_during_messages() -> WsgiApp:
    """Listing messages while one is being sent is answered with 500: the table is locked."""
    return broken(pipeline=failing(SEND, MESSAGES))


@defect(ERROR, difficulty=RARE)
def concurrency_reads_collide() -> WsgiApp:
    """A third conversation that is read at the same moment is answered with 500: there are two connections."""

    class Two(InFlight):
        watched = GET

        def among(self, others: int, operation: Operation, request: Request) -> Response:
            return Response.json(500, {"detail": "too many clients"}) if others > 1 else super().among(others, operation, request)

    return broken(pipeline=Two)


@defect(ERROR, "resolve.twice", difficulty=RARE)
def concurrency_resolving_one_twice_fails() -> WsgiApp:
    """Resolving a conversation that is just being resolved is answered with 500."""
    resolving: set[str] = set()
    lock = threading.Lock()

    class Same(Pipeline):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            if operation.id != RESOLVE:
                return super().handle(operation, caller, checked, request)
            with lock:
                if checked.id in resolving:
                    raise HttpRefusal(500, "The row was changed by another transaction.")
                resolving.add(checked.id)
            try:
                pause(2)
                return super().handle(operation, caller, checked, request)
            finally:
                resolving.discard(checked.id)

    return broken(pipeline=Same)


@defect("resolve.get-agrees", "any.concurrent-resolves", difficulty=RARE)
def concurrency_messages_undo_resolves() -> WsgiApp:
    """A message that is being sent while its conversation is resolved writes the old status back."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        before = self.find(caller, checked.id)
        pause(1)
        message = Conversations.send(self, caller, checked)
        change(self, before, status=before.status)
        return message

    return broken(store=Unlocked(), conversations=ruling(send=send))


@defect("any.concurrent-messages", "messages.listed-once", difficulty=RARE)
def concurrency_messages_dropped_with_the_queue() -> WsgiApp:
    """Messages that come while three others are being handled are acknowledged, and dropped with the full queue."""

    class Dropping(InFlight):
        watched = SEND

        def among(self, others: int, operation: Operation, request: Request) -> Response:
            response = super().among(others, operation, request)
            if others > 2 and response.status == 201:
                kept = kept_messages(self.store, request.path["id"])
                kept[-1:] = []
            return response

    return broken(pipeline=Dropping)


@defect("any.concurrent-creates", "list.fresh", difficulty=RARE)
def concurrency_lists_miss_what_is_being_created() -> WsgiApp:
    """A conversation that was created while three others were is listed 200 ms later, when the index was merged."""
    late: dict[str, float] = {}

    class Merging(InFlight):
        def among(self, others: int, operation: Operation, request: Request) -> Response:
            response = super().among(others, operation, request)
            if others > 2 and response.status == 201:
                late[response.body.split(b'"')[3].decode()] = time.monotonic() + 0.2
            return response

        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            value = super().handle(operation, caller, checked, request)
            if operation.id == LIST:
                now = time.monotonic()
                value["results"] = [one for one in value["results"] if late.get(one["id"], 0.0) < now]
            return value

    return broken(pipeline=Merging)
