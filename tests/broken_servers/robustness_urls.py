"""Servers that break down at some id or query, or take an id for none."""

import re
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from broken_servers.crash_seams import ERROR, by_id, by_query, crashing, malformed
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, LIST, MESSAGES, SEND, broken
from mockserver.answers import Answer, Call
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


# --- ids --------------------------------------------------------------------------------------------------------------------------


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


# --- queries ----------------------------------------------------------------------------------------------------------------------


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


# --- encodings and repetitions ----------------------------------------------------------------------------------------------------


@defect("robustness-500-parameter-twice", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A parameter that is sent twice is answered with 500: it is a list then."""

    def twice(operation: Operation, call: Call) -> bool:
        names = [name for name, _ in parse_qsl(call.query, keep_blank_values=True)]
        return operation.id == LIST and len(names) > len(set(names))

    return crashing(twice)


@defect("robustness-500-address-twice", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A filter user_email that is sent twice is answered with 500."""
    return crashing(lambda operation, call: operation.id == LIST and call.query.count("user_email=") > 1)


def undecodable(text: str) -> bool:
    """Whether a text of WSGI is not UTF-8."""
    try:
        text.encode("latin-1").decode()
    except UnicodeError:
        return True
    return False


@defect("robustness-500-path-not-utf-8", ERROR, "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """An id with a byte that is not UTF-8 is answered with 500."""
    return crashing(lambda operation, call: operation.id == GET and undecodable(call.environ["PATH_INFO"]))


@defect("robustness-500-query-not-utf-8", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A parameter with a byte that is not UTF-8 is answered with 500."""
    return crashing(lambda operation, call: operation.id == LIST and b"\xff" in unquote_to_bytes(call.query))


@defect("robustness-500-lone-percent", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A percent sign without two digits in the query is answered with 500."""
    return crashing(lambda operation, call: operation.id == LIST and re.search("%(?![0-9A-Fa-f]{2})", call.query) is not None)


@defect("robustness-500-dots-in-id", ERROR, "get.malformed-id", difficulty=RARE)
def _() -> WsgiApp:
    """An id with dots and slashes in it is answered with 500: it is taken for a path."""
    return by_id(lambda conversation_id: ".." in unquote(conversation_id), GET)


@defect("robustness-500-wide-status", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A status with a character of four bytes is answered with 500."""
    return by_query("status", lambda text: any(ord(letter) > 0xFFFF for letter in text))


@defect("robustness-500-foreign-digits", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A limit in Arabic digits is answered with 500: a language takes them for a number, and the data base does not."""
    return by_query("limit", lambda text: text.isdecimal() and not text.isascii())


@defect("robustness-500-long-filter", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A filter user_email of more than 254 characters is answered with 500."""
    return by_query("user_email", lambda text: len(text) > 254)


@defect("robustness-500-last-offset", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Where offset and limit together are beyond 64 bits, the answer is 500; each by itself is fine."""

    def beyond(operation: Operation, call: Call) -> bool:
        sent = dict(parse_qsl(call.query))
        offset, limit = sent.get("offset", "0"), sent.get("limit", "20")
        whole = offset.isascii() and limit.isascii() and offset.isdigit() and limit.isdigit() and len(offset) < 20 > len(limit)
        return operation.id == LIST and whole and int(offset) < 2**63 <= int(offset) + int(limit)

    return crashing(beyond)


@defect("robustness-500-malformed-id-of-messages-of-clients", ERROR, "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """Messages of a malformed id are answered with 500 where a client key asks for them."""

    def clients(operation: Operation, call: Call) -> bool:
        key = call.header("X-API-Key") or call.header("Authorization") or ""
        return operation.id == MESSAGES and "bnc_cl_" in key and malformed(call.path["id"])

    return crashing(clients)
