"""Reading YAML files with the C loader; the pure-Python one would be most of the start-up time.

A file of a few lines can stand for billions of values, and a large one take all memory. So size, depth, and what aliases stand for
are bounded.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from accord.base.errors import AccordError
from mockserver.json_depth import depth

LARGEST_FILE = 8 * 1024 * 1024
"""Bytes. As Python objects a file takes fifty times as much."""

MOST_VALUES = 1_000_000
"""The most values that a file may have once its aliases are expanded."""

DEEPEST_NESTING = 100

_NO_CONSTRUCTOR = "could not determine a constructor for "
_ANCHOR = re.compile(r"(?:^|[\s,\[{:-])&\S", re.MULTILINE)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads only types that JSON has, and leaves dates as text."""


_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_KNOWN = (None, *(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "str", "seq", "map")))
_Loader.yaml_constructors = {tag: make for tag, make in _Loader.yaml_constructors.items() if tag in _KNOWN}


def read_yaml(path: Path, what: str, *, secret: bool = False) -> Any:
    """Return the value in the file.

    Raises AccordError, calling the file a `what`, if it cannot be read, is not YAML, or is too much.
    `secret` says that no message may quote what is in it.
    """
    text = _text(path, what)
    try:
        # Without an anchor there is no alias, and nearly no file has one.
        if _ANCHOR.search(text):
            _check_aliases(yaml.compose(text, Loader=_Loader), f"The {what} {path}")
        value = yaml.load(text, Loader=_Loader)
    except RecursionError:
        raise _too_deep(path, what) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}," if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        is_what = "is not YAML"
        if problem.startswith(_NO_CONSTRUCTOR):
            is_what, problem = "holds a value that JSON does not have", problem.removeprefix(_NO_CONSTRUCTOR)
        told = "what is there cannot be read" if secret else problem[:200]
        raise AccordError(f"The {what} {path}{where} {is_what}: {told}.", "Correct the file.") from (None if secret else error)
    if depth(value) > DEEPEST_NESTING:
        raise _too_deep(path, what)
    return value


def line_of(path: Path, what: str, steps: Sequence[str | int]) -> int:
    """Return the line, from 1, of the value to which names and list indexes lead, or of the nearest value that is there.

    The file is one that `read_yaml` read. Raises AccordError if it cannot be read any more.
    """
    node = yaml.compose(_text(path, what), Loader=_Loader)
    line = 1 if node is None else node.start_mark.line + 1
    for step in steps:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if getattr(key, "value", None) == str(step)]
            if not found:
                break
            line, node = found[-1][0].start_mark.line + 1, found[-1][1]
        else:
            break
    return line


def _text(path: Path, what: str) -> str:
    try:
        with path.open("rb") as reading:
            data = reading.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AccordError(f"The {what} {str(path)[:200]} cannot be read: {reason}.", "Check the path.") from error
    if len(data) > LARGEST_FILE:
        raise AccordError(
            f"The {what} {path} is longer than {LARGEST_FILE >> 20} MiB.",
            "Is it the right file? A scenario may have any size as JSON lines (.jsonl).",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AccordError(f"The {what} {path} is not UTF-8.", "Save it as UTF-8.") from error


def _too_deep(path: Path, what: str) -> AccordError:
    return AccordError(f"The {what} {path} has more than {DEEPEST_NESTING} levels within each other.", "Correct the file.")


def _check_aliases(root: Any, file: str) -> None:
    """Raise AccordError if a document has too many or endlessly many values once its aliases are expanded."""
    sizes: dict[int, int | None] = {}

    def size(node: Any) -> int:
        known = sizes.get(id(node), 0)
        if known is None:
            raise AccordError(
                f"{file} has an alias of something that it is in, at line {node.start_mark.line + 1}.", "Write it out."
            )
        if known:
            return known
        sizes[id(node)] = None
        found = 1
        if isinstance(node, yaml.SequenceNode):
            found += sum(map(size, node.value))
        elif isinstance(node, yaml.MappingNode):
            found += sum(size(key) + size(value) for key, value in node.value)
        sizes[id(node)] = found
        return found

    whole = 0 if root is None else size(root)
    if whole > MOST_VALUES and whole > len(sizes):
        raise AccordError(f"{file} stands for {whole:.0e} values by its aliases; it may for {MOST_VALUES}.", "Write it out.")


def version_of(path: Path) -> object:
    """Return a value that changes when the file is written or replaced; None if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
