"""Servers that take messages which have to be refused, refuse one that is right, or refuse and do it all the same."""

import json
import re
from collections.abc import Callable
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.conversations import REPLY, Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.pages import Page
from mockserver.model.records import Conversation, Message
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import SEND, broken, decoding, handling, ignoring, receiving, status_of, with_body
from tests.defects.kit.rules import change, ruling
from tests.defects.kit.stores import kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("messages.body-required", difficulty=MEDIUM)
def message_refusals_empty_body_for_none() -> WsgiApp:
    """A message without a body is accepted from client keys, as an empty one."""

    def filled(event: Any) -> Any:
        return with_body(event, body="-") if "body" not in event.checked.body and event.tier == "client" else event

    return broken(validator=ignoring("required", member="body"), pipeline=handling(filled, "createMessage"))


@defect("messages.malformed-json", difficulty=MEDIUM)
def message_refusals_text_alone() -> WsgiApp:
    """A body that is not a JSON object is taken for the text of a message from the shop."""
    return broken(validator=decoding(_or(lambda data: {"body": data.decode("utf-8", "replace"), "user_email": "shop@example.com"})))


@defect("messages.malformed-json", difficulty=RARE)
def message_refusals_trailing_comma() -> WsgiApp:
    """A comma before the closing brace of a message is tolerated, and of a conversation it is not."""

    def read(data: bytes) -> Any:
        if b'"body"' not in data:
            raise ValueError("not a message")
        return json.loads(re.sub(rb",\s*}", b"}", data))

    return broken(validator=decoding(_or(read)))


@defect("messages.wrong-types", difficulty=MEDIUM)
def message_refusals_objects_stay_objects() -> WsgiApp:
    """A body that is an object, a list or null is accepted and listed as one."""
    return broken(validator=ignoring("type", member="body"), pipeline=handling(_unless_a_scalar, "createMessage"))


def _unless_a_scalar(event: Any) -> Any:
    body = event.checked.body.get("body")
    return with_body(event, body=str(body)) if isinstance(body, bool | int | float) else event


def _or(read: Callable[[bytes], Any]) -> Callable[[bytes, Callable[[bytes], Any]], Any]:
    """Read a body correctly, and with `read` if that fails or finds no object."""

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


@defect("messages.unknown-conversation", difficulty=EASY)
def messages_to_unknown_accepted() -> WsgiApp:
    """A message to a conversation that does not exist is acknowledged."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if self.store.conversation(checked.id) is None:
            return Message(self.ids.new(), checked.id, checked.body["user_email"], checked.body["body"], REPLY, self.clock.now())
        return Conversations.send(self, caller, checked)

    return broken(conversations=ruling(send=send))


@defect("messages.unknown-conversation", difficulty=MEDIUM)
def messages_of_unknown_are_none() -> WsgiApp:
    """The messages of a conversation that does not exist are an empty list."""

    def messages(self: Any, caller: Caller, checked: CheckedRequest) -> Page[Message]:
        if self.store.conversation(checked.id) is None:
            return Page(0, [], None, 0, {})
        return Conversations.messages(self, caller, checked)

    return broken(conversations=ruling(messages=messages))


@defect("messages.unknown-conversation", difficulty=RARE)
def messages_of_malformed_id_are_none() -> WsgiApp:
    """The messages of a malformed id are an empty list."""

    class AnyId(Validator):
        def read_id(self, text: str) -> str:
            return text

    def messages(self: Any, caller: Caller, checked: CheckedRequest) -> Page[Message]:
        if len(checked.id) != 36:
            return Page(0, [], None, 0, {})
        return Conversations.messages(self, caller, checked)

    return broken(validator=AnyId, conversations=ruling(messages=messages))


@defect("messages.unknown-conversation", difficulty=RARE)
def messages_to_unknown_make_one() -> WsgiApp:
    """A message to an unknown id with a server key opens a conversation."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if self.store.conversation(checked.id) is None and caller.key.tier == "server":
            body = {"subject": "Message", "user_email": checked.body["user_email"]}
            created = self.create(caller, CheckedRequest("", {}, body))
            return Conversations.send(self, caller, checked._replace(id=created.id))
        return Conversations.send(self, caller, checked)

    return broken(conversations=ruling(send=send))


