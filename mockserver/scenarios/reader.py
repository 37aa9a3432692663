"""Scenarios: what the mock starts with. Read from fixtures/NAME.yaml, or from a user's YAML or JSON-lines file.

As Python objects a scenario may be too large for memory, so its conversations are made or read one at a time.
"""

import hashlib
import heapq
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from accord.base.assets import FIXTURES_DIR
from accord.base.errors import AccordError
from mockserver.contract.schema import Schema
from mockserver.model.clock import to_microseconds
from mockserver.scenarios.generator import generate
from mockserver.yaml_files import read_yaml, version_of

_TEXT = {"type": "string", "minLength": 1}
_ANY_TEXT = {"type": "string"}
_ID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
_MOMENT = {"type": "string", "format": "date-time"}
_NAMES = {"first_name": _ANY_TEXT, "last_name": _ANY_TEXT}
_PERSON = {
    "type": "object",
    "required": ["email"],
    "additionalProperties": False,
    "properties": {"email": _ANY_TEXT, **_NAMES},
}
_FILED_PERSON = {
    **_PERSON,
    "properties": {"email": _ANY_TEXT, **_NAMES, "organisation": _TEXT, "filed_as": _ANY_TEXT, "anonymous": {"const": True}},
    "dependentRequired": {"filed_as": ["organisation"], "anonymous": ["organisation"]},
}
_ANONYMOUS = {
    "type": "object",
    "required": ["anonymous"],
    "additionalProperties": False,
    "properties": {"anonymous": {"const": True}, **_NAMES},
}
_MESSAGE = {
    "type": "object",
    "required": ["body"],
    "additionalProperties": False,
    "properties": {
        "id": _ID,
        "from": {"type": ["string", "null"]},
        "body": _ANY_TEXT,
        "message_type": _TEXT,
        "added": {"type": "object"},
        "at": _MOMENT,
        "after_minutes": {"type": "integer", "minimum": 0},
    },
}
_CONVERSATION = {
    "type": "object",
    "required": ["subject"],
    "additionalProperties": False,
    "properties": {
        "organisation": _TEXT,
        "id": _ID,
        "number": {"type": "integer", "minimum": 0},
        "subject": {"type": "string"},
        "requester": {"anyOf": [_ANY_TEXT, _PERSON, _ANONYMOUS]},
        "status": {"type": "string"},
        "priority": {"type": "string"},
        "channel": {"type": "string"},
        "metadata": {"type": "object"},
        "added": {"type": "object"},
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
        "people": {"type": "array", "items": _FILED_PERSON},
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
LONGEST_LINE = 8 * 1024 * 1024
"""Bytes of a line of JSON lines, which is a conversation."""

_EPOCH = "2026-02-02T08:00:00Z"
_EARLIEST = "0001-01-01T00:00:00Z"
_YAML = (".yaml", ".yml")
_JSON = (".json",)
_JSON_LINES = (".jsonl", ".ndjson")

Dated = tuple[int, Mapping[str, Any]]
"""When a conversation was created, in microseconds since 1970, and what the file says of it."""

_created = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the mock starts with.

    `people` are the users that conversations name, by address. `filed` are users that exist even without a conversation, with their
    organisation. `ids` is empty unless the file gives ids; then it differs from file to file.
    """

    name: str
    source: str
    description: str
    organisations: tuple[str, ...]
    people: Mapping[str, Mapping[str, str]]
    _read: Callable[[], Iterator[Dated]] = field(repr=False)
    filed: tuple[Mapping[str, Any], ...] = ()
    ids: str = ""
    _version: object = field(default=None, repr=False)

    def was_changed(self) -> bool:
        """Whether its file is another than was read, or is gone."""
        return version_of(Path(self.source)) != self._version

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
    """The scenario of that name, or in that file, if the name ends in .yaml, .json or .jsonl.

    Raises AccordError if there is none, or if the file is not a scenario.
    """
    is_path = name.endswith((*_YAML, *_JSON, *_JSON_LINES))
    path = Path(name) if is_path else FIXTURES_DIR / f"{name}.yaml"
    if not _is_file(path):
        raise AccordError(
            f"There is no scenario {name[:200]!r}.",
            f"Scenarios: {', '.join(scenario_names())}; or the path of a .yaml, .json or .jsonl file.",
        )
    if name.endswith(_JSON_LINES):
        return _from_lines(path)
    # Taken before the file is read, so that a write during the reading counts as a change.
    version = version_of(path)
    return _of_content(path, _json_of(path) if name.endswith(_JSON) else read_yaml(path, "scenario"), version)


def scenario_of(content: Any, name: str) -> Scenario:
    """Return the scenario in a JSON value, under that name. Raises AccordError if it is not a scenario."""
    return _of_content(Path(name), content, None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # No file can have such a name.


def moment(text: str) -> int:
    """A time of a scenario, in microseconds since 1970. Raises AccordError for one that Python has no date for."""
    try:
        return to_microseconds(datetime.fromisoformat(text).astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise AccordError(f"The scenario has the time {text}, which is no date here: {error}.", f"Write it as {_EPOCH}.") from error


def _dated(item: Mapping[str, Any]) -> Dated:
    return moment(item.get("created_at", _EPOCH)), item


def _json_of(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise AccordError(f"The scenario {path} cannot be read: {error.strerror}.", "Check the path.") from error
    except ValueError as error:
        raise AccordError(f"The scenario {path} is not JSON: {error}.", "Correct the file.") from error


def _of_content(path: Path, content: Any, version: object) -> Scenario:
    for violation in Schema(_SCENARIO, _SCENARIO, {}).violations(content):
        raise AccordError(f"The scenario {path} is malformed at {violation.place}: {violation.message}", "Correct the file.")
    _check_is_json(content, path)
    written = [*map(_dated, content.get("conversations", ()))]
    # If all have numbers, these set the order: times from the clocks of several machines may disagree with it.
    if not all("number" in item for _, item in written):
        written.sort(key=_created)
    templates = content.get("generate", ())

    def read() -> Iterator[Dated]:
        made = (
            generate(template, moment(template["first_at"]), random.Random(f"{path.stem}:{number}"), path)
            for number, template in enumerate(templates)
        )
        return heapq.merge(written, *made, key=_created)

    return _scenario(path, content, read, version)


def _from_lines(path: Path) -> Scenario:
    """Read JSON lines: conversations as in a YAML scenario. The first line may instead hold the members at the top of one."""
    version = version_of(path)
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
    return _scenario(path, header, read, version)


def _lines(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(LONGEST_LINE + 1), b""), 1):
                if len(line) > LONGEST_LINE:
                    raise AccordError(
                        f"The scenario {path}, line {number}, is longer than {LONGEST_LINE >> 20} MiB.", "Is it one conversation?"
                    )
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


def _scenario(path: Path, content: Mapping[str, Any], read: Callable[[], Iterator[Dated]], version: object) -> Scenario:
    people = {person["email"]: person for person in content.get("people", ()) if "organisation" not in person}
    filed = tuple(person for person in content.get("people", ()) if "organisation" in person)
    for person in filed:
        if person["organisation"] not in content["organisations"]:
            raise AccordError(f"The scenario {path} has {person['email']!r} in an unlisted organisation.", "List it.")
    has_ids = any("id" in item for item in content.get("conversations", ()))
    ids = hashlib.sha256(orjson.dumps(content)).hexdigest() if has_ids else ""
    organisations = tuple(content["organisations"])
    return Scenario(path.stem, str(path), content["description"], organisations, people, read, filed, ids, version)


def _check_is_json(content: Any, path: Path) -> None:
    try:
        orjson.dumps(content)
    except TypeError as error:
        raise AccordError(f"The scenario {path} holds a value that JSON does not have: {error}.", "Correct the file.") from error
