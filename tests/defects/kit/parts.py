"""Where a mock is broken: small subclasses of its parts, each made from one function that says what goes wrong.

Every function here returns a part for `broken`, which makes the server:

    return broken(pipeline=answering(lambda value, event: value | {"priority": "low"}, "createConversation"))

Such a function gets an Event: who called which operation, how, and as the n-th call. Defects that need more subclass a part.
"""

import io
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from mockserver.app import MockApp, create_app
from mockserver.contract.choices import choose
from mockserver.contract.document import Contract, Operation, load_contract
from mockserver.handling.authentication import Authenticator
from mockserver.handling.errors import ErrorResponses
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.refusal import Refusal, invalid_key

CREATE, LIST, GET = "createConversation", "listConversations", "getConversation"
MESSAGES, SEND, RESOLVE = "listMessages", "createMessage", "resolveConversation"
EVERYWHERE = (CREATE, LIST, GET, MESSAGES, SEND, RESOLVE)

_LARGEST = 8 * 2**20
"""Bytes of a body that a defect looks at."""


@cache
def contract() -> Contract:
    """The contract document, read once for all broken servers of a process."""
    return load_contract()


def broken(**parts: Any) -> MockApp:
    """Make a mock without conversations from these parts, which are arguments of `create_app`."""
    return create_app(**{"scenario": "empty", "spec": contract(), **parts})


@dataclass(frozen=True, slots=True)
class Event:
    """A call of an operation that was accepted. `number` counts the calls of this operation, from 1."""

    operation: str
    caller: Caller
    checked: CheckedRequest
    request: Request
    number: int

    @property
    def tier(self) -> str:
        """The tier of the key, `server` or `client`."""
        return self.caller.key.tier

    @property
    def by_bearer(self) -> bool:
        """Whether the key came in the header Authorization."""
        return self.caller.scheme != "apiKey"

    @property
    def body(self) -> Mapping[str, Any]:
        """The members of the body."""
        return self.checked.body

    @property
    def query(self) -> Mapping[str, Any]:
        """The query parameters."""
        return self.checked.query


