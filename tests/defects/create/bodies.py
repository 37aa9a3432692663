"""Servers that create from bodies which are not JSON objects with a subject."""

import ast
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from mockserver.http.messages import Response
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, broken, decoding, receiving, refusing
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def otherwise(read: Callable[[bytes], Any]) -> WsgiApp:
    """Make a server that reads bodies that are not JSON in some other way, if that gives an object."""

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


@defect("create.malformed-json", "create.refusal-changes-nothing", difficulty=EASY)
def refusals_not_json_is_a_subject() -> WsgiApp:
    """A body that is not JSON becomes the subject of a conversation."""
    return otherwise(lambda data: {"subject": data.decode("utf-8", "replace")[:500] or "(none)"})


@defect("create.malformed-json", "create.subject-required", difficulty=MEDIUM)
def refusals_empty_body_creates() -> WsgiApp:
    """A create without a body creates a conversation without a subject."""
    return otherwise(lambda data: {"subject": "(no subject)"} if not data.strip() else None)


@defect("create.malformed-json", difficulty=RARE)
def refusals_single_quotes() -> WsgiApp:
    """Single quotes will do for double ones."""
    return otherwise(lambda data: ast.literal_eval(data.decode()) if b"'" in data else None)


@defect("create.malformed-json", difficulty=RARE)
def refusals_trailing_comma() -> WsgiApp:
    """A comma before the closing brace is tolerated."""
    return otherwise(lambda data: json.loads(re.sub(rb",\s*([}\]])", rb"\1", data)))


@defect("create.malformed-json", difficulty=RARE)
def refusals_missing_brace() -> WsgiApp:
    """A body that was cut off before its last brace is completed."""
    return otherwise(lambda data: json.loads(data + b"}"))


@defect("create.malformed-json", difficulty=RARE)
def refusals_form() -> WsgiApp:
    """A form is read where JSON is announced."""
    return otherwise(lambda data: dict(parse_qsl(data.decode(), strict_parsing=True)))


@defect("create.malformed-json", difficulty=RARE)
def refusals_comments() -> WsgiApp:
    """Comments are tolerated."""
    return otherwise(lambda data: json.loads(re.sub(rb"//[^\n]*|/\*.*?\*/", b"", data)) if b"/" in data else None)


@defect("create.malformed-json", "any.no-server-error", difficulty=EASY)
def refusals_malformed_is_500() -> WsgiApp:
    """A body that is not JSON is answered with 500."""
    return broken(validator=decoding(lambda data, decode: json.loads(data)))


@defect("create.malformed-json", difficulty=MEDIUM)
def refusals_malformed_is_200() -> WsgiApp:
    """A body that is not JSON is answered with 200 and an error in the body."""

    def change(response: Response, refusal: Refusal) -> Response:
        return response._replace(status=200) if refusal.detail.startswith("The body is not JSON") else response

    return broken(pipeline=refusing(change))


def instead(change: Callable[[Any], Any]) -> WsgiApp:
    """Make a server that replaces a body that is JSON, but not an object, by another value."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        return value if isinstance(value, dict) else change(value)

    return broken(validator=decoding(decoded))


@defect("create.not-an-object", difficulty=MEDIUM)
def refusals_list_of_one() -> WsgiApp:
    """A list with an object in it is taken for that object."""
    return instead(lambda value: value[0] if isinstance(value, list) and value else value)


@defect("create.not-an-object", difficulty=RARE)
def refusals_text_is_the_subject() -> WsgiApp:
    """A JSON text is taken for the subject."""
    return instead(lambda value: {"subject": value} if isinstance(value, str) else value)


@defect("create.not-an-object", difficulty=RARE)
def refusals_null_creates() -> WsgiApp:
    """null creates a conversation."""
    return instead(lambda value: {"subject": "(no subject)"} if value is None else value)


@defect("create.not-an-object", difficulty=RARE)
def refusals_empty_list_creates() -> WsgiApp:
    """An empty list, which some languages do not tell from an empty object, creates a conversation."""
    return instead(lambda value: {"subject": "(no subject)"} if value == [] else value)


@defect("create.not-an-object", "any.no-server-error", difficulty=MEDIUM)
def refusals_number_body_is_500() -> WsgiApp:
    """A body that is a number is answered with 500."""
    return instead(lambda value: {**value} if isinstance(value, int | float) else value)


@defect("create.not-an-object", difficulty=MEDIUM)
def refusals_not_an_object_is_200() -> WsgiApp:
    """A body that is a list is answered with 200 and an empty list: none of none were created."""
    return broken(
        pipeline=refusing(lambda response, refusal: response._replace(status=200) if _whole_body(refusal) else response, CREATE)
    )


def _whole_body(refusal: Refusal) -> bool:
    return any(violation.keyword == "type" and not violation.path for violation in refusal.violations)


@defect("create.required-members", difficulty=RARE)
def refusals_empty_object_creates() -> WsgiApp:
    """An empty object creates a conversation; with any member, the subject is required."""
    return broken(validator=receiving(lambda members: members or {"subject": "(no subject)"}))


@defect("create.not-an-object", "create.refusal-changes-nothing", difficulty=RARE)
def bodies_of_pairs() -> WsgiApp:
    """A list of pairs is taken for an object."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        pairs = isinstance(value, list) and value and all(isinstance(item, list) and len(item) == 2 for item in value)
        return {str(name): item for name, item in value} if pairs else value

    return broken(validator=decoding(decoded))


@defect("create.not-an-object", "messages.malformed-json", "create.refusal-changes-nothing", difficulty=RARE)
def bodies_written_twice() -> WsgiApp:
    """A text that holds JSON is taken for what it holds."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        return decode(value.encode()) if isinstance(value, str) else value

    return broken(validator=decoding(decoded))


@defect("create.text-exact", "messages.body-exact", difficulty=RARE)
def bodies_with_escaped_slashes() -> WsgiApp:
    """A slash that was escaped keeps its backslash."""
    return broken(validator=decoding(lambda data, decode: decode(re.sub(rb"(?<!\\)\\/", rb"\\\\/", data))))


@defect("create.text-exact", "messages.body-exact", difficulty=RARE)
def bodies_with_halves_of_pairs() -> WsgiApp:
    """A character that was escaped as a surrogate pair becomes two question marks."""
    pair = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
    return broken(validator=decoding(lambda data, decode: decode(pair.sub(b"??", data))))
