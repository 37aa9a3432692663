"""docs/contract.md: the contract as people read it, made from the three files under spec/.

`python -m contract_tests.reports.contract_page` writes it anew.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from accord.base.assets import OPENAPI, SPEC_DIR
from contract_tests.contract.catalogue import Catalogue, Requirement, load_catalogue
from contract_tests.reports.schema_text import limits_text, resolved, type_text

PAGE = SPEC_DIR.parent / "docs" / "contract.md"
COMMAND = "python -m contract_tests.reports.contract_page"

_METHODS = ("get", "post", "put", "patch", "delete")
_CHOICE = re.compile(r"choice\s+`(\w+)`")
_LEAD = re.compile(r"\*\*(.+?)\.\*\*\s+(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation or event of the document, with what the page says of it."""

    id: str
    method: str
    path: str
    entry: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]

    @property
    def keys(self) -> str:
        tiers = {role for choice in self.entry["security"] for roles in choice.values() for role in roles}
        return "server or client" if "client" in tiers else "server"

    @property
    def responses(self) -> dict[str, Mapping[str, Any]]:
        return {status: response for status, response in self.entry["responses"].items() if status.startswith("2")}

    @property
    def refusals(self) -> dict[str, Mapping[str, Any]]:
        return {status: response for status, response in self.entry["responses"].items() if not status.startswith("2")}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that several operations share."""

    status: str
    description: str
    operations: tuple[str, ...]


def render(document: Mapping[str, Any], catalogue: Catalogue) -> str:
    """The page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(linked=_linked, cell=_cell, type=type_text, limits=partial(limits_text, document), flat=_flat)
    operations = list(_operations(document, document["paths"]))
    page = environment.get_template("contract.md").render(
        command=COMMAND,
        info=document["info"],
        notes=_notes(document["info"]["description"]),
        operations=operations,
        refusals=_refusals(document, operations),
        events=list(_operations(document, document["webhooks"])),
        schemas=document["components"]["schemas"],
        security=document["components"]["securitySchemes"],
        resolved=partial(resolved, document),
        catalogue=catalogue,
        areas=_areas(catalogue),
    )
    return re.sub(r"\n{3,}", "\n\n", page)


def _operations(document: Mapping[str, Any], paths: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in paths.items():
        shared = item.get("parameters", [])
        for method in _METHODS:
            if method in item:
                entry = item[method]
                parameters = tuple(resolved(document, one) for one in (*shared, *entry.get("parameters", [])))
                yield Operation(entry["operationId"], method.upper(), path, entry, parameters)


def _refusals(document: Mapping[str, Any], operations: list[Operation]) -> list[Refusal]:
    found: dict[tuple[str, str], list[str]] = {}
    for operation in operations:
        for status, response in operation.refusals.items():
            found.setdefault((status, resolved(document, response)["description"]), []).append(operation.id)
    return [Refusal(status, text, tuple(names)) for (status, text), names in sorted(found.items())]


def _areas(catalogue: Catalogue) -> dict[str, list[Requirement]]:
    return {area: list(group) for area, group in groupby(catalogue, key=lambda item: item.id.partition(".")[0])}


def _notes(description: str) -> dict[str, str]:
    """The paragraphs of a text that begin with a bold heading, and what follows each, by heading."""
    notes: dict[str, str] = {"": ""}
    heading = ""
    for paragraph in description.strip().split("\n\n"):
        lead = _LEAD.match(paragraph)
        if lead:
            heading, paragraph = lead[1], lead[2]
        notes[heading] = f"{notes.get(heading, '')}\n\n{paragraph}".strip()
    return notes


def _linked(text: str) -> str:
    return _CHOICE.sub(r"choice [`\1`](#\1)", text.strip())


def _flat(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _linked(_flat(text)).replace("|", "\\|")


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(current(), encoding="utf-8")


def current() -> str:
    """The page as the files under spec/ have it now."""
    return render(yaml.load(OPENAPI.read_bytes(), Loader=yaml.CSafeLoader), load_catalogue())


if __name__ == "__main__":
    main()
