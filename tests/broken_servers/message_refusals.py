"""Servers that take messages which have to be refused, refuse one that is right, or refuse and do it all the same."""

import json
import re
from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import change, ruling
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import SEND, broken, decoding, handling, ignoring, with_body
from mockserver.auth import Caller
from mockserver.conversations import REPLY, Conversations
from mockserver.pipeline import Pipeline
from mockserver.presenter import Page
from mockserver.problems import Refusal
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


@defect("message-refusals-empty-body-for-none", "messages.body-required", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message without a body is accepted from client keys, as an empty one."""

    def filled(event: Any) -> Any:
        return with_body(event, body="-") if "body" not in event.request.body and event.tier == "client" else event

    return broken(validator=ignoring("required", member="body"), pipeline=handling(filled, "createMessage"))


@defect("message-refusals-text-alone", "messages.malformed-json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is not a JSON object is taken for the text of a message from the shop."""
    return broken(validator=decoding(_or(lambda data: {"body": data.decode("utf-8", "replace"), "user_email": "shop@example.com"})))


@defect("message-refusals-trailing-comma", "messages.malformed-json", difficulty=RARE)
def _() -> WsgiApp:
    """A comma before the closing brace of a message is tolerated, and of a conversation it is not."""

    def read(data: bytes) -> Any:
        if b'"body"' not in data:
            raise ValueError("not a message")
        return json.loads(re.sub(rb",\s*}", b"}", data))

    return broken(validator=decoding(_or(read)))


@defect("message-refusals-objects-stay-objects", "messages.wrong-types", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is an object, a list or null is accepted and listed as one."""
    return broken(validator=ignoring("type", member="body"), pipeline=handling(_unless_a_scalar, "createMessage"))


def _unless_a_scalar(event: Any) -> Any:
    body = event.request.body.get("body")
    return with_body(event, body=str(body)) if isinstance(body, bool | int | float) else event


def _or(read: Callable[[bytes], Any]) -> Callable[[bytes, Callable[[bytes], Any]], Any]:
    """Read a body as it should be, and otherwise where that fails or finds no object."""

    def change(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        try:
            value = decode(data)
        except Refusal as error:
            try:
                return read(data)
            except ValueError:
                raise error from None
        return value if isinstance(value, dict) else read(data)

    return change


@defect("messages-to-unknown-accepted", "messages.unknown-conversation", difficulty=EASY)
def _() -> WsgiApp:
    """A message to a conversation that does not exist is acknowledged."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if self.store.conversation(request.id) is None:
            return Message(self.ids.new(), request.id, request.body["user_email"], request.body["body"], REPLY, self.clock.now())
        return Conversations.send(self, caller, request)

    return broken(conversations=ruling(send=send))


@defect("messages-of-unknown-are-none", "messages.unknown-conversation", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of a conversation that does not exist are an empty list."""

    def messages(self: Any, caller: Caller, request: Request) -> Page[Message]:
        if self.store.conversation(request.id) is None:
            return Page(0, [], None, 0, {})
        return Conversations.messages(self, caller, request)

    return broken(conversations=ruling(messages=messages))


@defect("messages-of-malformed-id-are-none", "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """The messages of a malformed id are an empty list."""

    class AnyId(Validator):
        def read_id(self, text: str) -> str:
            return text

    def messages(self: Any, caller: Caller, request: Request) -> Page[Message]:
        if len(request.id) != 36:
            return Page(0, [], None, 0, {})
        return Conversations.messages(self, caller, request)

    return broken(validator=AnyId, conversations=ruling(messages=messages))


@defect("messages-to-unknown-make-one", "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """A message to an unknown id with a server key opens a conversation."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if self.store.conversation(request.id) is None and caller.key.tier == "server":
            body = {"subject": "Message", "user_email": request.body["user_email"]}
            created = self.create(caller, Request("", {}, body))
            return Conversations.send(self, caller, request._replace(id=created.id))
        return Conversations.send(self, caller, request)

    return broken(conversations=ruling(send=send))


def without_required(member: str, value: Callable[[Any, Request], str]) -> WsgiApp:
    """A server that does without a required member of a message."""

    class Lenient(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", member))

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if member not in request.body:
            request = request._replace(body={**request.body, member: value(self, request)})
        return Conversations.send(self, caller, request)

    return broken(validator=Lenient, conversations=ruling(send=send))


@defect("messages-body-not-required", "messages.body-required", difficulty=EASY)
def _() -> WsgiApp:
    """A message without a body is accepted."""
    return without_required("body", lambda rules, request: "")


@defect("messages-sender-not-required", "messages.user-email-required", difficulty=EASY)
def _() -> WsgiApp:
    """A message without user_email is accepted, and the requester's."""
    return without_required("user_email", lambda rules, request: rules.store.conversation(request.id).requester.email or "")


@defect("messages-sender-not-required-of-servers", "messages.user-email-required", difficulty=RARE)
def _() -> WsgiApp:
    """A message without user_email is accepted from server keys, and an agent's."""

    class Lenient(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", "user_email"))

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if "user_email" not in request.body:
            if caller.key.tier == "client":
                raise Refusal(400, "user_email: This field is required.")
            request = request._replace(body={**request.body, "user_email": "agent@example.com"})
        return Conversations.send(self, caller, request)

    return broken(validator=Lenient, conversations=ruling(send=send))


@defect("messages-numbers-stay-numbers", "messages.wrong-types", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is a number is accepted and listed as one."""
    return broken(validator=ignoring("type", member="body"))


@defect("messages-stored-although-refused", "messages.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message without a sender is refused and added all the same."""

    class Storing(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", "user_email"))

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if "user_email" in request.body:
            return Conversations.send(self, caller, request)
        conversation = self.find(caller, request.id)
        self.add_message(conversation, None, request.body["body"], REPLY)
        raise Refusal(400, "user_email: This field is required.")

    return broken(validator=Storing, conversations=ruling(send=send))


@defect("messages-reopen-although-refused", "messages.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A message that is refused sets its conversation to pending."""

    class Touching(Pipeline):
        def refused(self, operation: Any, call: Any, refusal: Refusal) -> Any:
            conversation = self.store.conversation(call.path.get("id", ""))
            if operation.id == SEND and conversation is not None and refusal.status == 400:
                change(self.conversations, conversation, status="pending")
            return super().refused(operation, call, refusal)

    return broken(pipeline=Touching)


@defect("messages-refused-after-a-hundred", "messages.accepted", difficulty=RARE)
def _() -> WsgiApp:
    """The hundredth message of a conversation is refused."""

    def check(self: Any, conversation: Conversation) -> None:
        if len(self.store.messages(conversation.id)) >= 99:
            raise Refusal(409, "This conversation is full.")

    return broken(conversations=ruling(check_may_reply=check))


@defect("messages-refused-to-closed-and-added", "messages.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A message to a closed conversation is refused after it was stored."""

    def added(self: Any, caller: Any, request: Any) -> Any:
        conversation = self.find(caller, request.id)
        if self.is_closed(conversation):
            self.add_message(conversation, request.body["user_email"], request.body["body"], "reply")
        return Conversations.send(self, caller, request)

    return broken(conversations=ruling(send=added), choices={"reply_to_closed": "refuse"})
