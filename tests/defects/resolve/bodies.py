"""Servers that look at what resolving does not document, and servers that resolve the second time as if it were the first."""

import json
from typing import Any
from urllib.parse import parse_qs

from mockserver.contract.document import Operation
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import RESOLVE, body_of, broken
from tests.defects.kit.rules import change, ruling
from tests.defects.kit.stores import kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
STATUSES = ["open", "pending", "resolved"]


def _said(request: Request) -> dict[str, Any]:
    """Return the members of the body that came with a resolve; none if it is not a JSON object."""
    try:
        body = json.loads(body_of(request) or b"null")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _obeying(obey: Any) -> WsgiApp:
    """Make a server that calls `obey` after a resolve: it gets rules, conversation and request, and may change the record."""

    class Obeying(Pipeline):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            value = super().handle(operation, caller, checked, request)
            if operation.id == RESOLVE:
                obey(self.conversations, self.conversations.find(caller, checked.id), request)
                return self.serializer.conversation(self.conversations.find(caller, checked.id))
            return value

    return broken(pipeline=Obeying)


@defect("resolve.closes", "resolve.refusal-changes-nothing", difficulty=MEDIUM)
def resolve_takes_the_status_of_the_body() -> WsgiApp:
    """Resolve with a JSON body {"status": "open"} answers 200 with that status, and leaves it so."""

    def obey(rules: Any, found: Conversation, request: Request) -> None:
        if _said(request).get("status") in STATUSES:
            change(rules, found, status=_said(request)["status"])

    return _obeying(obey)


@defect("resolve.refusal-changes-nothing", difficulty=RARE)
def resolve_takes_the_priority_of_the_body() -> WsgiApp:
    """Resolve keeps the priority that its body names."""

    def obey(rules: Any, found: Conversation, request: Request) -> None:
        if _said(request).get("priority") in ("low", "normal", "high", "urgent"):
            change(rules, found, priority=_said(request)["priority"])

    return _obeying(obey)


@defect("resolve.refusal-changes-nothing", difficulty=RARE)
def resolve_takes_the_subject_of_the_query() -> WsgiApp:
    """Resolve keeps the subject that its query names."""

    def obey(rules: Any, found: Conversation, request: Request) -> None:
        for subject in parse_qs(request.query).get("subject", []):
            change(rules, found, subject=subject)

    return _obeying(obey)


@defect("resolve.refusal-changes-nothing", difficulty=RARE)
def resolve_refuses_a_list_and_closes() -> WsgiApp:
    """Resolve with a body that is no object is answered 400, and has closed the conversation."""

    class Refusing(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            listed = operation.id == RESOLVE and body_of(request).startswith(b"[")
            done = super().respond(operation, request)
            return self.refused(operation, request, HttpRefusal(400, "The body is no object.")) if listed else done

    return broken(pipeline=Refusing)


def _again(effect: Any) -> WsgiApp:
    """Make a server on which resolving has an effect if the conversation is closed already."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        closed = self.is_closed(self.find(caller, checked.id))
        done = Conversations.resolve(self, caller, checked)
        if closed:
            effect(self, done)
        return done

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve.rest-kept", difficulty=MEDIUM)
def resolve_twice_loses_the_messages() -> WsgiApp:
    """Messages are lost by the second resolve of the same conversation."""
    return _again(lambda rules, found: kept_messages(rules.store, found.id).clear())


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_twice_loses_the_latest_message() -> WsgiApp:
    """The latest message of several is lost by the second resolve of the same conversation."""

    def effect(rules: Any, found: Conversation) -> None:
        messages = kept_messages(rules.store, found.id)
        if len(messages) > 1:
            messages.pop()

    return _again(effect)


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_twice_loses_the_description() -> WsgiApp:
    """The message that the description became is lost by the second resolve of the same conversation."""

    def effect(rules: Any, found: Conversation) -> None:
        messages = kept_messages(rules.store, found.id)
        if len(messages) > 1:
            messages.pop(0)

    return _again(effect)
