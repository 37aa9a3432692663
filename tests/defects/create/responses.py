"""Servers whose answer to a create lacks something, or has another form."""

import json
from typing import Any

from mockserver.handling.pipeline import Pipeline
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered
from tests.defects.kit.parts import CREATE, Event, broken
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("create.status", difficulty=EASY)
def values_created_is_200() -> WsgiApp:
    """A conversation is created with 200."""

    class Ok(Pipeline):
        def success_status(self, operation: Any) -> int:
            return 200 if operation.id == CREATE else super().success_status(operation)

    return broken(pipeline=Ok)


@defect("create.status", "create.anonymous", difficulty=RARE)
def values_created_is_202_when_anonymous() -> WsgiApp:
    """A conversation of an anonymous requester is created with 202."""

    class Accepted(Pipeline):
        def succeeded(self, operation: Any, request: Any, value: Any) -> Any:
            response = super().succeeded(operation, request, value)
            later = operation.id == CREATE and value["requester"]["email"] is None
            return response._replace(status=202) if later else response

    return broken(pipeline=Accepted)


@defect("create.status", difficulty=RARE)
def values_created_is_200_for_known_users() -> WsgiApp:
    """A conversation of a user who exists is created with 200."""
    known: set[str] = set()

    class Ok(Pipeline):
        def succeeded(self, operation: Any, request: Any, value: Any) -> Any:
            response = super().succeeded(operation, request, value)
            if operation.id != CREATE or value["requester"]["email"] is None:
                return response
            again = value["requester"]["email"] in known
            known.add(value["requester"]["email"])
            return response._replace(status=200) if again else response

    return broken(pipeline=Ok)


def lacking(member: str, *operations: str) -> WsgiApp:
    """A server whose answers of these operations lack a member."""

    def change(value: Any, event: Event) -> Any:
        del value[member]
        return value

    return answered(change, *operations)


@defect("create.answer", difficulty=EASY)
def values_created_without_number() -> WsgiApp:
    """The answer to a create has no number."""
    return lacking("number", CREATE)


@defect("create.answer", difficulty=EASY)
def values_created_without_updated_at() -> WsgiApp:
    """The answer to a create has no updated_at."""
    return lacking("updated_at", CREATE)


@defect("create.answer", "create.metadata-default", difficulty=MEDIUM)
def values_created_without_metadata_when_empty() -> WsgiApp:
    """The answer to a create leaves metadata out when it is empty."""

    def change(value: Any, event: Event) -> Any:
        return value if value["metadata"] else {name: member for name, member in value.items() if name != "metadata"}

    return answered(change, CREATE)


@defect("create.answer", difficulty=EASY)
def values_number_is_text() -> WsgiApp:
    """The number is a text."""
    return answered(lambda value, event: value | {"number": str(value["number"])}, CREATE)


@defect("create.answer", difficulty=EASY)
def values_id_is_a_number() -> WsgiApp:
    """The id in the answer to a create is the number, as a number."""
    return answered(lambda value, event: value | {"id": value["number"]}, CREATE)


@defect("create.answer", "create.requester-email", difficulty=EASY)
def values_requester_is_an_address() -> WsgiApp:
    """The requester is the bare address."""
    return answered(lambda value, event: value | {"requester": (value["requester"] or {}).get("email")}, CREATE)


@defect("create.answer", "create.metadata-kept", difficulty=MEDIUM)
def values_metadata_is_text() -> WsgiApp:
    """Metadata is answered as a text that holds JSON."""
    return answered(lambda value, event: value | {"metadata": json.dumps(value["metadata"])}, CREATE)
