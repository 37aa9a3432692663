"""The requirements of the catalogue, as far as whoever names one needs them: level and text."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from accord.base.assets import REQUIREMENTS
from accord.base.errors import AccordError
from mockserver.yaml_files import read_yaml


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement. `level` is MUST or SHOULD."""

    id: str
    level: str
    text: str


@cache
def requirements(path: Path = REQUIREMENTS) -> Mapping[str, Requirement]:
    """All requirements by id. Raises AccordError if the file cannot be read."""
    entries = read_yaml(path, "catalogue of requirements")
    try:
        return {id: Requirement(id, entry["level"], entry["text"]) for id, entry in entries.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise AccordError(f"The catalogue {path} is malformed: {error}.", "Each entry needs a level and a text.") from error
