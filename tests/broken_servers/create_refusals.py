"""Servers that create what they should refuse, refuse what they should create, or refuse and create."""

import ast
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, LIST, Event, answering, broken, decoding, handling, ignoring, receiving, refusing
from mockserver.answers import Answer, Call
from mockserver.auth import Caller
from mockserver.contract import Operation
from mockserver.conversations import Conversations
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.records import Conversation
from mockserver.schema import Violation
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


def overlooking(when: Callable[[Violation, Any], bool]) -> type[Validator]:
    """A validator that overlooks some violations. It is asked with each, and with the value of the member at fault."""

    class Overlooking(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            for violation in super().violations(members, body):
                if not when(violation, members.get(violation.field)):
                    yield violation

    return Overlooking


# --- values that are not documented -----------------------------------------------------------------------------------------------


@defect("refusals-any-priority", "create.undocumented-values", difficulty=EASY)
def _() -> WsgiApp:
    """Any text is a priority."""
    return broken(validator=ignoring("enum", member="priority"))


@defect("refusals-any-channel", "create.undocumented-values", difficulty=EASY)
def _() -> WsgiApp:
    """Any text is a channel."""
    return broken(validator=ignoring("enum", member="channel"))


@defect("refusals-priority-critical", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A fifth priority was added: critical."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == "critical"))


@defect("refusals-channel-phone", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A fifth channel was added: phone."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == "phone"))


@defect("refusals-priority-in-capitals", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A priority is checked without regard to case, and stored as it came: LOW."""
    return broken(
        validator=overlooking(lambda violation, value: violation.field == "priority" and str(value).lower() in PRIORITIES)
    )


@defect("refusals-channel-with-a-space", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """A channel is checked after it was trimmed, and stored before."""
    return broken(validator=overlooking(lambda violation, value: violation.field == "channel" and str(value).strip() in CHANNELS))


@defect("refusals-priority-by-beginning", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """A priority is checked by a pattern without an end: lowx is accepted and stored."""
    pattern = re.compile("low|normal|high|urgent")
    return broken(
        validator=overlooking(lambda violation, value: violation.field == "priority" and pattern.match(str(value)) is not None)
    )


@defect("refusals-priority-empty", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """An empty priority is stored."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == ""))


@defect("refusals-channel-of-the-other-list", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """Channels are checked against the list of priorities as well."""
    return broken(validator=overlooking(lambda violation, value: violation.field == "channel" and value in PRIORITIES))


@defect("refusals-priority-shown-only-in-lists", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """An undocumented priority is stored; create and get show normal in its place, and lists show it."""

    def change(value: Any, event: Event) -> Any:
        if event.operation != LIST and value.get("priority", "low") not in PRIORITIES:
            value["priority"] = "normal"
        return value

    return broken(validator=ignoring("enum", member="priority"), pipeline=answering(change))


@defect("refusals-priority-refused-and-stored", "create.refusal-changes-nothing", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An undocumented priority is refused after the conversation was stored with it."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "enum"))


PRIORITIES, CHANNELS = ("low", "normal", "high", "urgent"), ("web", "email", "api", "callback")


# --- values of another type -------------------------------------------------------------------------------------------------------


def of_type(member: str, *types: type) -> WsgiApp:
    """A server that takes values of these types for a member, and shows them as they came."""
    return broken(validator=overlooking(lambda violation, value: violation.field == member and type(value) in types))


@defect("refusals-subject-is-a-number", "create.wrong-types", difficulty=EASY)
def _() -> WsgiApp:
    """A number is accepted as a subject, and comes back as a number."""
    return of_type("subject", int, float)


@defect("refusals-subject-is-true", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """true is accepted as a subject, and comes back as true."""
    return of_type("subject", bool)


@defect("refusals-subject-is-an-object", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """An object is accepted as a subject, and comes back as one."""
    return of_type("subject", dict)


@defect("refusals-first-name-is-a-number", "create.wrong-types", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A number is accepted as a first name, and comes back as a number."""
    return of_type("user_first_name", int, float)


@defect("refusals-last-name-is-a-list", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """A list is accepted as a last name, and comes back as a list."""
    return of_type("user_last_name", list)


@defect("refusals-metadata-is-a-list", "create.wrong-types", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Any JSON is metadata: a list, a text and a number come back as such."""

    class Anything(Conversations):
        def metadata(self, body: Any) -> Any:
            return body.get("metadata", {})

    return broken(
        conversations=Anything, validator=overlooking(lambda violation, value: violation.field == "metadata" and value is not None)
    )


@defect("refusals-metadata-is-true", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """true is accepted as metadata, and comes back as true."""

    class Anything(Conversations):
        def metadata(self, body: Any) -> Any:
            return True if body.get("metadata") is True else super().metadata(body)

    return broken(
        conversations=Anything, validator=overlooking(lambda violation, value: violation.field == "metadata" and value is True)
    )


@defect("refusals-priority-is-a-number", "create.wrong-types", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """A priority may be the number of one, and comes back as that number."""

    class Numbered(Conversations):
        def priority(self, body: Any) -> Any:
            return body.get("priority", "normal")

    validator = overlooking(lambda violation, value: violation.field == "priority" and type(value) is int)
    return broken(conversations=Numbered, validator=validator)


@defect("refusals-number-is-500", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A number in the place of a first name is answered with 500."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "user_first_name": members["user_first_name"].strip()} if "user_first_name" in members else members

    return broken(validator=receiving(change))


@defect("refusals-metadata-list-is-500", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A list in the place of metadata is answered with 500."""
    return broken(validator=receiving(lambda members: (members.get("metadata", {}).get("phone"), members)[1]))


# --- bodies that are not JSON objects ---------------------------------------------------------------------------------------------


def otherwise(read: Callable[[bytes], Any]) -> WsgiApp:
    """A server that reads bodies that are not JSON in some other way, where that gives an object."""

    def change(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        try:
            return decode(data)
        except Refusal:
            try:
                value = read(data)
            except (ValueError, SyntaxError, RecursionError):
                value = None
            if not isinstance(value, dict):
                raise
            return value

    return broken(validator=decoding(change))


@defect("refusals-not-json-is-a-subject", "create.malformed-json", "create.refusal-changes-nothing", difficulty=EASY)
def _() -> WsgiApp:
    """A body that is not JSON becomes the subject of a conversation."""
    return otherwise(lambda data: {"subject": data.decode("utf-8", "replace")[:500] or "(none)"})


@defect("refusals-empty-body-creates", "create.malformed-json", "create.subject-required", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A create without a body creates a conversation without a subject."""
    return otherwise(lambda data: {"subject": "(no subject)"} if not data.strip() else None)


@defect("refusals-single-quotes", "create.malformed-json", difficulty=RARE)
def _() -> WsgiApp:
    """Single quotes will do for double ones."""
    return otherwise(lambda data: ast.literal_eval(data.decode()) if b"'" in data else None)


@defect("refusals-trailing-comma", "create.malformed-json", difficulty=RARE)
def _() -> WsgiApp:
    """A comma before the closing brace is tolerated."""
    return otherwise(lambda data: json.loads(re.sub(rb",\s*([}\]])", rb"\1", data)))


@defect("refusals-missing-brace", "create.malformed-json", difficulty=RARE)
def _() -> WsgiApp:
    """A body that was cut off before its last brace is completed."""
    return otherwise(lambda data: json.loads(data + b"}"))


@defect("refusals-form", "create.malformed-json", difficulty=RARE)
def _() -> WsgiApp:
    """A form is read where JSON is announced."""
    return otherwise(lambda data: dict(parse_qsl(data.decode(), strict_parsing=True)))


@defect("refusals-comments", "create.malformed-json", difficulty=RARE)
def _() -> WsgiApp:
    """Comments are tolerated."""
    return otherwise(lambda data: json.loads(re.sub(rb"//[^\n]*|/\*.*?\*/", b"", data)) if b"/" in data else None)


@defect("refusals-malformed-is-500", "create.malformed-json", "any.no-server-error", difficulty=EASY)
def _() -> WsgiApp:
    """A body that is not JSON is answered with 500."""
    return broken(validator=decoding(lambda data, decode: json.loads(data)))


@defect("refusals-malformed-is-200", "create.malformed-json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is not JSON is answered with 200 and an error in the body."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        return replace(answer, status=200) if refusal.detail.startswith("The body is not JSON") else answer

    return broken(pipeline=refusing(change))


def instead(change: Callable[[Any], Any]) -> WsgiApp:
    """A server that takes another value for a body that is JSON and no object."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        return value if isinstance(value, dict) else change(value)

    return broken(validator=decoding(decoded))


@defect("refusals-list-of-one", "create.not-an-object", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A list with an object in it is taken for that object."""
    return instead(lambda value: value[0] if isinstance(value, list) and value else value)


@defect("refusals-text-is-the-subject", "create.not-an-object", difficulty=RARE)
def _() -> WsgiApp:
    """A JSON text is taken for the subject."""
    return instead(lambda value: {"subject": value} if isinstance(value, str) else value)


@defect("refusals-null-creates", "create.not-an-object", difficulty=RARE)
def _() -> WsgiApp:
    """null creates a conversation."""
    return instead(lambda value: {"subject": "(no subject)"} if value is None else value)


@defect("refusals-empty-list-creates", "create.not-an-object", difficulty=RARE)
def _() -> WsgiApp:
    """An empty list, which some languages do not tell from an empty object, creates a conversation."""
    return instead(lambda value: {"subject": "(no subject)"} if value == [] else value)


@defect("refusals-number-body-is-500", "create.not-an-object", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is a number is answered with 500."""
    return instead(lambda value: {**value} if isinstance(value, int | float) else value)


@defect("refusals-not-an-object-is-200", "create.not-an-object", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is a list is answered with 200 and an empty list: none of none were created."""
    return broken(
        pipeline=refusing(lambda answer, refusal: replace(answer, status=200) if _whole_body(refusal) else answer, CREATE)
    )


def _whole_body(refusal: Refusal) -> bool:
    return any(violation.keyword == "type" and not violation.path for violation in refusal.violations)


# --- refused, and created ---------------------------------------------------------------------------------------------------------


def stored_although(when: Callable[[Violation], bool], **members: Any) -> type[Pipeline]:
    """A pipeline that refuses a create for some violation after it was stored, with these members in the place of what was sent."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and any(when(violation) for violation in refusal.violations):
                caller = self.authenticate(call, operation)
                body = json.loads(call.body(1 << 22) or b"{}")
                request = Request("", {}, {"subject": "", **shaped(body), **members})
                with self.store.transaction():
                    self.conversations.create(caller, request)
            return super().refused(operation, call, refusal)

    return Storing


SHAPES: dict[str, type] = {
    **dict.fromkeys(("subject", "user_email", "description", "user_first_name", "user_last_name", "priority", "channel"), str),
    "metadata": dict,
}


def shaped(body: dict[str, Any]) -> dict[str, Any]:
    """The members that are of their documented types."""
    return {name: value for name, value in body.items() if name in SHAPES and isinstance(value, SHAPES[name])}


@defect("refusals-too-long-and-stored", "create.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject that is too long is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "maxLength"))


@defect("refusals-without-subject-and-stored", "create.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A create without a subject is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.keyword == "required"))


@defect("refusals-wrong-type-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata that is no object is refused after the conversation was stored."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "metadata"))


@defect("refusals-undocumented-channel-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """An undocumented channel is refused after the conversation was stored with the default one."""
    return broken(pipeline=stored_although(lambda violation: violation.field == "channel", channel="api"))


@defect("refusals-malformed-and-stored", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A body that is not JSON is refused, and an empty conversation is stored."""

    class Storing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and refusal.detail.startswith("The body is not JSON"):
                with self.store.transaction():
                    self.conversations.create(self.authenticate(call, operation), Request("", {}, {"subject": ""}))
            return super().refused(operation, call, refusal)

    return broken(pipeline=Storing)


@defect("refusals-user-remains", "create.refusal-changes-nothing", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A create that is refused for its subject has made the user, with the names it gave."""

    class Users(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == CREATE and any(violation.field == "subject" for violation in refusal.violations):
                caller = self.authenticate(call, operation)
                body = json.loads(call.body(1 << 22) or b"{}")
                with self.store.transaction():
                    self.conversations.requester(caller.organisation, shaped(body))
            return super().refused(operation, call, refusal)

    return broken(pipeline=Users)


# --- refused, and should not be ---------------------------------------------------------------------------------------------------


def demanding(when: Callable[[Event], bool]) -> WsgiApp:
    """A server that refuses some creates that are as documented."""

    def change(event: Event) -> Event | None:
        if when(event):
            raise Refusal(400, "This is not accepted.")
        return None

    return broken(pipeline=handling(change, CREATE))


@defect("refusals-description-is-required", "create.status", difficulty=EASY)
def _() -> WsgiApp:
    """A create without a description is refused."""
    return demanding(lambda event: "description" not in event.body)


@defect("refusals-channel-is-required-of-clients", "create.status", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With a client key, a create without a channel is refused."""
    return demanding(lambda event: event.tier == "client" and "channel" not in event.body)


@defect("refusals-callback-without-phone", "create.status", "create.channel-kept", difficulty=RARE)
def _() -> WsgiApp:
    """The channel callback is refused where metadata has no phone."""
    return demanding(lambda event: event.body.get("channel") == "callback" and "phone" not in event.body.get("metadata", {}))


@defect("refusals-urgent-from-clients", "create.status", "create.priority-kept", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key, the priority urgent is refused."""
    return demanding(lambda event: event.tier == "client" and event.body.get("priority") == "urgent")


@defect("refusals-metadata-with-objects", "create.status", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata with objects or lists in it is refused: a flat list of texts and numbers, says the model."""
    return demanding(
        lambda event: any(isinstance(value, dict | list) for value in event.body.get("metadata", {}).values()),
    )


@defect("refusals-emoji", "create.status", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A subject with characters of four bytes is refused."""
    return demanding(lambda event: any(ord(character) > 0xFFFF for character in event.body["subject"]))


@defect("refusals-charset", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A media type with a charset is refused: it is compared as a whole."""

    class Whole(Validator):
        def check_content_type(self, call: Call) -> None:
            if ";" in str(call.environ.get("CONTENT_TYPE", "")):
                raise Refusal(415, "The body should be application/json.")
            super().check_content_type(call)

    return broken(validator=Whole)


@defect("refusals-third-of-a-user", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A requester may have two open conversations, and a third is refused."""

    class Two(Conversations):
        def create(self, caller: Caller, request: Request) -> Conversation:
            email = request.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            if user is not None and len(self.store.conversations(caller.organisation, user.id, "open")) > 1:
                raise Refusal(409, "There is an open conversation already.")
            return super().create(caller, request)

    return broken(conversations=Two)


@defect("refusals-too-long-is-200", "create.subject-too-long", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject that is too long is answered with 200 and an error in the body."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        long = any(violation.keyword == "maxLength" for violation in refusal.violations)
        return replace(answer, status=200) if long else answer

    return broken(pipeline=refusing(change))


@defect(
    "refusals-without-subject-is-500", "create.subject-required", "create.required-members", "any.no-server-error", difficulty=EASY
)
def _() -> WsgiApp:
    """A create without a subject is answered with 500."""
    return broken(validator=ignoring("required", member="subject"))


@defect("refusals-null-subject-is-500", "create.subject-required", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject that is null is answered with 500; a missing one is refused."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "subject": members["subject"] + ""} if "subject" in members else members

    return broken(validator=receiving(change))


@defect("refusals-empty-object-creates", "create.required-members", difficulty=RARE)
def _() -> WsgiApp:
    """An empty object creates a conversation; with any member, the subject is required."""
    return broken(validator=receiving(lambda members: members or {"subject": "(no subject)"}))
