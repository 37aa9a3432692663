"""Servers that break down at some id or query, or do not recognise some valid ids."""

import re
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from mockserver.contract.document import Operation
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.crashing import ERROR, PATHOLOGICAL, by_id, by_query, crashing, malformed
from tests.defects.kit.parts import GET, LIST, MESSAGES, RESOLVE, SEND, broken, status_of
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- ids --------------------------------------------------------------------------------------------------------------------------


@defect("get.malformed-id", ERROR, difficulty=EASY)
def robustness_500_malformed_id() -> WsgiApp:
    """Reading a malformed id is answered with 500."""
    return by_id(malformed, GET)


@defect("messages.unknown-conversation", ERROR, difficulty=MEDIUM)
def robustness_500_malformed_id_of_messages() -> WsgiApp:
    """Listing the messages of a malformed id is answered with 500."""
    return by_id(malformed, MESSAGES)


@defect("messages.unknown-conversation", ERROR, difficulty=MEDIUM)
def robustness_500_message_to_malformed_id() -> WsgiApp:
    """A message to a malformed id is answered with 500."""
    return by_id(malformed, SEND)


@defect("get.malformed-id", ERROR, difficulty=RARE)
def robustness_500_numeric_id() -> WsgiApp:
    """Reading an id that is a number is answered with 500."""
    return by_id(lambda conversation_id: conversation_id.lstrip("-").isdigit(), GET)


@defect("get.malformed-id", ERROR, difficulty=RARE)
def robustness_500_long_id() -> WsgiApp:
    """Reading an id of more than 1,000 characters is answered with 500."""
    return by_id(lambda conversation_id: len(conversation_id) > 1000, GET)


@defect("get.malformed-id", ERROR, difficulty=RARE)
def robustness_500_nul_in_id() -> WsgiApp:
    """Reading an id with a NUL is answered with 500."""
    return by_id(lambda conversation_id: "\0" in unquote(conversation_id), GET)


@defect("get.unknown-id", ERROR, difficulty=EASY)
def robustness_500_unknown_id() -> WsgiApp:
    """Reading an id that no conversation has is answered with 500."""
    app = by_id(lambda conversation_id: not malformed(conversation_id) and unknown(conversation_id), GET)

    def unknown(conversation_id: str) -> bool:
        return app.namespace.store.conversation(conversation_id) is None

    return app


