"""The catalogue has versions: what was added or changed since one was closed is listed, so that a run can be pinned to it."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from accord.base.assets import SPEC_DIR, VERSIONS
from accord.base.errors import AccordError
from accord.cli import run
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.citations import Citation, coverage
from contract_tests.contract.versions import changes, load_versions, newest, range_named, version_named
from tests.spec.locking import cited, closed, digest

CATALOGUE = load_catalogue()


def test_versions_are_what_their_schema_says() -> None:
    schema = json.loads((SPEC_DIR / "versions.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    document = {str(number): entry | {"date": str(entry["date"])} for number, entry in yaml.safe_load(VERSIONS.read_text()).items()}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
    assert not validator.is_valid({"1": document["1"] | {"colour": "blue"}})


def test_every_version_tells_of_earlier_requirements_only() -> None:
    for version in load_versions():
        for requirement_id in (*version.changed, *version.checks):
            assert CATALOGUE[requirement_id].since < version.number, requirement_id


def test_every_requirement_came_with_a_version() -> None:
    assert {requirement.since for requirement in CATALOGUE} <= {version.number for version in load_versions()}


def test_what_was_added_since_the_closed_version_says_so() -> None:
    lock = closed()
    untold = [item.id for item in CATALOGUE if item.id not in lock["requirements"] and item.since <= lock["version"]]
    assert untold == [], (
        "Write the newest version as their `since` in spec/requirements.yaml; where it is closed, add one to versions.yaml"
    )


def test_what_was_changed_since_the_closed_version_is_told() -> None:
    lock = closed()
    told = changes(CATALOGUE, lock["version"], newest()).changed
    changed = {item.id for item in CATALOGUE if lock["requirements"].get(item.id, digest(item)) != digest(item)}
    assert changed == set(told), "Say what changed under `changed` of the newest version in spec/versions.yaml"


def test_what_tests_check_since_the_closed_version_says_so() -> None:
    lock = closed()
    new = [one for one in cited() if one.requirement not in lock["tests"].get(one.test, ())]
    unmarked = [f"{one}: {one.test} checks {one.requirement}" for one in new if not _is_newer(one, lock["version"])]
    assert unmarked == [], (
        "These tests look at requirements in ways that the closed version of the catalogue has not. Mark each with"
        " @pytest.mark.since(N), N being the newest version in spec/versions.yaml, or with @pytest.mark.since(N, ID) where only"
        " what it checks of one requirement is new; and say under `checks` of that version what is new. A test that was only moved"
        " or renamed is moved or renamed in tests/spec/closed_version.json."
    )


def _is_newer(citation: Citation, version: int) -> bool:
    return max(citation.since, CATALOGUE[citation.requirement].since) > version


def test_what_tests_check_in_further_ways_is_told() -> None:
    lock = closed()
    told = changes(CATALOGUE, lock["version"], newest()).checks
    newer = {one.requirement for one in cited() if one.since > lock["version"] >= CATALOGUE[one.requirement].since}
    assert newer - set(told) == set(), "Say what is new under `checks` of the newest version in spec/versions.yaml"


def test_a_mark_names_a_version() -> None:
    assert {one.since for one in cited()} <= {version.number for version in load_versions()}


def test_a_new_citation_without_a_mark_is_found(tmp_path: Path) -> None:
    (tmp_path / "test_new.py").write_text(
        "import pytest\n\n"
        "@pytest.mark.since(2, 'get.answer')\n@pytest.mark.requirements('get.answer', 'create.status')\ndef test_a(): pass\n\n"
        "@pytest.mark.since(2)\n@pytest.mark.requirements('get.answer')\ndef test_b(): pass\n"
    )
    found = {(one.test, name): one.since for name, some in coverage(CATALOGUE, tmp_path).cited.items() for one in some}
    assert found == {
        ("test_new.py::test_a", "get.answer"): 2,
        ("test_new.py::test_a", "create.status"): 1,
        ("test_new.py::test_b", "get.answer"): 2,
    }


def test_ids_stay_for_good() -> None:
    assert set(closed()["requirements"]) - set(CATALOGUE.requirements) == set()


def test_the_changelog_has_what_the_versions_say() -> None:
    changelog = (SPEC_DIR.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    for version in load_versions():
        assert f"Version {version.number} of the catalogue ({version.date}): {version.text}" in " ".join(changelog.split())
        new = changes(CATALOGUE, version.number - 1, version.number)
        named = [*new.changed, *new.checks, *(new.added if version.number > 1 else ())]
        assert [name for name in named if f"`{name}`" not in changelog] == []


@pytest.mark.parametrize("text", ["0", "99", "x", "1.0", "-1", "²", ""])
def test_a_version_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AccordError, match="There is no version"):
        version_named(text)


@pytest.mark.parametrize("text", ["1", "1-2", "2..1", "1..", "..2"])
def test_a_range_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AccordError):
        range_named(text)


def test_the_command_tells_what_is_new(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["requirements", "--changes", "1..2", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [*told["added"]] == [item.id for item in CATALOGUE if item.since == 2]
    assert [*told["changed"]] == ["any.no-server-error"]
    assert run(["requirements", "--changes", "1..2"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Version 2 of the catalogue (2026-11-29): ")
    assert "\n  auth.cookies: A valid key is accepted" in text
    assert run(["requirements", "--changes", "2..2"]) == 0
    assert capsys.readouterr().out == "Nothing changed.\n"
