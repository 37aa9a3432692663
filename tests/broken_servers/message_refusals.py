"""Servers that take messages which have to be refused."""

import json
import re
from collections.abc import Callable
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken, decoding, handling, ignoring, with_body
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

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
