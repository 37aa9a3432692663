"""Where a mock is broken: small subclasses of its parts, each made from one function that says what goes wrong.

Every function here returns a part for `broken`, which makes the server:

    return broken(pipeline=answering(lambda value, event: value | {"priority": "low"}, "createConversation"))

A function that goes wrong is given an Event: who called what, how, and for how many times. Whoever needs more subclasses a part.
"""

import io
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from mockserver.answers import Answer, Call
from mockserver.app import MockApp, create_app
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Contract, Operation, load_contract
from mockserver.keys import ApiKey
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal, invalid_key
from mockserver.validation import Request, Validator

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
    """A mock without conversations, made of these parts. The arguments are those of `create_app`."""
    return create_app(**{"scenario": "empty", "spec": contract(), **parts})


@dataclass(frozen=True, slots=True)
class Event:
    """A call of an operation that was accepted. `number` counts the calls of this operation, from 1."""

    operation: str
    caller: Caller
    request: Request
    call: Call
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
        return self.request.body

    @property
    def query(self) -> Mapping[str, Any]:
        """The query parameters."""
        return self.request.query


class Counter:
    """Counts from 1, separately for each name. Safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, itertools.count[int]] = {}
        self._lock = threading.Lock()

    def next(self, name: str = "") -> int:
        """How many times it was asked for that name, this time included."""
        with self._lock:
            return next(self._counts.setdefault(name, itertools.count(1)))


class _Observing(Pipeline):
    """A pipeline that knows the events of its calls."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._counter = Counter()

    def event(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Event:
        return Event(operation.id, caller, request, call, self._counter.next(operation.id))


def answering(change: Callable[[Any, Event], Any], *operations: str) -> type[Pipeline]:
    """A pipeline that answers successes of these operations (of all, where none is named) with a changed JSON value.

    `change` gets the value that is right, which it may alter, and returns the one to be answered.
    """

    class Answering(_Observing):
        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            value = super().handle(operation, caller, request, call)
            if operation.id in (operations or EVERYWHERE):
                return change(value, self.event(operation, caller, request, call))
            return value

    return Answering


def handling(change: Callable[[Event], Event | None], *operations: str) -> type[Pipeline]:
    """A pipeline that handles calls of these operations as if they had been other ones.

    `change` returns the event to be handled, or None for the one that it was given. It may raise Refusal.
    """

    class Handling(_Observing):
        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            if operation.id in (operations or EVERYWHERE):
                event = change(self.event(operation, caller, request, call))
                if event is not None:
                    caller, request = event.caller, event.request
            return super().handle(operation, caller, request, call)

    return Handling


def with_body(event: Event, **members: Any) -> Event:
    """The event with other members in its body."""
    return replace(event, request=event.request._replace(body={**event.request.body, **members}))


def without(event: Event, *members: str) -> Event:
    """The event without some members of its body."""
    body = {name: value for name, value in event.request.body.items() if name not in members}
    return replace(event, request=event.request._replace(body=body))


def with_query(event: Event, **parameters: Any) -> Event:
    """The event with other query parameters."""
    return replace(event, request=event.request._replace(query={**event.request.query, **parameters}))


def with_organisation(event: Event, organisation: str) -> Event:
    """The event as if a key of another organisation had been sent."""
    return replace(event, caller=event.caller._replace(key=replace(event.caller.key, organisation=organisation)))


def refusing(change: Callable[[Answer, Refusal], Answer], *operations: str) -> type[Pipeline]:
    """A pipeline that answers refusals of these operations otherwise. `change` gets the answer that is right."""

    class Refusing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            answer = super().refused(operation, call, refusal)
            return change(answer, refusal) if operation.id in (operations or EVERYWHERE) else answer

    return Refusing


def done_although(refused: Callable[[Refusal, Call], bool], *operations: str) -> type[Pipeline]:
    """A pipeline that refuses as it should, and has done what was asked for all the same.

    `refused` says of which refusals of these operations that is so. The work is done as the server key that comes first.
    """

    class DoneAlthough(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id in operations and refused(refusal, call):
                caller = Caller(named_key(self.authenticator, "server"), "apiKey")
                with suppress(Refusal):
                    body_of(call)
                    self.handle(operation, caller, self.validate(call, operation), call)
            return super().refused(operation, call, refusal)

    return DoneAlthough


# --- keys -------------------------------------------------------------------------------------------------------------------------

Otherwise = Callable[[Authenticator, Call, str], ApiKey | None]


def accepting(otherwise: Otherwise, *operations: str) -> type[Authenticator]:
    """An authenticator that accepts what it should refuse.

    `otherwise` is asked about each refusal of these operations: the key to go on with, or None where the refusal stands.
    """

    class Accepting(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            try:
                return super().authenticate(call, operation)
            except Refusal:
                asked = operation.id in (operations or EVERYWHERE)
                key = otherwise(self, call, operation.id) if asked else None
                if key is None:
                    raise
                return Caller(key, "apiKey")

    return Accepting


def rejecting(when: Callable[[Caller, Call, str], bool], *operations: str) -> type[Authenticator]:
    """An authenticator that refuses, as an invalid key, what it should accept."""

    class Rejecting(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            caller = super().authenticate(call, operation)
            if operation.id in (operations or EVERYWHERE) and when(caller, call, operation.id):
                raise invalid_key()
            return caller

    return Rejecting


def named_key(authenticator: Authenticator, name: str) -> ApiKey:
    """The ready-made key of that name: `server`, `client`, `revoked`, `origin_client`, `bundle_client`, `other_server`."""
    key = authenticator.keys.named(name)
    assert key is not None
    return key


def body_of(call: Call) -> bytes:
    """The bytes of the body, for whoever reads them before or after the pipeline does: a request's stream can be read once."""
    data = (call.body(_LARGEST) if call.data is None else call.data) or b""
    call.environ["wsgi.input"] = io.BytesIO(data)
    return data


def sent_key(call: Call) -> str:
    """The text in the place of the key, by whichever header; empty where there is none."""
    header, bearer = call.header("X-API-Key"), call.header("Authorization") or ""
    return header if header is not None else bearer.removeprefix("Bearer ")


# --- bodies -----------------------------------------------------------------------------------------------------------------------


def decoding(change: Callable[[bytes, Callable[[bytes], Any]], Any]) -> type[Validator]:
    """A validator that reads bodies otherwise. `change` gets the bytes, and the function that reads them as it should."""

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
    """A JSON value with every text in it changed; names of members stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [text_of(item, change) for item in value]
    if isinstance(value, dict):
        return {name: text_of(item, change) for name, item in value.items()}
    return value


def in_chunks(text: str, size: int) -> str:
    """The text, decoded so many bytes at a time: a character that lies across is garbled."""
    data = text.encode()
    return "".join(data[at : at + size].decode("utf-8", "replace") for at in range(0, len(data), size))
