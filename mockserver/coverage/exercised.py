"""Which open points a request exercises: those for which another server might have responded otherwise."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mockserver.contract.document import Body, Contract, Operation
from mockserver.handling.decisions import DECISIONS
from mockserver.handling.errors import STATUSES
from mockserver.http.messages import Request, Response
from mockserver.model.ids import is_id
from mockserver.model.refusal import Kind

_MANY = 10_000
"""So many ids and addresses are remembered."""


class Exercised:
    """The names of choices that requests exercised. It remembers resolved conversations and senders, as some depend on them."""

    __slots__ = ("_closed", "_contract", "_people", "met")

    def __init__(self, contract: Contract) -> None:
        self.met: set[str] = set()
        self._contract = contract
        self._closed: set[str] = set()
        self._people: set[str] = set()

    def look_at(self, operation_id: str, request: Request, response: Response) -> None:
        """Note which choices a request exercised, by itself or because of earlier requests."""
        if response.refused is not None:
            self.met.update(_of_refusal(response.refused))
        self.met.update(_of_response(response))
        operation = self._contract.operations.get(operation_id)
        if operation is None:
            return
        path = str(request.environ.get("PATH_INFO", ""))
        if operation.path.endswith("/") and not path.endswith("/"):
            self.met.add("missing_trailing_slash")
        id = _id(operation, path)
        if id is not None and not is_id(id):
            self.met.add("malformed_id_status")
        self.met.update(_of_query(operation, request, response))
        body = _json(request.data) if operation.body else None
        if operation.body and isinstance(body, dict):
            self.met.update(_of_body(operation.id, operation.body, body, response))
            self._of_person(operation.id, body.get("user_email"), response)
        self._of_closed(operation.id, id or "", response)

    def _of_person(self, operation: str, email: object, response: Response) -> None:
        if not isinstance(email, str) or response.status >= 300:
            return
        if operation == "createMessage" and email.lower() not in self._people:
            self.met.add("unknown_sender")
        if len(self._people) < _MANY:
            self._people.add(email.lower())

    def _of_closed(self, operation: str, id: str, response: Response) -> None:
        if id in self._closed and response.status < 300:
            self.met.update({"createMessage": ["reply_to_closed"], "resolveConversation": ["resolve_twice"]}.get(operation, ()))
        if operation == "resolveConversation" and response.status < 300 and len(self._closed) < _MANY:
            self._closed.add(id)


def _id(operation: Operation, path: str) -> str | None:
    """The id in a path; None where the operation has none."""
    parts = operation.path.split("/")
    place = parts.index("{id}") if "{id}" in parts else None
    sent = path.split("/")
    return None if place is None or place >= len(sent) else sent[place]


def _of_refusal(refused: str) -> Iterator[str]:
    kind = Kind[refused]
    decision = DECISIONS[kind]
    if isinstance(decision, str) and "." not in decision:
        yield decision
    status = STATUSES.get(kind, "invalid_value_status")
    if isinstance(status, str) and kind is not Kind.HTTP:
        yield status


def _of_response(response: Response) -> Iterator[str]:
    if response.status >= 400 and response.status != 401:
        yield "error_body_shape"
    if response.status < 300 and b'"created_at"' in response.body:
        yield from ("timestamp_fraction", "timestamp_offset", "object_extra_members")


def _of_query(operation: Operation, request: Request, response: Response) -> Iterator[str]:
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    done = response.status < 300
    if operation.id == "listMessages" and done:
        yield "envelope_extra_members"
        if b'"message_type"' in response.body:
            yield "message_types"
        if query:
            yield "message_paging"
    if operation.id != "listConversations":
        return
    if done:
        yield "envelope_extra_members"
        if response.body.count(b'"requester"') > 1:
            yield "list_order"
    for parameter in operation.query:
        text = query.get(parameter.name)
        if text is None:
            continue
        if parameter.type == "integer":
            number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else text
            broken = [violation.keyword for violation in parameter.schema.violations(number)]
            if broken:
                yield "limit_over_maximum" if broken == ["maximum"] else "invalid_paging"
        elif parameter.schema.violations(text):
            yield "unknown_status_filter"
        elif text != text.lower():
            yield "email_lookup_case"


def _of_body(operation: str, facts: Body, body: Mapping[str, Any], response: Response) -> Iterator[str]:
    if response.status < 300:
        is_create = operation == "createConversation"
        yield from _of_new(body) if is_create else ("create_message_status", "create_message_body")
    for name, value in body.items():
        member = facts.members.get(name)
        if member is None:
            yield "unknown_body_fields"
        elif value is None and name not in facts.required_members:
            yield "null_optional_member"
        elif member.get("type") == "string" and "enum" not in member:
            yield from _of_text(value, required=name in facts.required_members and name != "user_email")
    email = body.get("user_email")
    if isinstance(email, str):
        if email != email.lower():
            yield from ("email_lookup_case", "email_answer_case")
        if "@" not in email:
            yield "malformed_email"


def _of_new(body: Mapping[str, Any]) -> Iterator[str]:
    yield "first_number"
    if body.get("channel") is None:
        yield "default_channel"
    if body.get("description"):
        yield "description_as_message"
    if body.get("user_email") is None:
        yield from ("anonymous_requester", "anonymous_names")
    elif body.get("user_first_name") is None or body.get("user_last_name") is None:
        yield "missing_names"


def _of_text(value: object, *, required: bool) -> Iterator[str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield "number_for_text"
    if not isinstance(value, str):
        return
    if not value and required:
        yield "empty_subject"
    if value != value.strip():
        yield "surrounding_white_space"
    if "\0" in value:
        yield "nul_character"


def _json(data: bytes | None) -> Any:
    try:
        return None if data is None else orjson.loads(data)
    except ValueError:
        # Not JSON, or cut.
        return None
