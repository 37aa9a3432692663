"""The catalogue of requirements and of open points, as the suite reads it from spec/requirements.yaml and spec/choices.yaml."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from accord.base.assets import CHOICES, REQUIREMENTS
from accord.base.errors import AccordError


class Level(StrEnum):
    """How binding a requirement is, in the words of RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One checkable statement. `exercise` is how often a run must have exercised it, `since` the version that added it; the rest as
    in the head of the file.
    """

    id: str
    level: Level
    source: str
    operation: str
    text: str
    exercise: int
    since: int
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One point left open: option names with their meanings, and why it is open.

    `hidden_by` maps other choices to the options under which this one cannot be observed; `needs` is what observing it requires
    besides a server and its keys.
    """

    name: str
    operation: str
    question: str
    options: Mapping[str, str]
    default: str
    why: str
    observed: str
    hidden_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    needs: str = ""

    def hidden(self, taken: Mapping[str, str]) -> bool:
        """Return whether it cannot be observed, with nothing but keys, on a server that takes these options."""
        return bool(self.needs) or any(taken.get(name) in options for name, options in self.hidden_by.items())


@dataclass(frozen=True)
class Catalogue:
    """All requirements by id and all choices by name, in the order of the files."""

    requirements: Mapping[str, Requirement]
    choices: Mapping[str, Choice]
    requirements_sha256: str

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.requirements.values())

    def __getitem__(self, requirement_id: str) -> Requirement:
        return self.requirements[requirement_id]


@cache
def load_catalogue(requirements: Path = REQUIREMENTS, choices: Path = CHOICES) -> Catalogue:
    """Read the catalogue. Raises AccordError for a file that cannot be read or has an entry that is not what its head describes."""
    source = _read(requirements)
    return Catalogue(
        {name: _requirement(name, entry) for name, entry in _parse(source, requirements).items()},
        {name: _choice(name, entry) for name, entry in _parse(_read(choices), choices).items()},
        hashlib.sha256(source).hexdigest(),
    )


def _requirement(name: str, entry: dict[str, Any]) -> Requirement:
    try:
        lists = {key: tuple(entry.get(key, ())) for key in ("needs", "after")}
        return Requirement(name, **{**entry, "level": Level(entry["level"]), **lists})
    except (TypeError, KeyError, ValueError) as error:
        raise AccordError(f"The requirement {name} of the catalogue is malformed: {error}.") from error


def _choice(name: str, entry: dict[str, Any]) -> Choice:
    try:
        return Choice(name, **entry)
    except TypeError as error:
        raise AccordError(f"The choice {name} of the catalogue is malformed: {error}.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AccordError(f"The catalogue {path} cannot be read: {error.strerror}.") from error


def _parse(source: bytes, path: Path) -> dict[str, dict[str, Any]]:
    try:
        document = yaml.load(source, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise AccordError(f"The catalogue {path} is not YAML: {error}.") from error
    if not isinstance(document, dict):
        raise AccordError(f"The catalogue {path} does not hold entries by name.")
    return document