@defect("get.unknown-id", difficulty=EASY)
def robustness_unknown_id_is_empty() -> WsgiApp:
    """Reading an id that no conversation has is answered with 200 and an empty object."""

    class Empty(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == GET and status_of(refusal) == 404:
                return Response.json(200, {})
            return super().refused(operation, request, refusal)

    return broken(pipeline=Empty)


@defect("get.malformed-id", difficulty=MEDIUM)
def robustness_malformed_id_is_null() -> WsgiApp:
    """Reading a malformed id is answered with 200 and null."""

    class Null(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == GET and status_of(refusal) == 404 and malformed(request.path["id"]):
                return Response.json(200, None)
            return super().refused(operation, request, refusal)

    return broken(pipeline=Null)


# --- queries ----------------------------------------------------------------------------------------------------------------------


@defect(ERROR, difficulty=EASY)
def robustness_500_limit_no_number() -> WsgiApp:
    """A limit that is no number is answered with 500."""
    return by_query("limit", lambda text: int(text) is None)


@defect(PATHOLOGICAL, difficulty=MEDIUM)
def robustness_500_huge_limit() -> WsgiApp:
    """A limit beyond 64 bits is answered with 500."""
    return by_query("limit", lambda text: text.isascii() and text.isdigit() and len(text) > 18)


@defect(PATHOLOGICAL, difficulty=RARE)
def robustness_500_limit_of_5000_digits() -> WsgiApp:
    """A limit of thousands of digits is answered with 500."""
    return by_query("limit", lambda text: len(text) > 4300)


@defect(ERROR, difficulty=RARE)
def robustness_500_superscript_limit() -> WsgiApp:
    """A limit that str.isdigit takes for a number and int does not is answered with 500."""
    return by_query("limit", lambda text: text.isdigit() and int(text) is None)


@defect(ERROR, difficulty=EASY)
def robustness_500_negative_offset() -> WsgiApp:
    """A negative offset is answered with 500."""
    return by_query("offset", lambda text: text.startswith("-"))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_negative_limit() -> WsgiApp:
    """A negative limit is answered with 500."""
    return by_query("limit", lambda text: text.startswith("-"))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_limit_zero() -> WsgiApp:
    """A limit of 0 is answered with 500, since the number of pages is worked out."""
    return by_query("limit", lambda text: text == "0")


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_huge_offset() -> WsgiApp:
    """An offset beyond 64 bits is answered with 500."""
    return by_query("offset", lambda text: text.isascii() and text.isdigit() and len(text) > 18)


@defect(ERROR, difficulty=RARE)
def robustness_500_blank_offset() -> WsgiApp:
    """An offset without a value is answered with 500."""
    return by_query("offset", lambda text: not text)


@defect(ERROR, difficulty=EASY)
def robustness_500_unknown_status() -> WsgiApp:
    """A status that is not documented is answered with 500."""
    return by_query("status", lambda text: text not in ("open", "pending", "resolved", "closed"))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_nul_in_filter() -> WsgiApp:
    """A NUL in the filter user_email is answered with 500."""
    return by_query("user_email", lambda text: "\0" in text)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_quote_in_filter() -> WsgiApp:
    """An apostrophe in the filter user_email is answered with 500."""
    return by_query("user_email", lambda text: "'" in text)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_filter_without_at() -> WsgiApp:
    """A filter user_email without @ is answered with 500."""
    return by_query("user_email", lambda text: text.split("@")[1] is None)


@defect(ERROR, "list.email-filter", difficulty=EASY)
def robustness_500_nobody() -> WsgiApp:
    """A filter user_email that nobody has is answered with 500."""
    app = by_query("user_email", lambda text: unknown(text))

    def unknown(text: str) -> bool:
        rules = app.namespace.pipeline.conversations
        return all(rules.look_up(organisation, text) is None for organisation in app.namespace.keys.organisations)

    return app


@defect(ERROR, difficulty=RARE)
def robustness_500_wide_filter() -> WsgiApp:
    """Letters beyond ASCII in the filter user_email are answered with 500."""
    return by_query("user_email", lambda text: not text.isascii())


@defect(ERROR, difficulty=RARE)
def robustness_500_unknown_parameter() -> WsgiApp:
    """An undocumented parameter whose name has brackets is answered with 500."""
    return crashing(lambda operation, request: operation.id == LIST and "%5B" in request.query)


# --- encodings and repetitions ----------------------------------------------------------------------------------------------------


@defect(ERROR, difficulty=RARE)
def robustness_500_parameter_twice() -> WsgiApp:
    """A parameter that is sent twice is answered with 500: it is a list then."""

    def twice(operation: Operation, request: Request) -> bool:
        names = [name for name, _ in parse_qsl(request.query, keep_blank_values=True)]
        return operation.id == LIST and len(names) > len(set(names))

    return crashing(twice)


@defect(ERROR, difficulty=RARE)
def robustness_500_address_twice() -> WsgiApp:
    """A filter user_email that is sent twice is answered with 500."""
    return crashing(lambda operation, request: operation.id == LIST and request.query.count("user_email=") > 1)


def undecodable(text: str) -> bool:
    """Whether a text of WSGI is not UTF-8."""
    try:
        text.encode("latin-1").decode()
    except UnicodeError:
        return True
    return False


@defect(ERROR, "get.malformed-id", difficulty=RARE)
def robustness_500_path_not_utf_8() -> WsgiApp:
    """An id with a byte that is not UTF-8 is answered with 500."""
    return crashing(lambda operation, request: operation.id == GET and undecodable(request.environ["PATH_INFO"]))


@defect(ERROR, difficulty=RARE)
def robustness_500_query_not_utf_8() -> WsgiApp:
    """A parameter with a byte that is not UTF-8 is answered with 500."""
    return crashing(lambda operation, request: operation.id == LIST and b"\xff" in unquote_to_bytes(request.query))


@defect(ERROR, difficulty=RARE)
def robustness_500_lone_percent() -> WsgiApp:
    """A percent sign without two digits in the query is answered with 500."""
    return crashing(lambda operation, request: operation.id == LIST and re.search("%(?![0-9A-Fa-f]{2})", request.query) is not None)


@defect(ERROR, "get.malformed-id", difficulty=RARE)
def robustness_500_dots_in_id() -> WsgiApp:
    """An id with dots and slashes in it is answered with 500: it is taken for a path."""
    return by_id(lambda conversation_id: ".." in unquote(conversation_id), GET)


@defect(ERROR, difficulty=RARE)
def robustness_500_wide_status() -> WsgiApp:
    """A status with a character of four bytes is answered with 500."""
    return by_query("status", lambda text: any(ord(letter) > 0xFFFF for letter in text))


@defect(ERROR, difficulty=RARE)
def robustness_500_foreign_digits() -> WsgiApp:
    """A limit in Arabic digits is answered with 500: a language takes them for a number, and the data base does not."""
    return by_query("limit", lambda text: text.isdecimal() and not text.isascii())


@defect(ERROR, difficulty=RARE)
def robustness_500_long_filter() -> WsgiApp:
    """A filter user_email of more than 254 characters is answered with 500."""
    return by_query("user_email", lambda text: len(text) > 254)


@defect(ERROR, difficulty=RARE)
def robustness_500_last_offset() -> WsgiApp:
    """Where offset and limit together are beyond 64 bits, the answer is 500; each by itself is fine."""

    def beyond(operation: Operation, request: Request) -> bool:
        sent = dict(parse_qsl(request.query))
        offset, limit = sent.get("offset", "0"), sent.get("limit", "20")
        whole = offset.isascii() and limit.isascii() and offset.isdigit() and limit.isdigit() and len(offset) < 20 > len(limit)
        return operation.id == LIST and whole and int(offset) < 2**63 <= int(offset) + int(limit)

    return crashing(beyond)


@defect(ERROR, "messages.unknown-conversation", difficulty=RARE)
def robustness_500_malformed_id_of_messages_of_clients() -> WsgiApp:
    """Messages of a malformed id are answered with 500 where a client key asks for them."""

    def clients(operation: Operation, request: Request) -> bool:
        key = request.header("X-API-Key") or request.header("Authorization") or ""
        return operation.id == MESSAGES and "bnc_cl_" in key and malformed(request.path["id"])

    return crashing(clients)


@defect("any.no-server-error", "resolve.unknown-id", "messages.unknown-conversation", difficulty=RARE)
def robustness_long_ids_of_writes() -> WsgiApp:
    """An id of more than 64 characters is answered with 500 where something is to be written."""
    return by_id(lambda conversation_id: len(conversation_id) > 64, SEND, RESOLVE)
