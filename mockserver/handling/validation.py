"""What a request says, read and checked against the contract: values, or a refusal that lists what is wrong."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mockserver.contract.choices import Choices
from mockserver.contract.document import Body, Contract, Operation, Parameter
from mockserver.contract.schema import Violation
from mockserver.http.body_errors import BodyCutError, BodyLateError
from mockserver.http.json_bodies import BeyondRangeError, integer, not_utf8, unsupported_encoding
from mockserver.http.messages import Request
from mockserver.json_depth import depth
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.ids import is_id
from mockserver.model.refusal import Kind, Refusal, invalid_value, not_found

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes. The pages give no limit; this one only keeps a mistake from filling the memory."""

DEEPEST_NESTING = 100
"""How deep arrays and objects may be nested. Deeper bodies are refused: no client needs them, and libraries differ on them."""

_PAGING = ("limit", "offset")
_INTEGER = re.compile(r"-?[0-9]{1,1000}")
_LONG_DIGITS = re.compile(rb"[0-9]{19}")
_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_EMAIL = re.compile(r"[^\s@\x00-\x1f]+@[^\s@.\x00-\x1f]+(\.[^\s@.\x00-\x1f]+)+")
_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, less the brackets


class Validator:
    """Reads requests. Each rule has a method of its own, which a subclass may replace."""

    def __init__(self, contract: Contract, choices: Choices) -> None:
        self.contract = contract
        self.choices = choices

    def read(self, request: Request, operation: Operation) -> CheckedRequest:
        """The request, checked. Raises Refusal for anything that is not as documented."""
        conversation_id = self.read_id(request.path["id"]) if "id" in request.path else ""
        query, no_match = self.read_query(request, operation)
        body = self.read_body(request, operation.body) if operation.body else {}
        return CheckedRequest(conversation_id, query, body, no_match)

    # --- the path -----------------------------------------------------------------------------------------------------

    def read_id(self, text: str) -> str:
        """The id in the path. Raises Refusal if it could not be one."""
        if is_id(text):
            return text
        if self.choices.takes("malformed_id_status", "400"):
            raise Refusal(Kind.MALFORMED_ID, "This is not an id.")
        raise not_found()

    # --- the query string ---------------------------------------------------------------------------------------------

    def read_query(self, request: Request, operation: Operation) -> tuple[dict[str, Any], bool]:
        """Return the documented parameters, and whether one of them makes a match impossible. Other parameters are ignored."""
        parameters = self.parameters(operation)
        if not parameters:
            return {}, False
        sent = self.sent_parameters(request)
        values: dict[str, Any] = {}
        no_match = False
        for parameter in parameters:
            value = parameter.default
            if parameter.name in sent:
                value, impossible = self.read_parameter(parameter, sent[parameter.name])
                no_match = no_match or impossible
            elif parameter.required:
                violation = Violation((parameter.name,), "required", "This field is required.")
                raise invalid_value([violation], Kind.MISSING_PARAMETER)
            values[parameter.name] = value
        return values, no_match

    def parameters(self, operation: Operation) -> Sequence[Parameter]:
        """The query parameters of an operation: the documented ones, and those of paging where messages are chosen to have it."""
        if operation.id == "listMessages" and self.choices.takes("message_paging", "limit_offset"):
            documented = {parameter.name for parameter in operation.query}
            pages = self.contract.operation("listConversations").query
            return (*operation.query, *(p for p in pages if p.name in _PAGING and p.name not in documented))
        return operation.query

    def sent_parameters(self, request: Request) -> dict[str, str]:
        """The parameters of the query string; of one that is repeated, the last."""
        query = request.query
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
        """Return the replacement for a limit or an offset that is not as documented. Raises Refusal if there is none."""
        kind = Kind.INVALID_PAGING
        if [item.keyword for item in violations] == ["maximum"]:
            if self.choices.takes("limit_over_maximum", "clamp"):
                return parameter.maximum
            kind = Kind.LIMIT_OVER_MAXIMUM
        elif self.choices.takes("invalid_paging", "fallback"):
            return parameter.default
        raise invalid_value(violations, kind)

    def invalid_filter(self, parameter: Parameter, violations: list[Violation]) -> tuple[Any, bool]:
        """Return the replacement for an undocumented filter value, and whether nothing matches the filter. May raise Refusal."""
        option = self.choices["unknown_status_filter"]
        if option == "refuse":
            raise invalid_value(violations, Kind.INVALID_FILTER)
        return parameter.default, option == "empty"

    # --- the body -----------------------------------------------------------------------------------------------------

    def read_body(self, request: Request, body: Body) -> dict[str, Any]:
        """The members of the body. Raises Refusal if it is not a JSON object as documented."""
        data = self.read_bytes(request)
        if not data and not body.required:
            return {}
        value = self.decode(data)
        violations = self.check_whole(value, data)
        if violations:
            raise invalid_value(violations)
        members = self.tidy(value, body)
        violations = list(self.violations(members, body))
        if violations:
            raise invalid_value(violations)
        return self.documented(members, body)

    def read_bytes(self, request: Request) -> bytes:
        """The body as it was sent. Raises Refusal if it did not come whole, is too long, or is said not to be JSON."""
        self.check_content_type(request)
        try:
            data = request.body(LARGEST_BODY)
        except BodyCutError as error:
            raise Refusal(Kind.BODY_CUT, str(error)) from None
        except BodyLateError as error:
            raise Refusal(Kind.BODY_LATE, str(error)) from None
        if data is None:
            raise Refusal(Kind.BODY_TOO_LONG, f"The body is longer than {LARGEST_BODY} bytes.")
        return data

    def check_content_type(self, request: Request) -> None:
        """Raise Refusal if the body is said to be something other than JSON in UTF-8. Saying nothing is fine."""
        media = request.content_type
        if media and media != "application/json" and not media.endswith("+json"):
            raise Refusal(Kind.OTHER_MEDIA_TYPE, "The body should be application/json.")
        problem = unsupported_encoding(request.environ)
        if problem:
            raise Refusal(Kind.OTHER_MEDIA_TYPE, problem)

    def decode(self, data: bytes) -> Any:
        """The JSON value in the body. Raises Refusal if it is not JSON, or a value that cannot be kept exactly."""
        try:
            value = orjson.loads(data)
            # Most bodies have fewer digits in total, and counting digits is faster than searching for the pattern.
            if len(data.translate(None, _NO_DIGITS)) >= 19 and _LONG_DIGITS.search(data):
                # orjson turns an integer beyond 64 bits into the nearest float, which would come back changed.
                value = json.loads(data, parse_int=integer)
        except RecursionError:
            raise Refusal(Kind.NESTED_TOO_DEEPLY, "The body is nested too deeply.") from None
        except BeyondRangeError as error:
            raise Refusal(Kind.BEYOND_RANGE, str(error)) from None
        except ValueError as error:
            raise Refusal(Kind.NOT_JSON, not_utf8(data) or f"The body is not JSON: {error}.") from None
        if data.count(b"{") + data.count(b"[") > DEEPEST_NESTING and depth(value) > DEEPEST_NESTING:
            raise Refusal(Kind.NESTED_TOO_DEEPLY, "The body is nested too deeply.")
        return value

    def check_whole(self, value: Any, data: bytes) -> list[Violation]:
        """What is wrong with the body before its members are looked at."""
        if not isinstance(value, dict):
            return [Violation((), "type", "This is not an object.")]
        # JSON has only this way to write a NUL character.
        if b"\\u0000" in data and self.choices.takes("nul_character", "refuse"):
            place = _nul(value)
            if place is not None:
                return [Violation(place, "nul_character", "This holds a NUL character.")]
        return []

    def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
        """Return the members as they will be checked: texts trimmed, numbers converted, nulls dropped, as the choices say."""
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
        """Return a text trimmed, or a number converted to text, as the choices say. Values of an `enum` are not trimmed."""
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
    # Cached, because a front end repeats its queries, and parsing one takes longer than the rest of a list request.
    return tuple(parse_qsl(query, keep_blank_values=True))


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
