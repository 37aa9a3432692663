"""Servers that create from bodies which are not JSON objects with a subject."""

import ast
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, broken, decoding, receiving, refusing
from mockserver.answers import Answer
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


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
        return answer._replace(status=200) if refusal.detail.startswith("The body is not JSON") else answer

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
        pipeline=refusing(lambda answer, refusal: answer._replace(status=200) if _whole_body(refusal) else answer, CREATE)
    )


def _whole_body(refusal: Refusal) -> bool:
    return any(violation.keyword == "type" and not violation.path for violation in refusal.violations)


@defect("refusals-empty-object-creates", "create.required-members", difficulty=RARE)
def _() -> WsgiApp:
    """An empty object creates a conversation; with any member, the subject is required."""
    return broken(validator=receiving(lambda members: members or {"subject": "(no subject)"}))


@defect("bodies-of-pairs", "create.not-an-object", "create.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A list of pairs is taken for an object."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        pairs = isinstance(value, list) and value and all(isinstance(item, list) and len(item) == 2 for item in value)
        return {str(name): item for name, item in value} if pairs else value

    return broken(validator=decoding(decoded))
