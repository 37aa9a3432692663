"""Scenarios: what the mock starts with. Read from fixtures/NAME.yaml, or from a user's YAML or JSON-lines file.

A scenario may be larger than memory would like as Python objects, so its conversations are made or read one at a time.
"""

import heapq
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from accord.assets import FIXTURES_DIR
from accord.errors import AccordError
from mockserver.clock import to_microseconds
from mockserver.schema import Schema
from mockserver.templates import generate
from mockserver.yaml_files import read_yaml

_TEXT = {"type": "string", "minLength": 1}
_MOMENT = {"type": "string", "format": "date-time"}
_PERSON = {
    "type": "object",
    "required": ["email"],
    "additionalProperties": False,
    "properties": {"email": _TEXT, "first_name": {"type": "string"}, "last_name": {"type": "string"}},
}
_MESSAGE = {
    "type": "object",
    "required": ["body"],
    "additionalProperties": False,
    "properties": {"from": _TEXT, "body": _TEXT, "at": _MOMENT, "after_minutes": {"type": "integer", "minimum": 0}},
}
_CONVERSATION = {
    "type": "object",
    "required": ["subject"],
    "additionalProperties": False,
    "properties": {
        "organisation": _TEXT,
        "subject": {"type": "string"},
        "requester": {"anyOf": [_TEXT, _PERSON]},
        "status": {"type": "string"},
        "priority": {"type": "string"},
        "channel": {"type": "string"},
        "metadata": {"type": "object"},
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "messages": {"type": "array", "items": _MESSAGE},
    },
}
_WEIGHTS = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer", "minimum": 1}}
_TEMPLATES = {
    "type": "object",
    "required": ["count", "first_at", "minutes_between", "words", "templates"],
    "additionalProperties": False,
    "properties": {
        "count": {"type": "integer", "minimum": 1},
        "organisation": _TEXT,
        "first_at": _MOMENT,
        "minutes_between": {"type": "integer", "minimum": 1},
        "requesters": {"type": "array", "minItems": 1, "items": _TEXT},
        "words": {"type": "object", "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
        "status": _WEIGHTS,
        "priority": _WEIGHTS,
        "channel": _WEIGHTS,
        "templates": {"type": "array", "minItems": 1, "items": _CONVERSATION},
    },
}
_SCENARIO: Mapping[str, Any] = {
    "type": "object",
    "required": ["description", "organisations"],
    "additionalProperties": False,
    "properties": {
        "description": _TEXT,
        "organisations": {"type": "array", "minItems": 2, "uniqueItems": True, "items": _TEXT},
        "people": {"type": "array", "items": _PERSON},
        "conversations": {"type": "array", "items": _CONVERSATION},
        "generate": {"type": "array", "items": _TEMPLATES},
    },
}
_HEADER = {
    "type": "object",
    "required": ["organisations"],
    "additionalProperties": False,
    "properties": {name: _SCENARIO["properties"][name] for name in ("description", "organisations", "people")},
}
_EPOCH = "2026-02-02T08:00:00Z"
_EARLIEST = "0001-01-01T00:00:00Z"
_YAML = (".yaml", ".yml")
_JSON_LINES = (".jsonl", ".ndjson")

Dated = tuple[int, Mapping[str, Any]]
"""When a conversation was created, in microseconds since 1970, and what the file says of it."""

_created = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the mock starts with."""

    name: str
    source: str
    description: str
    organisations: tuple[str, ...]
    people: Mapping[str, Mapping[str, str]]
    _read: Callable[[], Iterator[Dated]] = field(repr=False)

    def conversations(self) -> Iterator[Dated]:
        """The conversations as the file has them, with when each was created, in the order of that.

        Raises AccordError at one that is not as it should be.
        """
        for index, (created, item) in enumerate(self._read(), 1):
            if "organisation" in item and item["organisation"] not in self.organisations:
                raise AccordError(f"The scenario {self.source} has conversation {index} in an unlisted organisation.", "List it.")
            yield created, item


def scenario_names() -> list[str]:
    """The scenarios that come with the mock."""
    return sorted(path.stem for path in FIXTURES_DIR.glob("*.yaml"))


def load_scenario(name: str) -> Scenario:
    """The scenario of that name, or in that file, if the name ends in .yaml or .jsonl.

    Raises AccordError if there is none, or if the file is not a scenario.
    """
    is_path = name.endswith((*_YAML, *_JSON_LINES))
    path = Path(name) if is_path else FIXTURES_DIR / f"{name}.yaml"
    if not path.is_file():
        raise AccordError(
            f"There is no scenario {name!r}.", f"Scenarios: {', '.join(scenario_names())}; or the path of a .yaml or .jsonl file."
        )
    return _from_lines(path) if name.endswith(_JSON_LINES) else _from_yaml(path)


def moment(text: str) -> int:
    """A time of a scenario, in microseconds since 1970. Raises AccordError for one that Python has no date for."""
    try:
        return to_microseconds(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise AccordError(f"The scenario has the time {text}, which is no date here: {error}.", f"Write it as {_EPOCH}.") from error


def _dated(item: Mapping[str, Any]) -> Dated:
    return moment(item.get("created_at", _EPOCH)), item


def _from_yaml(path: Path) -> Scenario:
    content = read_yaml(path, "scenario")
    for violation in Schema(_SCENARIO, _SCENARIO, {}).violations(content):
        raise AccordError(f"The scenario {path} is malformed at {violation.place}: {violation.message}", "Correct the file.")
    _check_is_json(content, path)
    written = sorted(map(_dated, content.get("conversations", ())), key=_created)
    templates = content.get("generate", ())

    def read() -> Iterator[Dated]:
        made = (
            generate(template, moment(template["first_at"]), random.Random(f"{path.stem}:{number}"), path)
            for number, template in enumerate(templates)
        )
        return heapq.merge(written, *made, key=_created)

    return _scenario(path, content, read)


def _from_lines(path: Path) -> Scenario:
    """JSON lines: conversations as a YAML scenario lists them. The first line may say, instead, what is said at the top of one."""
    empty = read_yaml(FIXTURES_DIR / "empty.yaml", "scenario")
    first = next(_lines(path), None)
    starts_with_header = isinstance(first, dict) and "organisations" in first
    header = {**empty, **first} if isinstance(first, dict) and starts_with_header else {**empty, "description": path.name}
    schema = Schema(_CONVERSATION, _CONVERSATION, {})

    def read() -> Iterator[Dated]:
        latest = moment(_EARLIEST)
        for number, item in enumerate(_lines(path), 1):
            if number == 1 and starts_with_header:
                continue
            _check_line(path, number, item, schema)
            dated = _dated(item)
            if dated[0] < latest:
                raise AccordError(f"The scenario {path}, line {number}, was created before the line above it.", "Sort the lines.")
            latest = dated[0]
            yield dated

    if starts_with_header:
        _check_line(path, 1, first, Schema(_HEADER, _HEADER, {}))
    return _scenario(path, header, read)


def _lines(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _value(path, number, line)
    except OSError as error:
        raise AccordError(f"The scenario {path} cannot be read: {error.strerror}.", "Check the path.") from error


def _value(path: Path, number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError as error:
        raise AccordError(f"The scenario {path}, line {number}, is not JSON: {error}.", "Correct the line.") from error


def _check_line(path: Path, number: int, item: Any, schema: Schema) -> None:
    for violation in schema.violations(item):
        raise AccordError(
            f"The scenario {path}, line {number}, is malformed at {violation.place}: {violation.message}", "Correct the line."
        )


def _scenario(path: Path, content: Mapping[str, Any], read: Callable[[], Iterator[Dated]]) -> Scenario:
    people = {person["email"]: person for person in content.get("people", ())}
    return Scenario(path.stem, str(path), content["description"], tuple(content["organisations"]), people, read)


def _check_is_json(content: Any, path: Path) -> None:
    try:
        orjson.dumps(content)
    except TypeError as error:
        raise AccordError(f"The scenario {path} holds a value that JSON does not have: {error}.", "Correct the file.") from error