class Counter:
    """Counts from 1, separately for each name. Safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, itertools.count[int]] = {}
        self._lock = threading.Lock()

    def next(self, name: str = "") -> int:
        """Count a further call for the name, and return the number of calls, including this one."""
        with self._lock:
            return next(self._counts.setdefault(name, itertools.count(1)))


class TwoProcesses:
    """The memories of two processes that take turns at answering, each of which keeps what it has answered."""

    def __init__(self) -> None:
        self._memories: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
        self._turns = Counter()

    def kept(self, place: object, value: Any) -> Any:
        """Return what the process whose turn it is has answered for a place before, or the value, which it keeps."""
        return self._memories[self._turns.next() % 2].setdefault(place, value)

    def concerned(self, both: bool) -> Sequence[dict[Any, Any]]:
        """Return the memories that a write clears: both, or that of one process only."""
        return self._memories if both else self._memories[:1]


class _Observing(Pipeline):
    """A pipeline that makes an Event of each of its calls."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._counter = Counter()

    def event(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Event:
        return Event(operation.id, caller, checked, request, self._counter.next(operation.id))


def answering(change: Callable[[Any, Event], Any], *operations: str) -> type[Pipeline]:
    """Return a pipeline that changes the JSON of successful responses of these operations (of all, if none is named).

    `change` gets the correct value, which it may alter, and returns the value to send.
    """

    class Answering(_Observing):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            value = super().handle(operation, caller, checked, request)
            if operation.id in (operations or EVERYWHERE):
                return change(value, self.event(operation, caller, checked, request))
            return value

    return Answering


def handling(change: Callable[[Event], Event | None], *operations: str) -> type[Pipeline]:
    """Return a pipeline that handles calls of these operations as if they were others.

    `change` returns the event to handle, or None for the original one. It may raise Refusal.
    """

    class Handling(_Observing):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            if operation.id in (operations or EVERYWHERE):
                event = change(self.event(operation, caller, checked, request))
                if event is not None:
                    caller, checked = event.caller, event.checked
            return super().handle(operation, caller, checked, request)

    return Handling


def with_body(event: Event, **members: Any) -> Event:
    """The event with other members in its body."""
    return replace(event, checked=event.checked._replace(body={**event.checked.body, **members}))


def without(event: Event, *members: str) -> Event:
    """The event without some members of its body."""
    body = {name: value for name, value in event.checked.body.items() if name not in members}
    return replace(event, checked=event.checked._replace(body=body))


def with_query(event: Event, **parameters: Any) -> Event:
    """The event with other query parameters."""
    return replace(event, checked=event.checked._replace(query={**event.checked.query, **parameters}))


def with_organisation(event: Event, organisation: str) -> Event:
    """The event as if a key of another organisation had been sent."""
    return replace(event, caller=event.caller._replace(key=replace(event.caller.key, organisation=organisation)))


def refusing(change: Callable[[Response, Refusal], Response], *operations: str) -> type[Pipeline]:
    """Return a pipeline that changes the refusals of these operations. `change` gets the correct response."""

    class Refusing(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            response = super().refused(operation, request, refusal)
            return change(response, refusal) if operation.id in (operations or EVERYWHERE) else response

    return Refusing


@cache
def _errors() -> ErrorResponses:
    return ErrorResponses(choose())


def status_of(refusal: Refusal) -> int:
    """Return the status of a refusal by a mock with the default choices."""
    return _errors().status_of(refusal)


def done_although(refused: Callable[[Refusal, Request], bool], *operations: str) -> type[Pipeline]:
    """Return a pipeline that refuses as it should, but does what was asked for all the same.

    `refused` tells for which refusals of these operations it does so. The work is done with the ready-made server key.
    """

    class DoneAlthough(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id in operations and refused(refusal, request):
                caller = Caller(named_key(self.authenticator, "server"), "apiKey")
                with suppress(Refusal):
                    body_of(request)
                    self.handle(operation, caller, self.validate(request, operation), request)
            return super().refused(operation, request, refusal)

    return DoneAlthough


# --- keys -------------------------------------------------------------------------------------------------------------------------

Otherwise = Callable[[Authenticator, Request, str], ApiKey | None]


def accepting(otherwise: Otherwise, *operations: str) -> type[Authenticator]:
    """Return an authenticator that accepts what it should refuse.

    For each refusal of these operations, `otherwise` returns the key to go on with, or None if the refusal stands.
    """

    class Accepting(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            try:
                return super().authenticate(request, operation)
            except Refusal:
                asked = operation.id in (operations or EVERYWHERE)
                key = otherwise(self, request, operation.id) if asked else None
                if key is None:
                    raise
                return Caller(key, "apiKey")

    return Accepting


def rejecting(when: Callable[[Caller, Request, str], bool], *operations: str) -> type[Authenticator]:
    """An authenticator that refuses, as an invalid key, what it should accept."""

    class Rejecting(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            caller = super().authenticate(request, operation)
            if operation.id in (operations or EVERYWHERE) and when(caller, request, operation.id):
                raise invalid_key()
            return caller

    return Rejecting


def named_key(authenticator: Authenticator, name: str) -> ApiKey:
    """The ready-made key of that name: `server`, `client`, `revoked`, `origin_client`, `bundle_client`, `other_server`."""
    key = authenticator.keys.named(name)
    assert key is not None
    return key


def body_of(request: Request) -> bytes:
    """Return the body, before or after the pipeline reads it: the stream can be read only once, so it is replaced."""
    data = (request.body(_LARGEST) if request.data is None else request.data) or b""
    request.environ["wsgi.input"] = io.BytesIO(data)
    return data


def sent_key(request: Request) -> str:
    """Return what was sent as the key, in either header; empty if nothing was."""
    header, bearer = request.header("X-API-Key"), request.header("Authorization") or ""
    return header if header is not None else bearer.removeprefix("Bearer ")


# --- bodies -----------------------------------------------------------------------------------------------------------------------


def decoding(change: Callable[[bytes, Callable[[bytes], Any]], Any]) -> type[Validator]:
    """Return a validator that reads bodies otherwise. `change` gets the bytes, and the function that reads them correctly."""

    class Decoding(Validator):
        def decode(self, data: bytes) -> Any:
            return change(data, super().decode)

    return Decoding


def receiving(change: Callable[[dict[str, Any]], dict[str, Any]]) -> type[Validator]:
    """A validator that changes the members of every body before it judges them."""

    class Receiving(Validator):
        def tidy(self, value: dict[str, Any], body: Any) -> dict[str, Any]:
            return change(super().tidy(value, body))

    return Receiving


def ignoring(*keywords: str, member: str = "") -> type[Validator]:
    """A validator that overlooks violations of these keywords of JSON Schema, of one member or of all."""

    class Ignoring(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Iterable[Any]:  # type: ignore[override]
            for violation in super().violations(members, body):
                if violation.keyword not in keywords or (member and violation.field != member):
                    yield violation

    return Ignoring


def text_of(value: Any, change: Callable[[str], str]) -> Any:
    """Return a JSON value with every text in it changed, but not the names of members."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [text_of(item, change) for item in value]
    if isinstance(value, dict):
        return {name: text_of(item, change) for name, item in value.items()}
    return value


def in_chunks(text: str, size: int) -> str:
    """Decode a text in pieces of `size` bytes: a character that lies across two pieces is garbled."""
    data = text.encode()
    return "".join(data[at : at + size].decode("utf-8", "replace") for at in range(0, len(data), size))
