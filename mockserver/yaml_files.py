"""Reading YAML files with the C loader; the pure-Python one would be most of the start-up time."""

from pathlib import Path
from typing import Any

import yaml

from accord.errors import AccordError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads dates as the text that they are in JSON."""


_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path, what: str) -> Any:
    """The value in the file. Raises AccordError, calling the file a `what`, if it cannot be read or is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AccordError(f"The {what} {path} cannot be read: {error.strerror}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise AccordError(f"The {what} {path} is not UTF-8.", "Save it as UTF-8.") from error
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise AccordError(f"The {what} {path}{where} is not YAML: {problem}.", "Correct the file.") from error
