"""Servers that change the names of metadata's members, or what they mean."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.create.metadata import deep, metadata
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
KEPT = "create.metadata-kept"


def named(change: Callable[[str], str]) -> WsgiApp:
    """A server that calls the members of metadata, at any depth, something else."""
    return metadata(lambda given: deep(given, lambda value: {change(name): item for name, item in value.items()}))


@defect(KEPT, difficulty=RARE)
def metadata_names_composed() -> WsgiApp:
    """Names in metadata are normalised (NFC), and two that look alike become one."""
    return named(lambda name: unicodedata.normalize("NFC", name))


@defect(KEPT, difficulty=MEDIUM)
def metadata_names_of_ascii_only() -> WsgiApp:
    """Members of metadata are dropped whose names hold anything but letters, digits and what Python calls a word."""
    return metadata(lambda given: {name: value for name, value in given.items() if re.fullmatch(r"[\w -]*", name, re.ASCII)})


@defect(KEPT, difficulty=RARE)
def metadata_dots_renamed() -> WsgiApp:
    """Dots in the names of metadata become underscores, since the store reads them as paths."""
    return named(lambda name: name.replace(".", "_"))


@defect(KEPT, difficulty=RARE)
def metadata_dotted_names_dropped() -> WsgiApp:
    """Members of metadata whose names have a dot are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if "." not in name})


@defect(KEPT, difficulty=RARE)
def metadata_dollars_renamed() -> WsgiApp:
    """A dollar at the beginning of a name in metadata becomes a wide one, as one store recommends."""
    return named(lambda name: f"\uff04{name[1:]}" if name.startswith("$") else name)


@defect(KEPT, difficulty=RARE)
def metadata_names_trimmed() -> WsgiApp:
    """White space around the names of metadata is taken off."""
    return named(str.strip)


@defect(KEPT, difficulty=RARE)
def metadata_names_without_spaces() -> WsgiApp:
    """Spaces in the names of metadata become underscores."""
    return named(lambda name: name.replace(" ", "_"))


@defect(KEPT, difficulty=RARE)
def metadata_names_in_camel_case() -> WsgiApp:
    """Names in metadata come back in camel case: snake_case becomes snakeCase, as in all other objects of the program."""
    return named(lambda name: re.sub(r"_([a-z])", lambda match: match[1].upper(), name))


@defect(KEPT, difficulty=RARE)
def metadata_names_in_underscores() -> WsgiApp:
    """Names in metadata come back in snake case: camelCase becomes camel_case."""
    return named(lambda name: re.sub(r"(?<=[a-z])([A-Z])", lambda match: f"_{match[1].lower()}", name))


@defect(KEPT, difficulty=RARE)
def metadata_nested_names_lowered() -> WsgiApp:
    """Names in objects within metadata come back in lower case; those at its top as they were."""

    def lowered(value: dict[str, Any]) -> dict[str, Any]:
        return {name.lower(): item for name, item in value.items()}

    return metadata(lambda given: {name: deep(value, lowered) for name, value in given.items()})


@defect(KEPT, difficulty=RARE)
def metadata_names_differ_in_more_than_case() -> WsgiApp:
    """Of members of metadata whose names differ only in case, the last is kept."""

    def one_of_each(given: dict[str, Any]) -> dict[str, Any]:
        last = {name.lower(): name for name in given}
        return {name: value for name, value in given.items() if last[name.lower()] == name}

    return metadata(one_of_each)


@defect(KEPT, "create.whole-or-refused", difficulty=RARE)
def metadata_names_of_40() -> WsgiApp:
    """Names in metadata are cut after 40 characters, as with one payment service."""
    return named(lambda name: name[:40])


@defect(KEPT, difficulty=RARE)
def metadata_digits_make_a_list() -> WsgiApp:
    """An object within metadata whose names are 0, 1, 2 and so on comes back as a list, as PHP has it."""

    def listed(value: dict[str, Any]) -> Any:
        return [*value.values()] if value and [*value] == [str(at) for at in range(len(value))] else value

    return metadata(lambda given: {name: deep(value, listed) for name, value in given.items()})


@defect(KEPT, difficulty=RARE)
def metadata_names_without_leading_zeros() -> WsgiApp:
    """Names of digits in metadata are numbers: 007 comes back as 7."""
    return named(lambda name: str(int(name)) if name.isascii() and name.isdigit() else name)


@defect(KEPT, difficulty=RARE)
def metadata_secret_names_masked() -> WsgiApp:
    """Values whose names sound like secrets are masked: what a filter does for logs was done for answers."""

    def masked(value: dict[str, Any]) -> dict[str, Any]:
        secret = re.compile("password|secret|token|phone", re.IGNORECASE)
        return {name: "***" if secret.search(name) and isinstance(item, str) else item for name, item in value.items()}

    return metadata(lambda given: deep(given, masked))
