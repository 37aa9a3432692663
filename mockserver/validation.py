"""What a request says, read and checked against the contract: values, or a refusal that lists what is wrong."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from mockserver.answers import Call
from mockserver.choices import Choices
from mockserver.contract import Body, Contract, Operation, Parameter
from mockserver.ids import is_id
from mockserver.problems import Problems, Refusal, not_found
from mockserver.schema import Violation

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes. The pages give no limit; this one only keeps a mistake from filling the memory."""

DEEPEST_NESTING = 100
"""Arrays and objects within each other. Deeper ones are refused whole: no client needs them, and libraries differ on them."""

_PAGING = ("limit", "offset")
_INTEGER = re.compile(r"-?[0-9]{1,1000}")
_LONG_DIGITS = re.compile(rb"[0-9]{19}")
_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_EMAIL = re.compile(r"[^\s@\x00-\x1f]+@[^\s@.\x00-\x1f]+(\.[^\s@.\x00-\x1f]+)+")
_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, less the brackets


class Request(NamedTuple):
    """A checked request: the id in its path, its query parameters and its body, each by documented name.

    Absent optional members of the body are absent here too. Query parameters that were not sent have their default, or None.
    `no_match` says that a filter cannot match anything.
    """

    id: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    no_match: bool = False


class Validator:
    """Reads requests. Each rule has a method of its own, which a subclass may replace."""

    def __init__(self, contract: Contract, choices: Choices, problems: Problems) -> None:
        self.contract = contract
        self.choices = choices
        self.problems = problems

    def read(self, call: Call, operation: Operation) -> Request:
        """The request, checked. Raises Refusal for anything that is not as documented."""
        conversation_id = self.read_id(call.path["id"]) if "id" in call.path else ""
        query, no_match = self.read_query(call, operation)
        body = self.read_body(call, operation.body) if operation.body else {}
        return Request(conversation_id, query, body, no_match)

    # --- the path -----------------------------------------------------------------------------------------------------

    def read_id(self, text: str) -> str:
        """The id in the path. Raises Refusal if it could not be one."""
        if is_id(text):
            return text
        if self.choices.takes("malformed_id_status", "400"):
            raise Refusal(400, "This is not an id.")
        raise not_found()

    # --- the query string ---------------------------------------------------------------------------------------------

    def read_query(self, call: Call, operation: Operation) -> tuple[dict[str, Any], bool]:
        """The documented parameters, and whether one of them rules every match out. Others are ignored."""
        parameters = self.parameters(operation)
        if not parameters:
            return {}, False
        sent = self.sent_parameters(call)
        values: dict[str, Any] = {}
        no_match = False
        for parameter in parameters:
            value = parameter.default
            if parameter.name in sent:
                value, impossible = self.read_parameter(parameter, sent[parameter.name])
                no_match = no_match or impossible
            elif parameter.required:
                raise self.problems.invalid_value([Violation((parameter.name,), "required", "This field is required.")])
            values[parameter.name] = value
        return values, no_match

    def parameters(self, operation: Operation) -> Sequence[Parameter]:
        """The query parameters of an operation: the documented ones, and those of paging where messages are chosen to have it."""
        if operation.id == "listMessages" and self.choices.takes("message_paging", "limit_offset"):
            documented = {parameter.name for parameter in operation.query}
            pages = self.contract.operation("listConversations").query
            return (*operation.query, *(p for p in pages if p.name in _PAGING and p.name not in documented))
        return operation.query

    def sent_parameters(self, call: Call) -> dict[str, str]:
        """The parameters of the query string; of one that is repeated, the last."""
        query = call.query
        return dict(_parameters(query)) if query else {}

    def read_parameter(self, parameter: Parameter, text: str) -> tuple[Any, bool]:
        """The value of a parameter, and whether it is one that nothing matches."""
        value: Any = text
        if parameter.type == "integer":
            value = int(text) if _INTEGER.fullmatch(text) else text
        violations = parameter.schema.violations(value)
        if not violations:
            return value, False
        violations = [Violation((parameter.name, *item.path), item.keyword, item.message) for item in violations]
        if parameter.type == "integer":
            return self.invalid_number(parameter, value, violations), False
        return self.invalid_filter(parameter, violations)

    def invalid_number(self, parameter: Parameter, value: Any, violations: list[Violation]) -> Any:
        """What stands in for a limit or an offset that is not as documented. Raises Refusal where none does."""
        if [item.keyword for item in violations] == ["maximum"]:
            if self.choices.takes("limit_over_maximum", "clamp"):
                return parameter.maximum
        elif self.choices.takes("invalid_paging", "fallback"):
            return parameter.default
        raise self.problems.invalid_value(violations)

    def invalid_filter(self, parameter: Parameter, violations: list[Violation]) -> tuple[Any, bool]:
        """What stands in for a filter whose value is not documented, and whether nothing matches it. May raise Refusal."""
        option = self.choices["unknown_status_filter"]
        if option == "refuse":
            raise self.problems.invalid_value(violations)
        return parameter.default, option == "empty"

    # --- the body -----------------------------------------------------------------------------------------------------

    def read_body(self, call: Call, body: Body) -> dict[str, Any]:
        """The members of the body. Raises Refusal if it is not a JSON object as documented."""
        self.check_content_type(call)
        data = call.body(LARGEST_BODY)
        if data is None:
            raise Refusal(413, f"The body is longer than {LARGEST_BODY} bytes.")
        if not data and not body.required:
            return {}
        value = self.decode(data)
        violations = self.check_whole(value, data)
        if violations:
            raise self.problems.invalid_value(violations)
        members = self.tidy(value, body)
        violations = list(self.violations(members, body))
        if violations:
            raise self.problems.invalid_value(violations)
        return self.documented(members, body)

    def check_content_type(self, call: Call) -> None:
        """Raise Refusal if the body is said to be something other than JSON. Saying nothing is fine."""
        media = call.content_type
        if media and media != "application/json" and not media.endswith("+json"):
            raise Refusal(415, "The body should be application/json.")

    def decode(self, data: bytes) -> Any:
        """The JSON value in the body. Raises Refusal if it is not JSON, or a value that cannot be kept exactly."""
        try:
            value = orjson.loads(data)
            # Most bodies have fewer digits in all, which is counted sooner than a pattern is looked for.
            if len(data.translate(None, _NO_DIGITS)) >= 19 and _LONG_DIGITS.search(data):
                # orjson turns an integer beyond 64 bits into the nearest float, which would come back changed.
                value = json.loads(data, parse_int=_integer)
        except RecursionError:
            raise Refusal(400, "The body is nested too deeply.") from None
        except _BeyondRangeError as error:
            raise Refusal(400, str(error)) from None
        except ValueError as error:
            raise Refusal(400, f"The body is not JSON: {error}.") from None
        if data.count(b"{") + data.count(b"[") > DEEPEST_NESTING and _depth(value) > DEEPEST_NESTING:
            raise Refusal(400, "The body is nested too deeply.")
        return value

    def check_whole(self, value: Any, data: bytes) -> list[Violation]:
        """What is wrong with the body before its members are looked at."""
        if not isinstance(value, dict):
            return [Violation((), "type", "This is not an object.")]
        # JSON can write the character in one way only.
        if b"\\u0000" in data and self.choices.takes("nul_character", "refuse"):
            place = _nul(value)
            if place is not None:
                return [Violation(place, "nul_character", "This holds a NUL character.")]
        return []

    def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
        """The members after what is done to them before they are judged."""
        members = {}
        for name, member in value.items():
            facts = body.members.get(name)
            if facts is None:
                members[name] = member
            elif not (member is None and self.null_is_absent(name, body)):
                members[name] = self.tidy_text(member, facts) if facts.get("type") == "string" else member
        return members

    def null_is_absent(self, name: str, body: Body) -> bool:
        """Whether null means that the member is left out."""
        return name not in body.required_members and self.choices.takes("null_optional_member", "absent")

    def tidy_text(self, value: Any, facts: Mapping[str, Any]) -> Any:
        """A text, or what was sent in the place of one. White space is part of a value that is one of a list."""
        if not isinstance(value, str):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and self.choices.takes("number_for_text", "convert")):
                return value
            value = str(value)
        trimmed = "enum" not in facts and self.choices.takes("surrounding_white_space", "trim")
        return value.strip() if trimmed else value

    def violations(self, members: dict[str, Any], body: Body) -> Iterator[Violation]:
        """What is wrong with the members: all that the contract says, and what is left open and refused here."""
        yield from body.schema.violations(members)
        yield from self.unknown_members(members, body)
        yield from self.empty_texts(members, body)
        yield from self.malformed_emails(members)

    def unknown_members(self, members: dict[str, Any], body: Body) -> Iterator[Violation]:
        if self.choices.takes("unknown_body_fields", "refuse"):
            for name in members:
                if name not in body.members:
                    yield Violation((name,), "unknown_body_fields", "This field is not documented.")

    def empty_texts(self, members: dict[str, Any], body: Body) -> Iterator[Violation]:
        if self.choices.takes("empty_subject", "refuse"):
            for name, value in members.items():
                if value == "" and name in body.required_members and name != "user_email":
                    yield Violation((name,), "empty_subject", "This may not be empty.")

    def malformed_emails(self, members: dict[str, Any]) -> Iterator[Violation]:
        email = members.get("user_email")
        if isinstance(email, str) and not self.is_email(email) and self.choices.takes("malformed_email", "refuse"):
            yield Violation(("user_email",), "malformed_email", "This is not an e-mail address.")

    def is_email(self, text: str) -> bool:
        """Whether the text looks like an e-mail address."""
        return len(text) <= _LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None

    def documented(self, members: dict[str, Any], body: Body) -> dict[str, Any]:
        """Only the members that the contract knows."""
        if members.keys() <= body.members.keys():
            return members
        return {name: value for name, value in members.items() if name in body.members}


@lru_cache(maxsize=1000)
def _parameters(query: str) -> tuple[tuple[str, str], ...]:
    # Kept, because a front end asks the same again and again, and this takes longer than the rest of a list.
    return tuple(parse_qsl(query, keep_blank_values=True))


class _BeyondRangeError(Exception):
    """An integer that does not fit into 64 bits."""


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= (value := int(digits)) < 2**64:
        raise _BeyondRangeError("The body holds an integer beyond 64 bits.")
    return value


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += [child for child in item.values() if isinstance(child, dict | list)]
            elif isinstance(item, list):
                inner += [child for child in item if isinstance(child, dict | list)]
        level = inner
    return depth


def _nul(value: Any, path: tuple[str | int, ...] = ()) -> tuple[str | int, ...] | None:
    if isinstance(value, str):
        return path if "\0" in value else None
    if isinstance(value, dict):
        for name, member in value.items():
            if "\0" in name:
                return path
            found = _nul(member, (*path, name))
            if found is not None:
                return found
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found = _nul(item, (*path, index))
            if found is not None:
                return found
    return None
