"""The catalogue is what its schemas say, and everything that it refers to exists."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from accord.base.assets import CHOICES, OPENAPI, REQUIREMENTS, SPEC_DIR
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.citations import coverage

AREAS = ["auth", "tier", "origin", "isolation", "create", "list", "get", "messages", "resolve", "webhook", "any"]


def load(path: Path) -> dict[str, Any]:
    document = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def requirements() -> dict[str, Any]:
    return load(REQUIREMENTS)


@pytest.fixture(scope="module")
def choices() -> dict[str, Any]:
    return load(CHOICES)


@pytest.fixture(scope="module")
def operations() -> set[str]:
    paths = load(OPENAPI)["paths"].values()
    return {entry["operationId"] for item in paths for entry in item.values() if "operationId" in entry} | {"any"}


@pytest.mark.parametrize("path", [REQUIREMENTS, CHOICES], ids=lambda path: path.name)
def test_is_what_its_schema_says(path: Path) -> None:
    schema = json.loads((SPEC_DIR / f"{path.stem}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    faults = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(load(path))]
    assert faults == []


@pytest.mark.parametrize("name", ["requirements", "choices"])
def test_its_schema_refuses_what_it_does_not_know(name: str) -> None:
    schema = json.loads((SPEC_DIR / f"{name}.schema.json").read_text(encoding="utf-8"))
    document = load(SPEC_DIR / f"{name}.yaml")
    first = next(iter(document))
    document[first] = {**document[first], "colour": "blue"}
    assert not Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize("path", [REQUIREMENTS, CHOICES], ids=lambda path: path.name)
def test_no_entry_is_written_twice(path: Path) -> None:
    written = [line.split(":")[0] for line in path.read_text(encoding="utf-8").splitlines() if line[:1].isalpha()]
    assert len(written) == len(set(written)) == len(load(path))


def test_requirements_are_sorted_by_area(requirements: dict[str, Any]) -> None:
    assert [area for area, _ in groupby(requirements, key=lambda name: name.split(".")[0])] == AREAS


def test_every_operation_is_one_of_the_document(
    requirements: dict[str, Any], choices: dict[str, Any], operations: set[str]
) -> None:
    named = {name: entry["operation"] for name, entry in {**requirements, **choices}.items()}
    assert {name: operation for name, operation in named.items() if operation not in operations} == {}


def test_what_a_requirement_presupposes_exists_and_stands_by_itself(requirements: dict[str, Any]) -> None:
    for name, entry in requirements.items():
        for cause in entry.get("after", []):
            assert cause in requirements, f"{name} presupposes {cause}, which is not in the catalogue"
            assert cause != name
            # Otherwise two failures could each be called the consequence of the other, and neither be reported.
            assert name not in requirements[cause].get("after", [])


def test_no_must_presupposes_a_should(requirements: dict[str, Any]) -> None:
    # A server that breaks both would be inconclusive and not nonconformant.
    for name, entry in requirements.items():
        if entry["level"] == "MUST":
            assert [cause for cause in entry.get("after", []) if requirements[cause]["level"] == "SHOULD"] == [], name


def test_every_default_is_one_of_the_options(choices: dict[str, Any]) -> None:
    assert {name: entry["default"] for name, entry in choices.items() if entry["default"] not in entry["options"]} == {}


def test_no_two_requirements_say_the_same_of_the_same_operation(requirements: dict[str, Any]) -> None:
    said = [(entry["operation"], entry["text"]) for entry in requirements.values()]
    assert len(said) == len(set(said))


def test_every_requirement_is_cited_by_a_shipped_test_and_no_other_is() -> None:
    found = coverage(load_catalogue())
    assert found.uncovered == ()
    assert [f"{citation} cites {citation.requirement}" for citation in found.unknown] == []


def test_every_choice_that_the_document_mentions_exists(choices: dict[str, Any]) -> None:
    text = OPENAPI.read_text(encoding="utf-8")
    mentioned = set()
    for part in text.replace("\n", " ").split("choice `")[1:]:
        mentioned.add(part.split("`")[0])
    assert mentioned - set(choices) == set()
