"""product.yaml: what a vendor says of the product that is certified. It may come from anybody."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from accord.base.errors import AccordError
from contract_tests.contract.catalogue import Catalogue

SCHEMA_FILE = Path(__file__).with_name("product.schema.json")

LARGEST = 64 * 1024
"""Bytes of a product.yaml."""


_DEEPEST = 10
"""Levels of nesting of a product.yaml."""


class ProductError(Exception):
    """A product.yaml is not what its schema says. The text says where and why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Product:
    """A released version of a product.

    `unsupported` maps patterns of requirement ids to why the product has no such thing, and `attestations` are what the vendor says
    of things that no run can see: they are shown, and never counted.
    """

    vendor: str
    name: str
    version: str
    contact: str
    documentation: str
    unsupported: Mapping[str, str]
    attestations: tuple[str, ...]

    @property
    def title(self) -> str:
        """The vendor, the product and its version."""
        return f"{self.vendor} {self.name} {self.version}"

    def unsupported_in(self, catalogue: Catalogue) -> dict[str, str]:
        """Return the ids that are declared unsupported, with the reasons."""
        return {one.id: reason for one in catalogue for glob, reason in self.unsupported.items() if fnmatchcase(one.id, glob)}


def read(content: bytes) -> Product:
    """Return the product that a file describes. Raises ProductError where it describes none."""
    if len(content) > LARGEST:
        raise ProductError(f"It is larger than {LARGEST >> 10} KiB.")
    try:
        text = content.decode("utf-8")
        _check_plain(text)
        document: Any = _plain(yaml.load(text, Loader=yaml.CSafeLoader))
    except (UnicodeDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise ProductError("It is not YAML.") from error
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    errors = sorted(Draft202012Validator(schema).iter_errors(document), key=lambda one: list(map(str, one.absolute_path)))
    if errors:
        where = ".".join(map(str, errors[0].absolute_path))
        raise ProductError(f"{where or 'It as a whole'} is not as the schema says: {errors[0].message[:200]}.")
    return Product(
        document["vendor"],
        document["product"],
        document["version"],
        document["contact"],
        document["documentation"],
        {entry["requirement"]: entry["reason"] for entry in document.get("unsupported", ())},
        tuple(document.get("attestations", ())),
    )


def read_file(path: Path) -> tuple[Product, bytes]:
    """Return the product of a file, and the file. Raises AccordError, in one sentence, where it describes none."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        return read(content), content
    except OSError as error:
        raise AccordError(f"The product {path} cannot be read: {error.strerror}.", "Give the file with --product.") from error
    except ProductError as error:
        raise AccordError(f"The product {path} is malformed: {error}", "See docs/certification.md for what it holds.") from error


def _check_plain(text: str) -> None:
    """Raise ProductError for what costs more than it is long: an alias can stand for itself, or for more than any memory holds."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ProductError("It has aliases, which are not allowed in it.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise ProductError("It is nested more deeply than any product.yaml.")


def _plain(value: Any) -> Any:
    """The values of YAML with its dates as the texts that they were."""
    if isinstance(value, dict):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
