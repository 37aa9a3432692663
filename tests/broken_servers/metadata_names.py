"""Servers that change the names of metadata's members, or what they mean."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from broken_servers.create_metadata import deep, metadata
from broken_servers.registry import Difficulty, defect
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty
KEPT = "create.metadata-kept"


def named(change: Callable[[str], str]) -> WsgiApp:
    """A server that calls the members of metadata, at any depth, something else."""
    return metadata(lambda given: deep(given, lambda value: {change(name): item for name, item in value.items()}))


@defect("metadata-names-composed", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Names in metadata are normalised (NFC), and two that look alike become one."""
    return named(lambda name: unicodedata.normalize("NFC", name))


@defect("metadata-names-of-ascii-only", KEPT, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Members of metadata are dropped whose names hold anything but letters, digits and what Python calls a word."""
    return metadata(lambda given: {name: value for name, value in given.items() if re.fullmatch(r"[\w -]*", name, re.ASCII)})


@defect("metadata-dots-renamed", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Dots in the names of metadata become underscores, since the store reads them as paths."""
    return named(lambda name: name.replace(".", "_"))


@defect("metadata-dotted-names-dropped", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Members of metadata whose names have a dot are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if "." not in name})


@defect("metadata-dollars-renamed", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """A dollar at the beginning of a name in metadata becomes a wide one, as one store recommends."""
    return named(lambda name: f"\uff04{name[1:]}" if name.startswith("$") else name)


@defect("metadata-names-trimmed", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """White space around the names of metadata is taken off."""
    return named(str.strip)


@defect("metadata-names-without-spaces", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Spaces in the names of metadata become underscores."""
    return named(lambda name: name.replace(" ", "_"))


@defect("metadata-names-in-camel-case", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Names in metadata come back in camel case: snake_case becomes snakeCase, as in all other objects of the program."""
    return named(lambda name: re.sub(r"_([a-z])", lambda match: match[1].upper(), name))


@defect("metadata-names-in-underscores", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Names in metadata come back in snake case: camelCase becomes camel_case."""
    return named(lambda name: re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"_{match[1].lower()}", name))


@defect("metadata-nested-names-lowered", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Names in objects within metadata come back in lower case; those at its top as they were."""

    def lowered(value: dict[str, Any]) -> dict[str, Any]:
        return {name.lower(): item for name, item in value.items()}

    return metadata(lambda given: {name: deep(value, lowered) for name, value in given.items()})


@defect("metadata-names-differ-in-more-than-case", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Of members of metadata whose names differ only in case, the last is kept."""

    def one_of_each(given: dict[str, Any]) -> dict[str, Any]:
        last = {name.lower(): name for name in given}
        return {name: value for name, value in given.items() if last[name.lower()] == name}

    return metadata(one_of_each)


@defect("metadata-names-of-40", KEPT, "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """Names in metadata are cut after 40 characters, as with one payment service."""
    return named(lambda name: name[:40])


@defect("metadata-digits-make-a-list", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """An object within metadata whose names are 0, 1, 2 and so on comes back as a list, as PHP has it."""

    def listed(value: dict[str, Any]) -> Any:
        return [*value.values()] if value and [*value] == [str(at) for at in range(len(value))] else value

    return metadata(lambda given: {name: deep(value, listed) for name, value in given.items()})


@defect("metadata-names-without-leading-zeros", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Names of digits in metadata are numbers: 007 comes back as 7."""
    return named(lambda name: str(int(name)) if name.isascii() and name.isdigit() else name)


@defect("metadata-secret-names-masked", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Values whose names sound like secrets are masked: what a filter does for logs was done for answers."""

    def masked(value: dict[str, Any]) -> dict[str, Any]:
        secret = re.compile("password|secret|token|phone", re.IGNORECASE)
        return {name: "***" if secret.search(name) and isinstance(item, str) else item for name, item in value.items()}

    return metadata(lambda given: deep(given, masked))
