"""Servers that break down at some input, or whose answers are not the JSON that they should be."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from werkzeug.wrappers import Response

from broken_servers.list_seams import rewritten
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, Counter, answering, broken
from mockserver.answers import Answer, Call
from mockserver.app import MockApp
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty
ERROR = "any.no-server-error"
_MOST = 8 * 2**20


class Crash(Exception):
    """What a tired developer did not catch."""


def crashing(when: Callable[[Operation, Call], bool], **parts: Any) -> MockApp:
    """A server that answers with 500 to some calls with a valid key. `when` may raise anything."""

    class Crashing(Pipeline):
        def answer(self, operation: Operation, call: Call) -> Answer:
            try:
                self.authenticate(call, operation)
            except Refusal as refusal:
                return self.refused(operation, call, refusal)
            try:
                crashed = when(operation, call)
            except (ValueError, TypeError, LookupError, RecursionError, AttributeError):
                crashed = True
            if crashed:
                return Answer.json(500, {"detail": "Internal server error."})
            return super().answer(operation, call)

    return broken(pipeline=Crashing, **parts)


def by_body(when: Callable[[bytes], bool], *operations: str) -> MockApp:
    """A server that answers with 500 to some bodies."""
    return crashing(lambda operation, call: operation.id in (operations or (CREATE, SEND)) and when(call.body(_MOST) or b""))


def by_member(name: str, when: Callable[[Any], bool], *operations: str) -> MockApp:
    """A server that answers with 500 to some values of a member."""

    def broken_by(data: bytes) -> bool:
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and name in body and when(body[name])

    return by_body(broken_by, *operations)


def by_query(name: str, when: Callable[[str], bool]) -> MockApp:
    """A server that answers with 500 to some values of a parameter of the list."""

    def broken_by(operation: Operation, call: Call) -> bool:
        sent = dict(parse_qsl(call.query, keep_blank_values=True))
        return operation.id == LIST and name in sent and when(sent[name])

    return crashing(broken_by)


def by_id(when: Callable[[str], bool], *operations: str) -> MockApp:
    """A server that answers with 500 to some ids."""
    return crashing(lambda operation, call: operation.id in operations and when(call.path.get("id", "")))


def malformed(conversation_id: str) -> bool:
    return re.fullmatch("[0-9a-f-]{36}", conversation_id) is None


# --- bodies -----------------------------------------------------------------------------------------------------------------------


@defect("robustness-500-nul-in-subject", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A NUL in a subject is answered with 500, as from a data base that cannot store it."""
    return by_member("subject", lambda value: "\0" in str(value))


