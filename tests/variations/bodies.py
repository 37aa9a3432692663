"""Bodies beyond modest sizes or ordinary characters: what is refused, kept, trimmed or forgiven."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from mockserver.contract.document import Body, Operation
from mockserver.contract.schema import Violation
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.serving.server import WsgiApp
from tests.variations.registry import variation
from tests.variations.seams import mock

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def refusing(broken: Any) -> type[Validator]:
    """Return a validator that refuses bodies if `broken` names any of their members."""

    class Refusing(Validator):
        def violations(self, members: dict[str, Any], body: Body) -> Iterator[Violation]:
            yield from super().violations(members, body)
            for name in broken(members):
                yield Violation((name,), "refused", "This is too much.")

    return Refusing


def refusing_characters(found: re.Pattern[str]) -> WsgiApp:
    """A server that refuses bodies in which any text, or name of a member of metadata, has one of these characters."""

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for item in [*value, *(value.values() if isinstance(value, dict) else ())]:
                yield from texts(item)

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name, value in members.items() if any(map(found.search, texts(value))))

    return mock(validator=refusing(broken))


@variation("long-texts-refused")
def long_texts() -> WsgiApp:
    """Names over 100 characters, descriptions and bodies over 10,000 are refused."""
    limits = {"user_first_name": 100, "user_last_name": 100, "description": 10_000, "body": 10_000}

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name, most in limits.items() if isinstance(members.get(name), str) and len(members[name]) > most)

    return mock(validator=refusing(broken))


@variation("blank-texts-refused")
def blank_texts() -> WsgiApp:
    """An optional text that is empty, or nothing but white space, is refused, as Django REST framework does by default."""

    def broken(members: dict[str, Any]) -> Iterator[str]:
        names = ("user_email", "description", "user_first_name", "user_last_name")
        return (name for name in names if isinstance(members.get(name), str) and not members[name].strip())

    return mock(validator=refusing(broken))


@variation("large-metadata-refused")
def large_metadata() -> WsgiApp:
    """Metadata over 16 KiB or 20 levels is refused."""

    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    def broken(members: dict[str, Any]) -> Iterator[str]:
        metadata = members.get("metadata")
        if isinstance(metadata, dict) and (len(orjson.dumps(metadata)) > 16_384 or depth(metadata) > 20):
            yield "metadata"

    return mock(validator=refusing(broken))


@variation("control-characters-refused")
def control_characters() -> WsgiApp:
    """Control characters but line ends and tabs, noncharacters and surrogates are refused, in metadata too."""
    return refusing_characters(_CONTROL)


@variation("directions-refused", spare=True)
def directions() -> WsgiApp:
    """Marks of direction, with which a text can pretend to be another, are refused, in metadata too."""
    return refusing_characters(_DIRECTION)


@variation("everything-kept")
def everything_kept() -> WsgiApp:
    """NUL, lone surrogates, huge integers and whatever JSON can say is kept and answered in escapes."""

    class Lenient(Validator):
        def decode(self, data: bytes) -> Any:
            try:
                return json.loads(data.decode(), parse_constant=_no_number, parse_float=_finite)
            except (ValueError, RecursionError) as error:
                raise HttpRefusal(400, f"Not JSON: {type(error).__name__}.") from None

        def violations(self, members: dict[str, Any], body: Body) -> Iterator[Violation]:
            # The validator of the schema knows neither surrogates nor integers beyond 64 bits, so it gets other values.
            plain = json.loads(re.sub(r"\\u[dD][89a-fA-F]..", "x", json.dumps(members, ensure_ascii=True)), parse_int=_small)
            return super().violations(plain, body)

    class Escaping(Pipeline):
        def succeeded(self, operation: Operation, request: Request, value: Any) -> Response:
            body = json.dumps(value).encode()
            return Response(self.success_status(operation), body, {"Content-Type": "application/json"})

    return mock(validator=Lenient, pipeline=Escaping, choices={"nul_character": "keep", "empty_subject": "accept"})


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    return value if math.isfinite(value := float(digits)) else _no_number(digits)


def _small(digits: str) -> int:
    return int(digits) if len(digits) < 19 else 0


def trimming(characters: str | None, names: tuple[str, ...]) -> type[Validator]:
    """Return a validator that takes these characters off both ends of these members."""

    class Trimming(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            members = super().tidy(value, body)
            return {
                name: text.strip(characters) if name in names and isinstance(text, str) else text for name, text in members.items()
            }

    return Trimming


_TEXTS = ("subject", "description", "body", "user_first_name", "user_last_name", "user_email")


@variation("trimmed-as-by-python")
def trimmed_as_python() -> WsgiApp:
    """All that Unicode calls white space is taken off the ends of every text, e-mail addresses too."""
    return mock(validator=trimming(None, _TEXTS))


@variation("trimmed-as-by-java", spare=True)
def trimmed_as_java() -> WsgiApp:
    """Every character up to the space, control characters too, is taken off the ends of subject, body and names."""
    return mock(validator=trimming("".join(map(chr, range(33))), _TEXTS))


@variation("trimmed-at-the-ends-of-names-only", spare=True)
def trimmed_names() -> WsgiApp:
    """Spaces are taken off names and subjects, and bodies are kept as they are."""
    return mock(validator=trimming(" ", ("subject", "user_first_name", "user_last_name")))


@variation("subject-length-before-trimming", spare=True)
def blank_subject() -> WsgiApp:
    """A subject of white space is refused; others keep theirs."""

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name in ("subject", "body") if isinstance(members.get(name), str) and not members[name].strip())

    return mock(validator=refusing(broken))


@variation("plain-addresses-only", spare=True)
def plain_addresses() -> WsgiApp:
    """Addresses are of ASCII letters, digits, dots and dashes with a known top-level domain; others are refused."""

    class Plain(Validator):
        def is_email(self, text: str) -> bool:
            return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@([A-Za-z0-9-]+\.)+(com|org|net|example)", text) is not None

    return mock(validator=Plain)


@variation("undocumented-values-become-the-default")
def defaults_for_strange_values() -> WsgiApp:
    """An undocumented priority or channel, or a value of the wrong type, is as if it were not there; numbers become text."""

    class Forgiving(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            kept = {}
            for name, member in super().tidy(value, body).items():
                facts = body.members.get(name, {})
                if name == "user_email" or name in body.required_members or self.allowed(facts, member):
                    kept[name] = member
            return kept

        def allowed(self, facts: Mapping[str, Any], member: Any) -> bool:
            allowed = self.contract.components.get(str(facts.get("$ref", "")).rpartition("/")[2], facts).get("enum")
            if facts.get("type") == "object":
                return isinstance(member, dict)
            return isinstance(member, str) and (allowed is None or member in allowed)

    return mock(validator=Forgiving, choices={"number_for_text": "convert"})


@variation("member-names-in-any-case")
def names_in_any_case() -> WsgiApp:
    """Names of members are matched in any case, as by the JSON libraries of Go and .NET."""

    class AnyCase(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            return super().tidy({name.lower() if name.lower() in body.members else name: one for name, one in value.items()}, body)

    return mock(validator=AnyCase)


@variation("enums-in-any-case", spare=True)
def enums_in_any_case() -> WsgiApp:
    """Priorities, channels and statuses are read in any case, and answered in lower case."""

    class AnyCase(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            folded = {name: str(value[name]).lower() for name in ("priority", "channel") if isinstance(value.get(name), str)}
            return super().tidy(value | folded, body)

        def sent_parameters(self, request: Request) -> dict[str, str]:
            return {name: one.lower() if name == "status" else one for name, one in super().sent_parameters(request).items()}

    return mock(validator=AnyCase)


@variation("text-after-the-json")
def trailing_text() -> WsgiApp:
    """What follows the first JSON value of a body is not read, as by the JSON libraries of Java and Go."""

    class First(Validator):
        def decode(self, data: bytes) -> Any:
            try:
                text = data.decode()
                start = len(text) - len(text.lstrip(" \t\r\n"))
                _, end = json.JSONDecoder(parse_constant=_no_number).raw_decode(text, start)
            except (ValueError, RecursionError) as error:
                raise HttpRefusal(400, f"Not JSON: {type(error).__name__}.") from None
            return super().decode(text[start:end].encode("utf-8", "surrogatepass"))

    return mock(validator=First)
