"""Servers whose answer to a create lacks something, or has another form."""

import json
from typing import Any

from broken_servers.create_seams import answered
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, Event, broken
from mockserver.pipeline import Pipeline
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("values-created-is-200", "create.status", difficulty=EASY)
def _() -> WsgiApp:
    """A conversation is created with 200."""

    class Ok(Pipeline):
        def success_status(self, operation: Any) -> int:
            return 200 if operation.id == CREATE else super().success_status(operation)

    return broken(pipeline=Ok)


@defect("values-created-is-202-when-anonymous", "create.status", "create.anonymous", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation of an anonymous requester is created with 202."""

    class Accepted(Pipeline):
        def succeeded(self, operation: Any, call: Any, value: Any) -> Any:
            answer = super().succeeded(operation, call, value)
            later = operation.id == CREATE and value["requester"]["email"] is None
            return answer._replace(status=202) if later else answer

    return broken(pipeline=Accepted)


@defect("values-created-is-200-for-known-users", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation of a user who exists is created with 200."""
    known: set[str] = set()

    class Ok(Pipeline):
        def succeeded(self, operation: Any, call: Any, value: Any) -> Any:
            answer = super().succeeded(operation, call, value)
            if operation.id != CREATE or value["requester"]["email"] is None:
                return answer
            again = value["requester"]["email"] in known
            known.add(value["requester"]["email"])
            return answer._replace(status=200) if again else answer

    return broken(pipeline=Ok)


def lacking(member: str, *operations: str) -> WsgiApp:
    """A server whose answers of these operations lack a member."""

    def change(value: Any, event: Event) -> Any:
        del value[member]
        return value

    return answered(change, *operations)


@defect("values-created-without-number", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The answer to a create has no number."""
    return lacking("number", CREATE)


@defect("values-created-without-updated-at", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The answer to a create has no updated_at."""
    return lacking("updated_at", CREATE)


@defect("values-created-without-metadata-when-empty", "create.answer", "create.metadata-default", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answer to a create leaves metadata out when it is empty."""

    def change(value: Any, event: Event) -> Any:
        return value if value["metadata"] else {name: member for name, member in value.items() if name != "metadata"}

    return answered(change, CREATE)


@defect("values-number-is-text", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The number is a text."""
    return answered(lambda value, event: value | {"number": str(value["number"])}, CREATE)


@defect("values-id-is-a-number", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The id in the answer to a create is the number, as a number."""
    return answered(lambda value, event: value | {"id": value["number"]}, CREATE)


@defect("values-requester-is-an-address", "create.answer", "create.requester-email", difficulty=EASY)
def _() -> WsgiApp:
    """The requester is the bare address."""
    return answered(lambda value, event: value | {"requester": (value["requester"] or {}).get("email")}, CREATE)


@defect("values-metadata-is-text", "create.answer", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata is answered as a text that holds JSON."""
    return answered(lambda value, event: value | {"metadata": json.dumps(value["metadata"])}, CREATE)