@defect("robustness-500-nul-in-metadata", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A NUL in metadata is answered with 500."""
    return by_member("metadata", lambda value: "\\u0000" in json.dumps(value))


@defect("robustness-500-nul-in-message", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A NUL in the body of a message is answered with 500."""
    return by_member("body", lambda value: "\0" in str(value))


@defect("robustness-500-lone-surrogate", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A lone surrogate in a subject is answered with 500, since it cannot be encoded."""
    return by_member("subject", lambda value: str(value).encode() is None)


@defect("robustness-500-lone-surrogate-in-message", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A lone surrogate in the body of a message is answered with 500."""
    return by_member("body", lambda value: str(value).encode() is None)


@defect("robustness-500-lone-surrogate-in-metadata", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A lone surrogate in metadata is answered with 500."""
    return by_member("metadata", lambda value: json.dumps(value, ensure_ascii=False).encode() is None)


@defect("robustness-500-deep-nesting", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is nested too deeply for a recursive parser is answered with 500."""
    return by_body(lambda data: data.count(b"[") + data.count(b"{") > 5000)


@defect("robustness-500-malformed-json", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """A body that is not JSON is answered with 500."""
    return by_body(lambda data: json.loads(data) is Crash)


@defect("robustness-500-malformed-json-in-message", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message that is not JSON is answered with 500."""
    return by_body(lambda data: json.loads(data) is Crash, SEND)


@defect("robustness-500-empty-body", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """An empty body of a create is answered with 500."""
    return by_body(lambda data: not data, CREATE)


@defect("robustness-500-malformed-json-in-resolve", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A body of resolve that is there and not JSON is answered with 500."""
    return by_body(lambda data: bool(data) and json.loads(data) is Crash, RESOLVE)


@defect("robustness-500-array", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An array in the place of the object is answered with 500."""
    return by_body(lambda data: data.lstrip()[:1] == b"[" and data.rstrip()[-1:] == b"]")


@defect("robustness-500-null-body", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is null is answered with 500."""
    return by_body(lambda data: data.strip() == b"null")


@defect("robustness-500-text-body-of-message", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A text in the place of the object of a message is answered with 500."""
    return by_body(lambda data: data.strip()[:1] == b'"' and data.strip()[-1:] == b'"' and len(data) > 1, SEND)


@defect("robustness-500-not-utf-8", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is not UTF-8 is answered with 500."""
    return by_body(lambda data: data.decode() is None)


@defect("robustness-500-byte-order-mark", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A body with a byte order mark is answered with 500."""
    return by_body(lambda data: data[:3] == b"\xef\xbb\xbf")


@defect("robustness-500-huge-integer", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An integer of more than 4,300 digits in a body is answered with 500."""
    return by_body(lambda data: re.search(rb"\d{4301}", data) is not None)


@defect("robustness-500-infinity", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A number that is too large for a double is answered with 500."""
    return by_body(lambda data: re.search(rb"\de\d{3}\D", data) is not None and b"e300" not in data)


@defect("robustness-500-long-subject", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """A subject that is longer than its column is answered with 500."""
    return by_member("subject", lambda value: len(str(value)) > 500)


@defect("robustness-500-very-long-subject", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject of more than 10,000 characters is answered with 500."""
    return by_member("subject", lambda value: len(str(value)) > 10_000)


@defect("robustness-500-long-first-name", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A first name of more than 150 characters is answered with 500."""
    return by_member("user_first_name", lambda value: isinstance(value, str) and len(value) > 150)


@defect("robustness-500-long-address", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An address of more than 254 characters is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and len(value) > 254, CREATE)


@defect("robustness-500-address-without-at", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """An address without @ is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and value.split("@")[1] is None)


@defect("robustness-500-address-of-sender-without-at", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A sender's address without @ is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and value.split("@")[1] is None, SEND)


@defect("robustness-500-megabyte", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body of a mebibyte is answered with 500."""
    return by_body(lambda data: len(data) >= 2**20)


@defect("robustness-500-megabyte-in-message", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A message of more than half a mebibyte is answered with 500."""
    return by_body(lambda data: len(data) >= 2**19, SEND)


@defect("robustness-500-number-as-first-name", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A first name that is a number is answered with 500."""
    return by_member("user_first_name", lambda value: isinstance(value, int | float))


@defect("robustness-500-number-as-description", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A description that is no text is answered with 500."""
    return by_member("description", lambda value: value is not None and not isinstance(value, str))


@defect("robustness-500-object-as-priority", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A priority that is an object or a list is answered with 500, since it cannot be looked up."""
    return by_member("priority", lambda value: isinstance(value, dict | list))


@defect("robustness-500-list-as-metadata", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata that is a list is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, list))


@defect("robustness-500-text-as-metadata", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata that is a text is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, str))


@defect("robustness-500-null-metadata", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Metadata that is null is answered with 500."""
    return by_member("metadata", lambda value: value is None)


@defect("robustness-500-null-address", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An address that is null is answered with 500."""
    return by_member("user_email", lambda value: value is None, CREATE)


@defect("robustness-500-number-as-body", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """The body of a message that is a number is answered with 500."""
    return by_member("body", lambda value: isinstance(value, int | float) and not isinstance(value, bool), SEND)


@defect("robustness-500-list-as-sender", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A sender that is a list or an object is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, dict | list), SEND)


@defect("robustness-500-unknown-priority", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """An undocumented priority is answered with 500."""
    return by_member("priority", lambda value: isinstance(value, str) and value not in ("low", "normal", "high", "urgent"))


@defect("robustness-500-emoji", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Characters beyond the Basic Multilingual Plane in a first name are answered with 500."""
    return by_member("user_first_name", lambda value: any(ord(character) > 0xFFFF for character in str(value)))


@defect("robustness-500-quote", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An apostrophe in a last name is answered with 500."""
    return by_member("user_last_name", lambda value: "'" in str(value))


@defect("robustness-500-percent", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A percent sign with a letter in the body of a message is answered with 500."""
    return by_member("body", lambda value: "%s" in str(value), SEND)


@defect("robustness-500-braces", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Braces in a description are answered with 500, since it is taken for a template."""
    return by_member("description", lambda value: "{" in str(value))


@defect("robustness-500-member-twice", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A member that is there twice is answered with 500."""

    def broken_by(data: bytes) -> bool:
        def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            if len(dict(pairs)) < len(pairs):
                raise Crash
            return dict(pairs)

        try:
            json.loads(data, object_pairs_hook=once)
        except Crash:
            return True
        except (ValueError, RecursionError):
            return False
        return False

    return by_body(broken_by)


@defect("robustness-500-many-members", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Metadata with more than 1,000 members is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, dict) and len(value) > 1000)


# --- content types, ids, queries --------------------------------------------------------------------------------------------------


@defect("robustness-500-content-type", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is said to be a form is answered with 500."""
    return crashing(lambda operation, call: "form" in call.content_type)


@defect("robustness-500-no-content-type", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A create without a content type is answered with 500."""
    return crashing(lambda operation, call: operation.id == CREATE and not call.content_type)


@defect("robustness-500-unknown-charset", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An unknown charset in the content type is answered with 500."""
    return crashing(lambda operation, call: "unknown-8" in str(call.environ.get("CONTENT_TYPE")))


@defect("robustness-500-malformed-id", "get.malformed-id", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """Reading a malformed id is answered with 500."""
    return by_id(malformed, GET)


@defect("robustness-500-malformed-id-of-messages", "messages.unknown-conversation", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Listing the messages of a malformed id is answered with 500."""
    return by_id(malformed, MESSAGES)


@defect("robustness-500-message-to-malformed-id", "messages.unknown-conversation", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message to a malformed id is answered with 500."""
    return by_id(malformed, SEND)


@defect("robustness-500-numeric-id", "get.malformed-id", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Reading an id that is a number is answered with 500."""
    return by_id(lambda conversation_id: conversation_id.lstrip("-").isdigit(), GET)


@defect("robustness-500-long-id", "get.malformed-id", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Reading an id of more than 1,000 characters is answered with 500."""
    return by_id(lambda conversation_id: len(conversation_id) > 1000, GET)


@defect("robustness-500-nul-in-id", "get.malformed-id", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Reading an id with a NUL is answered with 500."""
    return by_id(lambda conversation_id: "\0" in unquote(conversation_id), GET)


@defect("robustness-500-unknown-id", "get.unknown-id", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """Reading an id that no conversation has is answered with 500."""
    app = by_id(lambda conversation_id: not malformed(conversation_id) and unknown(conversation_id), GET)

    def unknown(conversation_id: str) -> bool:
        return app.world.store.conversation(conversation_id) is None

    return app


@defect("robustness-unknown-id-is-empty", "get.unknown-id", difficulty=EASY)
def _() -> WsgiApp:
    """Reading an id that no conversation has is answered with 200 and an empty object."""

    class Empty(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == GET and refusal.status == 404:
                return Answer.json(200, {})
            return super().refused(operation, call, refusal)

    return broken(pipeline=Empty)


@defect("robustness-malformed-id-is-null", "get.malformed-id", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Reading a malformed id is answered with 200 and null."""

    class Null(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == GET and refusal.status == 404 and malformed(call.path["id"]):
                return Answer.json(200, None)
            return super().refused(operation, call, refusal)

    return broken(pipeline=Null)


@defect("robustness-500-limit-no-number", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """A limit that is no number is answered with 500."""
    return by_query("limit", lambda text: int(text) is None)


@defect("robustness-500-huge-limit", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A limit beyond 64 bits is answered with 500."""
    return by_query("limit", lambda text: text.isascii() and text.isdigit() and len(text) > 18)


@defect("robustness-500-limit-of-5000-digits", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A limit of thousands of digits is answered with 500."""
    return by_query("limit", lambda text: len(text) > 4300)


@defect("robustness-500-superscript-limit", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A limit that str.isdigit takes for a number and int does not is answered with 500."""
    return by_query("limit", lambda text: text.isdigit() and int(text) is None)


@defect("robustness-500-negative-offset", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """A negative offset is answered with 500."""
    return by_query("offset", lambda text: text.startswith("-"))


@defect("robustness-500-negative-limit", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A negative limit is answered with 500."""
    return by_query("limit", lambda text: text.startswith("-"))


@defect("robustness-500-limit-zero", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A limit of 0 is answered with 500, since the number of pages is worked out."""
    return by_query("limit", lambda text: text == "0")


@defect("robustness-500-huge-offset", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An offset beyond 64 bits is answered with 500."""
    return by_query("offset", lambda text: text.isascii() and text.isdigit() and len(text) > 18)


@defect("robustness-500-blank-offset", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An offset without a value is answered with 500."""
    return by_query("offset", lambda text: not text)


@defect("robustness-500-unknown-status", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """A status that is not documented is answered with 500."""
    return by_query("status", lambda text: text not in ("open", "pending", "resolved", "closed"))


@defect("robustness-500-nul-in-filter", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A NUL in the filter user_email is answered with 500."""
    return by_query("user_email", lambda text: "\0" in text)


@defect("robustness-500-quote-in-filter", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An apostrophe in the filter user_email is answered with 500."""
    return by_query("user_email", lambda text: "'" in text)


@defect("robustness-500-filter-without-at", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A filter user_email without @ is answered with 500."""
    return by_query("user_email", lambda text: text.split("@")[1] is None)


@defect("robustness-500-nobody", ERROR, "list.email-filter", difficulty=EASY)
def _() -> WsgiApp:
    """A filter user_email that nobody has is answered with 500."""
    app = by_query("user_email", lambda text: unknown(text))

    def unknown(text: str) -> bool:
        rules = app.world.pipeline.conversations
        return all(rules.look_up(organisation, text) is None for organisation in app.world.keys.organisations)

    return app


@defect("robustness-500-wide-filter", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Letters beyond ASCII in the filter user_email are answered with 500."""
    return by_query("user_email", lambda text: not text.isascii())


@defect("robustness-500-unknown-parameter", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An undocumented parameter whose name has brackets is answered with 500."""
    return crashing(lambda operation, call: operation.id == LIST and "%5B" in call.query)


# --- now and then -----------------------------------------------------------------------------------------------------------------


@defect("robustness-500-every-25th", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """Every 25th answer is a 500."""
    counter = Counter()
    return crashing(lambda operation, call: counter.next() % 25 == 0)


@defect("robustness-500-every-300th", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every 300th answer is a 500."""
    counter = Counter()
    return crashing(lambda operation, call: counter.next() % 300 == 0)


@defect("robustness-500-after-300-creates", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """From the 300th on, a create is answered with 500: something is full."""
    counter = Counter()
    return crashing(lambda operation, call: operation.id == CREATE and counter.next() > 300)


@defect("robustness-500-although-done", ERROR, "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """Every 40th create is done and answered with 500."""
    counter = Counter()

    class Failing(Pipeline):
        def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
            if operation.id == CREATE and counter.next() % 40 == 0:
                return Answer.json(500, {"detail": "Mail could not be sent."})
            return super().succeeded(operation, call, value)

    return broken(pipeline=Failing)


# --- answers that are not JSON ----------------------------------------------------------------------------------------------------


class _Answers(Pipeline):
    """A pipeline whose answers are changed at the end, each by `change`."""

    @staticmethod
    def change(answer: Answer, operation: str) -> Answer:
        return answer

    def answer(self, operation: Operation, call: Call) -> Answer:
        return self.change(super().answer(operation, call), operation.id)


def answers(change: Callable[[Answer, str], Answer], **parts: Any) -> WsgiApp:
    """A server whose answers are changed after they were made."""
    return broken(pipeline=type("Changed", (_Answers,), {"change": staticmethod(change)}), **parts)


def typed(answer: Answer, media_type: str) -> Answer:
    return replace(answer, headers={**answer.headers, "Content-Type": media_type})


@defect("robustness-html-refusals", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Bodies that are not as documented are refused by a page of HTML."""

    def change(answer: Answer, operation: str) -> Answer:
        return Answer(400, b"<h1>Bad Request</h1>", {"Content-Type": "text/html"}) if answer.status == 400 else answer

    return answers(change)


@defect("robustness-html-not-found", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation that does not exist is answered by a page of HTML."""

    def change(answer: Answer, operation: str) -> Answer:
        return Answer(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}) if answer.status == 404 else answer

    return answers(change)


@defect("robustness-text-forbidden", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key is refused on resolve by plain text."""

    def change(answer: Answer, operation: str) -> Answer:
        return Answer(403, b"Forbidden", {"Content-Type": "text/plain"}) if answer.status == 403 else answer

    return answers(change)


@defect("robustness-json-as-html", "any.json", difficulty=EASY)
def _() -> WsgiApp:
    """Answers are JSON and say that they are text/html."""
    return answers(lambda answer, operation: typed(answer, "text/html; charset=utf-8"))


@defect("robustness-list-as-text", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The list of messages says that it is text/plain."""
    return answers(lambda answer, operation: typed(answer, "text/plain") if operation == MESSAGES else answer)


@defect("robustness-no-content-type", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answer to resolving does not say what it is."""

    def change(answer: Answer, operation: str) -> Answer:
        return replace(answer, headers={}) if operation == RESOLVE and answer.status == 200 else answer

    return answers(change)


@defect("robustness-byte-order-mark", "any.json", difficulty=RARE)
def _() -> WsgiApp:
    """Lists begin with a byte order mark."""

    def change(answer: Answer, operation: str) -> Answer:
        return replace(answer, body=b"\xef\xbb\xbf" + answer.body) if operation == LIST else answer

    return answers(change)


@defect("robustness-latin-1", "any.json", "create.text-exact", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Answers that Latin-1 can say are written in it."""

    def change(answer: Answer, operation: str) -> Answer:
        try:
            return replace(answer, body=answer.body.decode().encode("latin-1"))
        except UnicodeEncodeError:
            return answer

    return answers(change)


@defect("robustness-single-quotes", "any.json", difficulty=EASY)
def _() -> WsgiApp:
    """The answer to a message is written as Python writes a dictionary."""

    def change(answer: Answer, operation: str) -> Answer:
        done = operation == SEND and answer.status == 201
        return replace(answer, body=str(json.loads(answer.body)).encode()) if done else answer

    return answers(change)


@defect("robustness-cut-answers", "any.json", "list.answer", difficulty=RARE)
def _() -> WsgiApp:
    """Answers end after 64 KiB."""
    return answers(lambda answer, operation: replace(answer, body=answer.body[:65536]))


@defect("robustness-null-for-priority", "create.answer", "get.answer", "create.priority-default", difficulty=RARE)
def _() -> WsgiApp:
    """A default priority is answered as null."""

    def rewrite(value: Any, event: Any) -> Any:
        return value | {"priority": None} if value["priority"] == "normal" else value

    return broken(pipeline=answering(rewrite, GET))


@defect("robustness-json-in-json", "get.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation is read as a text that holds its JSON."""
    return broken(pipeline=answering(lambda value, _: json.dumps(value), GET))


@defect("robustness-text-before-json", "any.json", difficulty=RARE)
def _() -> WsgiApp:
    """A warning of the interpreter comes before the JSON of lists with an offset."""

    def rewrite(response: Response, environ: dict[str, Any]) -> Response:
        if "offset=" in environ.get("QUERY_STRING", "") and response.status_code == 200:
            response.data = b"<b>Warning</b>: undefined variable\n" + response.data
        return response

    return rewritten(broken(), rewrite)
