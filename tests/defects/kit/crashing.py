"""Where a server breaks down: at some body, member, query or id."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from mockserver.app import MockApp
from mockserver.contract.document import Operation
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.refusal import Refusal
from tests.defects.kit.parts import CREATE, LIST, SEND, body_of, broken

ERROR = "any.no-server-error"
PATHOLOGICAL = "any.pathological-input"


class Crash(Exception):
    """An exception that the server does not catch."""


def crashing(when: Callable[[Operation, Request], bool], **parts: Any) -> MockApp:
    """Make a server that responds with 500 to some calls with a valid key: where `when` is true, or raises an exception."""

    class Crashing(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            try:
                self.authenticate(request, operation)
            except Refusal as refusal:
                return self.refused(operation, request, refusal)
            try:
                crashed = when(operation, request)
            except (ValueError, TypeError, LookupError, RecursionError, AttributeError):
                crashed = True
            if crashed:
                return Response.json(500, {"detail": "Internal server error."})
            return super().respond(operation, request)

    return broken(pipeline=Crashing, **parts)


def by_body(when: Callable[[bytes], bool], *operations: str) -> MockApp:
    """A server that answers with 500 to some bodies."""
    return crashing(lambda operation, request: operation.id in (operations or (CREATE, SEND)) and when(body_of(request)))


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

    def broken_by(operation: Operation, request: Request) -> bool:
        sent = dict(parse_qsl(request.query, keep_blank_values=True))
        return operation.id == LIST and name in sent and when(sent[name])

    return crashing(broken_by)


def by_id(when: Callable[[str], bool], *operations: str) -> MockApp:
    """A server that answers with 500 to some ids."""
    return crashing(lambda operation, request: operation.id in operations and when(request.path.get("id", "")))


def malformed(conversation_id: str) -> bool:
    return re.fullmatch("[0-9a-f-]{36}", conversation_id) is None