def without_required(member: str, value: Callable[[Any, CheckedRequest], str]) -> WsgiApp:
    """Make a server that accepts a message without a required member, which `value` then gives."""

    class Lenient(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", member))

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if member not in checked.body:
            checked = checked._replace(body={**checked.body, member: value(self, checked)})
        return Conversations.send(self, caller, checked)

    return broken(validator=Lenient, conversations=ruling(send=send))


@defect("messages.body-required", difficulty=EASY)
def messages_body_not_required() -> WsgiApp:
    """A message without a body is accepted."""
    return without_required("body", lambda rules, checked: "")


@defect("messages.user-email-required", difficulty=EASY)
def messages_sender_not_required() -> WsgiApp:
    """A message without user_email is accepted, and the requester's."""
    return without_required("user_email", lambda rules, checked: rules.store.conversation(checked.id).requester.email or "")


@defect("messages.user-email-required", difficulty=RARE)
def messages_sender_not_required_of_servers() -> WsgiApp:
    """A message without user_email is accepted from server keys, and an agent's."""

    class Lenient(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", "user_email"))

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if "user_email" not in checked.body:
            if caller.key.tier == "client":
                raise HttpRefusal(400, "user_email: This field is required.")
            checked = checked._replace(body={**checked.body, "user_email": "agent@example.com"})
        return Conversations.send(self, caller, checked)

    return broken(validator=Lenient, conversations=ruling(send=send))


def without_sender(send_it: Callable[[Any, Caller, CheckedRequest], Message | None]) -> WsgiApp:
    """Make a server that accepts some messages without user_email: `send_it` sends one, or returns None for a refusal."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if "user_email" in checked.body:
            return Conversations.send(self, caller, checked)
        message = send_it(self, caller, checked)
        if message is None:
            raise HttpRefusal(400, "user_email: This field is required.")
        return message

    return broken(validator=ignoring("required", member="user_email"), conversations=ruling(send=send))


@defect("messages.user-email-required", difficulty=RARE)
def messages_sender_not_required_of_clients_to_anonymous() -> WsgiApp:
    """A message without user_email to an anonymous requester's conversation is accepted from client keys, with a null sender."""

    def send_it(rules: Any, caller: Caller, checked: CheckedRequest) -> Message | None:
        conversation = rules.find(caller, checked.id)
        if caller.key.tier != "client" or not conversation.requester.anonymous:
            return None
        message: Message = rules.add_message(conversation, None, checked.body["body"], REPLY)
        rules.store.replace_conversation(rules.after_reply(conversation, message))
        return message

    return without_sender(send_it)


@defect("messages.user-email-required", difficulty=RARE)
def messages_sender_not_required_after_the_first() -> WsgiApp:
    """A message without user_email is taken for one of whoever wrote to the conversation last, once somebody has."""

    def send_it(rules: Any, caller: Caller, checked: CheckedRequest) -> Message | None:
        kept = kept_messages(rules.store, rules.find(caller, checked.id).id)
        email = kept[-1].sender_email if kept else None
        if email is None:
            return None
        return Conversations.send(rules, caller, checked._replace(body={**checked.body, "user_email": email}))

    return without_sender(send_it)


@defect("messages.wrong-types", difficulty=MEDIUM)
def messages_numbers_stay_numbers() -> WsgiApp:
    """A body that is a number is accepted and listed as one."""
    return broken(validator=ignoring("type", member="body"))


@defect("messages.refusal-changes-nothing", difficulty=MEDIUM)
def messages_stored_although_refused() -> WsgiApp:
    """A message without a sender is refused and added all the same."""

    class Storing(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", "user_email"))

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if "user_email" in checked.body:
            return Conversations.send(self, caller, checked)
        conversation = self.find(caller, checked.id)
        self.add_message(conversation, None, checked.body["body"], REPLY)
        raise HttpRefusal(400, "user_email: This field is required.")

    return broken(validator=Storing, conversations=ruling(send=send))


@defect("messages.refusal-changes-nothing", difficulty=RARE)
def messages_reopen_although_refused() -> WsgiApp:
    """A message that is refused sets its conversation to pending."""

    class Touching(Pipeline):
        def refused(self, operation: Any, request: Any, refusal: Refusal) -> Any:
            conversation = self.store.conversation(request.path.get("id", ""))
            if operation.id == SEND and conversation is not None and status_of(refusal) == 400:
                change(self.conversations, conversation, status="pending")
            return super().refused(operation, request, refusal)

    return broken(pipeline=Touching)


@defect("messages.accepted", difficulty=RARE)
def messages_refused_after_a_hundred() -> WsgiApp:
    """The hundredth message of a conversation is refused."""

    def check(self: Any, conversation: Conversation) -> None:
        if len(self.store.messages(conversation.id)) >= 99:
            raise HttpRefusal(409, "This conversation is full.")

    return broken(conversations=ruling(check_may_reply=check))


@defect("messages.refusal-changes-nothing", difficulty=RARE)
def messages_refused_to_closed_and_added() -> WsgiApp:
    """A message to a closed conversation is refused after it was stored."""

    def added(self: Any, caller: Any, checked: Any) -> Any:
        conversation = self.find(caller, checked.id)
        if self.is_closed(conversation):
            self.add_message(conversation, checked.body["user_email"], checked.body["body"], "reply")
        return Conversations.send(self, caller, checked)

    return broken(conversations=ruling(send=added), choices={"reply_to_closed": "refuse"})


@defect("messages.accepted", difficulty=RARE)
def message_refusals_leave_it_locked() -> WsgiApp:
    """A message that is refused for its body leaves the conversation locked: the next one is turned away."""
    locked: set[str] = set()

    class Locking(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == SEND and refusal.violations:
                locked.add(request.path)
            return super().refused(operation, request, refusal)

        def respond(self, operation: Operation, request: Request) -> Response:
            if operation.id == SEND and request.path in locked:
                locked.remove(request.path)
                return Response.json(423, {"detail": "The conversation is being edited."})
            return super().respond(operation, request)

    return broken(pipeline=Locking)


@defect("messages.body-required", difficulty=RARE)
def message_refusals_null_for_a_body() -> WsgiApp:
    """A message whose body is null is accepted, and says "None"."""
    return broken(validator=receiving(lambda body: body | {"body": "None"} if body.get("body", "") is None else body))
