"""Where a server breaks down: at some body, member, query or id."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from broken_servers.seams import CREATE, LIST, SEND, body_of, broken
from mockserver.answers import Answer, Call
from mockserver.app import MockApp
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal

ERROR = "any.no-server-error"


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
    return crashing(lambda operation, call: operation.id in (operations or (CREATE, SEND)) and when(body_of(call)))


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
