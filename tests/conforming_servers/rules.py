"""Rules that are left open: who may write, what becomes of the unusual, what a server does by itself."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from conforming_servers.registry import variation
from conforming_servers.seams import mock
from mockserver.answers import Answer, Call
from mockserver.auth import Caller
from mockserver.contract import Body, Operation
from mockserver.conversations import REPLY, Conversations
from mockserver.pipeline import Pipeline
from mockserver.presenter import Page, Presenter
from mockserver.problems import Refusal
from mockserver.records import Conversation, Message, User
from mockserver.schema import Violation
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


# --- what is beyond modest sizes or ordinary characters ---------------------------------------------------------------


def refusing(broken: Any) -> type[Validator]:
    """A validator that refuses bodies whose members `broken` names."""

    class Refusing(Validator):
        def violations(self, members: dict[str, Any], body: Body) -> Iterator[Violation]:
            yield from super().violations(members, body)
            for name in broken(members):
                yield Violation((name,), "refused", "This is too much.")

    return Refusing


@variation("long-texts-refused")
def long_texts() -> WsgiApp:
    """Names over 100 characters, descriptions and bodies over 10,000 are refused."""
    limits = {"user_first_name": 100, "user_last_name": 100, "description": 10_000, "body": 10_000}

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name, most in limits.items() if isinstance(members.get(name), str) and len(members[name]) > most)

    return mock(validator=refusing(broken))


@variation("large-metadata-refused")
def large_metadata() -> WsgiApp:
    """Metadata over 16 KiB or 20 levels is refused."""

    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    def broken(members: dict[str, Any]) -> Iterator[str]:
        metadata = members.get("metadata")
        if isinstance(metadata, dict) and (len(orjson.dumps(metadata)) > 16_384 or depth(metadata) > 20):
            yield "metadata"

    return mock(validator=refusing(broken))


@variation("control-characters-refused")
def control_characters() -> WsgiApp:
    """Control characters but line ends and tabs, noncharacters and surrogates are refused, in metadata too."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for item in [*value, *(value.values() if isinstance(value, dict) else ())]:
                yield from texts(item)

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name, value in members.items() if any(map(_CONTROL.search, texts(value))))

    return mock(validator=refusing(broken))


@variation("everything-kept")
def everything_kept() -> WsgiApp:
    """NUL, lone surrogates, huge integers and whatever JSON can say is kept and answered in escapes."""

    class Lenient(Validator):
        def decode(self, data: bytes) -> Any:
            try:
                return json.loads(data.decode(), parse_constant=_no_number, parse_float=_finite)
            except (ValueError, RecursionError) as error:
                raise Refusal(400, f"Not JSON: {type(error).__name__}.") from None

        def violations(self, members: dict[str, Any], body: Body) -> Iterator[Violation]:
            # The schema's validator knows no surrogates and no integers beyond 64 bits.
            plain = json.loads(re.sub(r"\\u[dD][89a-fA-F]..", "x", json.dumps(members, ensure_ascii=True)), parse_int=_small)
            return super().violations(plain, body)

    class Escaping(Pipeline):
        def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
            body = json.dumps(value).encode()
            return Answer(self.success_status(operation), body, {"Content-Type": "application/json"})

    return mock(validator=Lenient, pipeline=Escaping, choices={"nul_character": "keep", "empty_subject": "accept"})


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    return value if math.isfinite(value := float(digits)) else _no_number(digits)


def _small(digits: str) -> int:
    return int(digits) if len(digits) < 19 else 0


def trimming(characters: str | None, names: tuple[str, ...]) -> type[Validator]:
    """A validator that takes such characters off both ends of these members."""

    class Trimming(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            members = super().tidy(value, body)
            return {
                name: text.strip(characters) if name in names and isinstance(text, str) else text for name, text in members.items()
            }

    return Trimming


_TEXTS = ("subject", "description", "body", "user_first_name", "user_last_name", "user_email")


@variation("trimmed-as-by-python")
def trimmed_as_python() -> WsgiApp:
    """All that Unicode calls white space is taken off the ends of every text, e-mail addresses too."""
    return mock(validator=trimming(None, _TEXTS))


@variation("trimmed-as-by-java", spare=True)
def trimmed_as_java() -> WsgiApp:
    """Every character up to the space, control characters too, is taken off the ends of subject, body and names."""
    return mock(validator=trimming("".join(map(chr, range(33))), _TEXTS))


@variation("trimmed-at-the-ends-of-names-only", spare=True)
def trimmed_names() -> WsgiApp:
    """Spaces are taken off names and subjects, and bodies are kept as they are."""
    return mock(validator=trimming(" ", ("subject", "user_first_name", "user_last_name")))


@variation("subject-length-before-trimming", spare=True)
def blank_subject() -> WsgiApp:
    """A subject of white space is refused; others keep theirs."""

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name in ("subject", "body") if isinstance(members.get(name), str) and not members[name].strip())

    return mock(validator=refusing(broken))


