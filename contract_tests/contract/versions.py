"""The versions of the catalogue, as the suite reads them from spec/versions.yaml, and what one brought that another had not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from accord.base.assets import VERSIONS
from accord.base.errors import AccordError
from contract_tests.contract.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its date (`2026-11-29`), what it brought, and, by requirement, what it changed and how it checks more."""

    number: int
    date: str
    text: str
    changed: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new from one version to another: ids of added requirements, and sentences about others by their ids."""

    added: tuple[str, ...]
    changed: Mapping[str, tuple[str, ...]]
    checks: Mapping[str, tuple[str, ...]]


@cache
def load_versions(path: Path = VERSIONS) -> tuple[Version, ...]:
    """Read the versions, oldest first. Raises AccordError for a file that cannot be read, or is not what its head describes."""
    try:
        document = yaml.safe_load(path.read_bytes())
        versions = tuple(_version(number, entry) for number, entry in document.items())
    except OSError as error:
        raise AccordError(f"The versions {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, AttributeError, TypeError, KeyError) as error:
        raise AccordError(f"The versions {path} are malformed: {error}.") from error
    if [version.number for version in versions] != list(range(1, len(versions) + 1)):
        raise AccordError(f"The versions {path} are not numbered from 1 on.")
    return versions


def _version(number: int, entry: Mapping[str, Any]) -> Version:
    return Version(number, **{**entry, "date": str(entry["date"])})


def newest() -> int:
    """Return the number of the newest version."""
    return load_versions()[-1].number


def version_named(text: str) -> int:
    """Return the number of a version that is named on the command line. Raises AccordError where there is none of that name."""
    known = [version.number for version in load_versions()]
    if not text.isascii() or not text.isdigit() or int(text) not in known:
        raise AccordError(
            f"There is no version {text!r} of the catalogue.",
            f"Versions are 1 to {known[-1]}; `accord requirements` tells of each.",
        )
    return int(text)


def range_named(text: str) -> tuple[int, int]:
    """Return the two versions of `A..B`, the earlier first. Raises AccordError for anything else."""
    first, separator, last = text.partition("..")
    if not separator:
        raise AccordError(
            f"{text!r} is no range of versions.", "Write two versions of the catalogue with two dots between, as 1..2."
        )
    older, newer = version_named(first), version_named(last)
    if older > newer:
        raise AccordError(f"Version {older} is newer than {newer}.", f"Write {newer}..{older}.")
    return older, newer


def changes(catalogue: Catalogue, older: int, newer: int) -> Changes:
    """Return what changed in the versions after `older`, up to and including `newer`."""
    between = [version for version in load_versions() if older < version.number <= newer]
    return Changes(
        tuple(requirement.id for requirement in catalogue if older < requirement.since <= newer),
        _together(version.changed for version in between),
        _together(version.checks for version in between),
    )


def _together(sentences: Iterator[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for mapping in sentences:
        for requirement_id, text in mapping.items():
            found[requirement_id] = (*found.get(requirement_id, ()), text)
    return found
