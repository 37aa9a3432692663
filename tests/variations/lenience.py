"""What a server may read or refuse beyond what is documented."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from mockserver.contract.document import Parameter
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request
from mockserver.serving.server import WsgiApp
from tests.variations.bodies import refusing
from tests.variations.registry import variation
from tests.variations.seams import mock

_GUARDED = ("__proto__", "constructor", "prototype")


@variation("guarded-names-refused")
def guarded_names() -> WsgiApp:
    """Metadata in which a member, at any depth, is called __proto__, constructor or prototype is refused with 400."""

    def guarded(value: Any) -> bool:
        if isinstance(value, dict):
            return any(name in _GUARDED or guarded(item) for name, item in value.items())
        return isinstance(value, list) and any(map(guarded, value))

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name, value in members.items() if guarded(value))

    return mock(validator=refusing(broken))


@variation("numbers-read-as-by-python", spare=True)
def python_numbers() -> WsgiApp:
    """A limit or an offset is whatever Python's int takes: with spaces, a plus, underscores, digits of other scripts."""

    class Lenient(Validator):
        def read_parameter(self, parameter: Parameter, text: str) -> tuple[Any, bool]:
            if parameter.type == "integer":
                with suppress(ValueError):
                    text = str(int(text))
            return super().read_parameter(parameter, text)

    return mock(validator=Lenient)


@variation("numbers-read-as-by-javascript", spare=True)
def javascript_numbers() -> WsgiApp:
    """A limit or an offset is what parseInt makes of it: the digits at its beginning, or the default."""

    class Lenient(Validator):
        def read_parameter(self, parameter: Parameter, text: str) -> tuple[Any, bool]:
            if parameter.type != "integer":
                return super().read_parameter(parameter, text)
            match = re.match(r"\s*([+-]?[0-9]{1,15})", text)
            if match is None:
                return parameter.default, False
            number = max(int(match[1]), 0)
            return (min(number, 100) or 20, False) if parameter.name == "limit" else (number, False)

    return mock(validator=Lenient)


@variation("parameters-sent-twice-refused", spare=True)
def parameters_once() -> WsgiApp:
    """A parameter that is sent twice is refused with 400."""

    class Once(Validator):
        def sent_parameters(self, request: Request) -> dict[str, str]:
            pairs = parse_qsl(request.query, keep_blank_values=True)
            if len(pairs) > len(dict(pairs)):
                raise HttpRefusal(400, "A parameter is there twice.")
            return super().sent_parameters(request)

    return mock(validator=Once)


@variation("first-of-several-parameters", spare=True)
def first_parameter() -> WsgiApp:
    """Of a parameter that is sent twice, the first counts."""

    class First(Validator):
        def sent_parameters(self, request: Request) -> dict[str, str]:
            return dict(reversed(parse_qsl(request.query, keep_blank_values=True)))

    return mock(validator=First)


@variation("content-type-required", spare=True)
def content_type_required() -> WsgiApp:
    """A body whose type is not said to be application/json, and exactly that, is refused with 415."""

    class Strict(Validator):
        def check_content_type(self, request: Request) -> None:
            if request.content_type != "application/json":
                raise HttpRefusal(415, "The body should be application/json.")

    return mock(validator=Strict)


@variation("members-twice-refused", spare=True)
def members_once() -> WsgiApp:
    """A JSON object in which a member is there twice is refused with 400."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise HttpRefusal(400, "A member is there twice.")
        return dict(pairs)

    class Once(Validator):
        def decode(self, data: bytes) -> Any:
            value = super().decode(data)
            try:
                json.loads(data, object_pairs_hook=once)
            except (ValueError, RecursionError) as error:
                raise HttpRefusal(400, f"Not JSON: {type(error).__name__}.") from None
            return value

    return mock(validator=Once)