@variation("plain-addresses-only", spare=True)
def plain_addresses() -> WsgiApp:
    """Addresses are of ASCII letters, digits, dots and dashes with a known top-level domain; others are refused."""

    class Plain(Validator):
        def is_email(self, text: str) -> bool:
            return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@([A-Za-z0-9-]+\.)+(com|org|net|example)", text) is not None

    return mock(validator=Plain)


@variation("undocumented-values-become-the-default")
def defaults_for_strange_values() -> WsgiApp:
    """An undocumented priority or channel, or a value of the wrong type, is as if it were not there; numbers become text."""

    class Forgiving(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            kept = {}
            for name, member in super().tidy(value, body).items():
                facts = body.members.get(name, {})
                if name == "user_email" or name in body.required_members or self.allowed(facts, member):
                    kept[name] = member
            return kept

        def allowed(self, facts: Mapping[str, Any], member: Any) -> bool:
            allowed = self.contract.components.get(str(facts.get("$ref", "")).rpartition("/")[2], facts).get("enum")
            if facts.get("type") == "object":
                return isinstance(member, dict)
            return isinstance(member, str) and (allowed is None or member in allowed)

    return mock(validator=Forgiving, choices={"number_for_text": "convert"})


@variation("member-names-in-any-case")
def names_in_any_case() -> WsgiApp:
    """Names of members are matched in any case, as by the JSON libraries of Go and .NET."""

    class AnyCase(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            return super().tidy({name.lower() if name.lower() in body.members else name: one for name, one in value.items()}, body)

    return mock(validator=AnyCase)


@variation("enums-in-any-case", spare=True)
def enums_in_any_case() -> WsgiApp:
    """Priorities, channels and statuses are read in any case, and answered in lower case."""

    class AnyCase(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            folded = {name: str(value[name]).lower() for name in ("priority", "channel") if isinstance(value.get(name), str)}
            return super().tidy(value | folded, body)

        def sent_parameters(self, call: Call) -> dict[str, str]:
            return {name: one.lower() if name == "status" else one for name, one in super().sent_parameters(call).items()}

    return mock(validator=AnyCase)


@variation("text-after-the-json")
def trailing_text() -> WsgiApp:
    """What follows the first JSON value of a body is not read, as by the JSON libraries of Java and Go."""

    class First(Validator):
        def decode(self, data: bytes) -> Any:
            try:
                text = data.decode()
                start = len(text) - len(text.lstrip(" \t\r\n"))
                _, end = json.JSONDecoder(parse_constant=_no_number).raw_decode(text, start)
            except (ValueError, RecursionError) as error:
                raise Refusal(400, f"Not JSON: {type(error).__name__}.") from None
            return super().decode(text[start:end].encode("utf-8", "surrogatepass"))

    return mock(validator=First)


# --- people -----------------------------------------------------------------------------------------------------------


@variation("participants-only")
def participants_only() -> WsgiApp:
    """Only the requester of a conversation may send messages to it; everybody else is refused with 403."""

    class Participants(Conversations):
        def send(self, caller: Caller, request: Request) -> Message:
            conversation = self.find(caller, request.id)
            email = request.body["user_email"]
            if self.email_key(email) != self.email_key(conversation.requester.email or ""):
                raise Refusal(403, "Not a participant.")
            return super().send(caller, request)

    return mock(conversations=Participants)


@variation("anonymous-people-are-one", spare=True)
def one_anonymous() -> WsgiApp:
    """All anonymous conversations belong to one user, whose address is made up and can be listed by."""

    class OneAnonymous(Conversations):
        def new_anonymous(self, organisation: str, first_name: str | None, last_name: str | None) -> User:
            known = self.look_up(organisation, "anonymous@users.invalid")
            return known or self.new_user(organisation, "anonymous@users.invalid", "Anonymous", "Visitor")

    return mock(conversations=OneAnonymous)


@variation("senders-are-not-users", spare=True)
def senders_are_not_users() -> WsgiApp:
    """Who sends a message is written down and does not become a user, so that a later create names them."""

    class Passing(Conversations):
        def sender(self, organisation: str, email: str) -> User:
            return self.look_up(organisation, email) or User("", organisation, email, None, None)

    return mock(conversations=Passing)


@variation("unknown-senders-get-names", spare=True)
def named_senders() -> WsgiApp:
    """A user who first appears as a sender is named after the address."""

    class Named(Conversations):
        def sender(self, organisation: str, email: str) -> User:
            return self.look_up(organisation, email) or self.new_user(organisation, email, email.partition("@")[0], "")

    return mock(conversations=Named)


@variation("addresses-in-lower-case", spare=True)
def lower_addresses() -> WsgiApp:
    """Addresses are folded in every answer and in the look-up; those of senders too."""
    return mock(choices={"email_lookup_case": "fold", "email_answer_case": "fold"})


@variation("missing-names-from-the-address", spare=True)
def names_from_address() -> WsgiApp:
    """A new user without names is called after the address; given names are kept."""

    class Called(Conversations):
        def new_user(self, organisation: str, email: str, first_name: str | None, last_name: str | None) -> User:
            if first_name is None and last_name is None:
                first_name, last_name = email.partition("@")[0], "(unknown)"
            return super().new_user(organisation, email, first_name, last_name)

    return mock(conversations=Called)


# --- what a server does by itself -------------------------------------------------------------------------------------


@variation("automatic-messages")
def automatic_messages() -> WsgiApp:
    """A create is answered by a message of the helpdesk, and resolving adds a note without a sender."""

    class Automatic(Conversations):
        def create(self, caller: Caller, request: Request) -> Conversation:
            conversation = super().create(caller, request)
            self.add_message(conversation, "support@helpdesk.example", "We got your message.", "auto_reply")
            return conversation

        def resolved(self, conversation: Conversation) -> Conversation:
            self.add_message(conversation, None, "The conversation was closed.", "system")
            return super().resolved(conversation)

    return mock(conversations=Automatic)


@variation("automatic-answers", spare=True)
def automatic_answers() -> WsgiApp:
    """Each message is followed by one of the helpdesk that says only that it came."""

    class Echo(Conversations):
        def send(self, caller: Caller, request: Request) -> Message:
            message = super().send(caller, request)
            self.add_message(self.find(caller, request.id), "bot@helpdesk.example", "Thank you.", "bot")
            return message

    return mock(conversations=Echo)


@variation("messages-make-pending")
def pending() -> WsgiApp:
    """A message to an open conversation makes it pending; one to a closed conversation opens it."""

    class Pending(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            status = "open" if self.is_closed(conversation) else "pending"
            return replace(super().after_reply(conversation, message), status=status)

    return mock(conversations=Pending)


@variation("every-second-message-opens-again", spare=True)
def toggling() -> WsgiApp:
    """A message from the requester opens the conversation, one from anybody else makes it pending, unless it is closed."""

    class Waiting(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            after = super().after_reply(conversation, message)
            if self.is_closed(conversation):
                return after
            own = message.sender_email == conversation.requester.email
            return replace(after, status="open" if own else "pending")

    return mock(conversations=Waiting)


@variation("description-is-a-note", spare=True)
def description_note() -> WsgiApp:
    """The description becomes a message of the type note, from nobody, and answers show it as a member too."""

    class Note(Conversations):
        def add_description(self, conversation: Conversation, description: str | None) -> None:
            if description:
                self.add_message(conversation, None, description, "note")

    return mock(conversations=Note)


@variation("subject-is-the-first-message", spare=True)
def subject_message() -> WsgiApp:
    """Without a description, the subject is the first message."""

    class Subject(Conversations):
        def add_description(self, conversation: Conversation, description: str | None) -> None:
            self.add_message(conversation, conversation.requester.email, description or conversation.subject, REPLY)

    return mock(conversations=Subject)


@variation("messages-leave-updated-at", spare=True)
def updated_at_stays() -> WsgiApp:
    """Neither a message nor resolving changes updated_at."""

    class Still(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            return replace(super().after_reply(conversation, message), updated_at=conversation.updated_at)

        def resolved(self, conversation: Conversation) -> Conversation:
            return replace(super().resolved(conversation), updated_at=conversation.updated_at)

    return mock(conversations=Still, choices={"timestamp_fraction": "microseconds"})


@variation("messages-in-small-pages")
def small_message_pages() -> WsgiApp:
    """Messages come in pages of five unless more are asked for, with the absolute address of the next page."""

    class Five(Validator):
        def read_query(self, call: Call, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(call, operation)
            if operation.id == "listMessages" and "limit" not in self.sent_parameters(call):
                values["limit"] = 5
            return values, impossible

    return mock(validator=Five, choices={"message_paging": "limit_offset", "envelope_extra_members": "next_previous"})


@variation("messages-by-cursor")
def message_cursors() -> WsgiApp:
    """Messages come in pages of ten, the next one named by a cursor in an absolute address."""

    class Cursor(Validator):
        def read_query(self, call: Call, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(call, operation)
            if operation.id == "listMessages":
                cursor = self.sent_parameters(call).get("cursor", "")
                values |= {"limit": 10, "offset": int(cursor, 36) if re.fullmatch("[0-9a-z]{1,4}", cursor) else 0}
            return values, impossible

    class Linked(Presenter):
        def page_url(self, page: Page[Any], url: str, offset: int) -> str:
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"
            return (
                f"{url}?cursor={digits[offset // 36]}{digits[offset % 36]}"
                if url.endswith("/messages/")
                else super().page_url(page, url, offset)
            )

    return mock(validator=Cursor, presenter=Linked, choices={"envelope_extra_members": "next_previous"})


@variation("messages-by-offset-only", spare=True)
def message_offsets() -> WsgiApp:
    """Messages come in pages of 50 at most, without a word about the next."""

    class Fifty(Validator):
        def read_query(self, call: Call, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(call, operation)
            if operation.id == "listMessages":
                values["limit"] = min(values["limit"] or 50, 50)
            return values, impossible

    return mock(validator=Fifty, choices={"message_paging": "limit_offset"})
