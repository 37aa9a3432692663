"""What is written to the report directory: all formats, as wholes, fit for the programs and people that read them."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from accord.base.errors import AccordError
from contract_tests.outcome.known import from_baseline
from contract_tests.outcome.run import Outcome, Run, Verdict
from contract_tests.reports import FORMATS, html, junit, report_json, summary_md, write_reports
from tests.reports import samples

RUNS = {
    "good": samples.good(),
    "imperfect": samples.imperfect(),
    "strict": samples.strict(),
    "all known": samples.known(),
    "some known": samples.known("create.priority-default"),
    "strict and known": replace(samples.strict(), known=from_baseline({"get.unknown-id-status"})),
    "marked": samples.marked(),
    "cut short": samples.cut_short(),
    "hostile": samples.hostile(),
    "under load": samples.under_load(),
    "empty": replace(samples.good(), results=(), choices={}),
}
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\u2066\ufffe\uffff\ud800-\udfff]")


@pytest.fixture(params=RUNS.values(), ids=RUNS.keys())
def run(request: pytest.FixtureRequest) -> Run:
    found: Run = request.param
    return found


class Page(HTMLParser):
    """What a browser would make of a page: its tags, what they refer to, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.open: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in ("meta", "link", "rect", "wbr"):
            self.open.append(tag)
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []
        self.references += [given[name] or "" for name in ("href", "src", "srcset", "action") if name in given]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} is closed out of order"

    def handle_data(self, data: str) -> None:
        self.text += data


def validated(run: Run) -> Any:
    document = json.loads(report_json.render(run))
    schema = json.loads(report_json.SCHEMA_FILE.read_text(encoding="utf-8"))
    faults = [f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(schema).iter_errors(document)]
    assert faults == []
    return document


# --- the files --------------------------------------------------------------------------------------------------------


def test_every_format_is_written_and_nothing_else(tmp_path: Path, run: Run) -> None:
    directory = tmp_path / "not" / "there yet"
    written = write_reports(run, directory)
    assert {"report.json", "junit.xml", "report.html", "summary.md", "checks.jsonl"} <= set(written) == set(FORMATS)
    assert sorted(directory.iterdir()) == sorted(written.values())
    assert all(CONTROL.search(path.read_text(encoding="utf-8")) is None for path in written.values())


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    write_reports(samples.imperfect(), tmp_path)
    written = write_reports(samples.good(), tmp_path)
    assert json.loads(written["report.json"].read_text())["verdict"] == "conformant"


def test_a_directory_that_cannot_be_written_is_a_mistake_that_names_its_option(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AccordError) as caught:
        write_reports(samples.good(), tmp_path / "file")
    assert "--report-dir" in caught.value.hint


@pytest.mark.parametrize("render", FORMATS.values(), ids=FORMATS.keys())
def test_a_key_that_a_server_repeats_is_never_whole(render: Any) -> None:
    key = "bnc_sv_4f9a27c1d0e84b5f9c1d"
    evidence = replace(
        samples.PRIORITY,
        summary=f"It says {key}.",
        actual=key,
        response=samples.response(200, {"detail": f"not {key}, is it?"}),
    )
    text = render(samples.run({"create.priority-default": (evidence, 1)}))
    assert key not in text
    assert "bnc_sv_…9c1d" in text


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("checks.jsonl", "traffic.har")])
def test_every_report_names_the_requirement_and_its_sentence(name: str) -> None:
    text = FORMATS[name](samples.imperfect())
    assert "create.priority-default" in text
    assert "Without a priority it is normal." in text


@pytest.mark.parametrize("name", ["junit.xml", "report.html", "summary.md"])
def test_a_body_of_a_mebibyte_is_cut_for_people_with_a_note(name: str) -> None:
    body = '{"body": "' + "x" * 1_048_576 + '"}'
    text = FORMATS[name](samples.hostile(body))
    assert len(text) < 120_000
    assert re.search(r"[\d,]+ characters left out; whole in report\.json\)", text) or name == "summary.md"


def test_a_body_of_a_mebibyte_is_kept_for_programs() -> None:
    body = "é" * 1_048_576
    document = validated(samples.hostile(body))
    bodies = [entry["request"]["body"] for result in document["requirements"] for entry in result["evidence"]]
    assert bodies == [body] * 3


# --- report.json ------------------------------------------------------------------------------------------------------


def test_json_is_what_its_schema_says(run: Run) -> None:
    document = validated(run)
    assert document["schema"] == "accord/report/1"
    assert document["verdict"] == run.verdict.value
    assert document["counts"] == run.counts


def test_its_schema_refuses_members_that_it_does_not_know() -> None:
    document = validated(samples.imperfect())
    validator = Draft202012Validator(json.loads(report_json.SCHEMA_FILE.read_text(encoding="utf-8")))
    for place in (document, document["run"], document["requirements"][0]):
        place["colour"] = "blue"
        assert not validator.is_valid(document)
        del place["colour"]
    assert validator.is_valid(document)


def test_json_keeps_hostile_text_as_it_is() -> None:
    document = validated(samples.hostile())
    evidence = next(result for result in document["requirements"] if result["id"] == "create.status")["evidence"][0]
    # A lone high and a lone low surrogate with a space between them must not become one character.
    assert evidence["summary"] == evidence["request"]["body"] == samples.HOSTILE


class Strict(dict[str, Any]):
    """An object as read by a strict JSON reader, which takes each name only once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        assert len({name for name, _ in pairs}) == len(pairs)
        super().__init__(pairs)


def test_json_can_be_read_anywhere() -> None:
    """It has nothing that only Python reads, such as NaN, numbers that others round or invalid UTF-8; tracebacks are kept."""
    (failed, *_) = [result for result in samples.imperfect().results if result.evidence]
    hostile = {"nan": math.nan, "infinite": -math.inf, "large": 2**53, "endless": 10**5000, "half": "\ud800", "bytes": b"\xff\x00"}
    evidence = replace(failed.evidence[0], response={"status": 200, "headers": {}, "body": hostile, "elapsed_ms": 1.0})
    run = replace(samples.good(), results=(replace(failed, evidence=(evidence,)),), tracebacks=("Traceback \ud800 \x1b[31m",))
    text = report_json.render(run)

    def refuse(name: str) -> None:
        raise AssertionError(name)

    document = json.loads(text.encode("utf-8"), parse_constant=refuse, object_pairs_hook=Strict)
    body = document["requirements"][0]["evidence"][0]["response"]["body"]
    assert (body["nan"], body["infinite"], body["large"]) == ("nan", "-inf", str(2**53))
    assert int(body["endless"], 16) == 10**5000
    assert document["run"]["tracebacks"] == ["Traceback \ud800 \x1b[31m"]
    assert "\x1b" not in text


def test_an_answer_that_never_came_may_say_why() -> None:
    evidence = replace(samples.PRIORITY, response={"status": None, "reason": "It timed out after 10 s."})
    run = samples.run({"create.priority-default": (evidence, 1)})
    validated(run)
    assert "no response: It timed out after 10 s." in html.render(run)


# --- junit.xml --------------------------------------------------------------------------------------------------------


def test_junit_has_a_case_for_each_requirement_by_area(run: Run) -> None:
    root = ET.fromstring(junit.render(run))
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    expected = [(f"accord.{name.partition('.')[0]}", name) for name in (r.requirement.id for r in run.results)]
    assert cases == expected + ([("accord.run", "run.whole")] if run.problems else [])


def test_junit_is_red_exactly_where_the_exit_code_is_not_0(run: Run) -> None:
    root = ET.fromstring(junit.render(run))
    red = sum(1 for tag in ("failure", "error") for _ in root.iter(tag))
    assert bool(red) == bool(run.exit_code)


def test_junit_is_not_red_for_a_should_that_is_undecided() -> None:
    run = samples.run(undecided={"get.unknown-id-status": "The server answered 429."})
    assert run.verdict is Verdict.CONFORMANT
    root = ET.fromstring(junit.render(run))
    assert root.get("errors") == root.get("failures") == "0"
    assert root.get("skipped") == "1"


def test_junit_counts_what_it_holds(run: Run) -> None:
    root = ET.fromstring(junit.render(run))
    for element in (root, *root):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.get(name, "")) == len(list(element.iter(tag)))


def test_junit_outcomes() -> None:
    root = ET.fromstring(junit.render(samples.imperfect()))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    failure = cases["create.priority-default"].find("failure")
    assert failure is not None
    assert failure.get("message", "").startswith("Without a priority it is normal.")
    assert "curl -sS -X POST" in (failure.text or "")
    assert cases["any.concurrent-creates"].find("error") is not None
    skipped = cases["auth.revoked-key"].find("skipped")
    assert skipped is not None
    assert "--revoked-key" in skipped.get("message", "")
    warned = cases["get.unknown-id-status"]
    assert [child.tag for child in warned] == ["system-out"]
    assert (warned[0].text or "").startswith("WARNED")


# --- report.html ------------------------------------------------------------------------------------------------------


def test_html_is_well_formed_and_refers_to_nothing_outside(run: Run) -> None:
    source = html.render(run)
    page = Page(source)
    assert page.open == []
    assert [link for link in page.references if not link.startswith(("#", "data:,"))] == []
    assert [link for link in page.references if link.startswith("#") and link[1:] not in page.ids] == []
    assert len(page.ids) == len(set(page.ids))
    assert "url(" not in source
    assert "@import" not in source
    assert page.tags["script"] == page.tags["style"] == 1


def test_html_shows_hostile_text_as_text() -> None:
    page = Page(html.render(samples.hostile()))
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}" in page.text
    assert "\\x1b[31m" in page.text


def test_html_begins_with_the_verdict_and_has_a_place_for_each_requirement() -> None:
    run = samples.imperfect()
    page = Page(html.render(run))
    assert {result.requirement.id for result in run.results} <= set(page.ids)
    places = [page.text.index(part) for part in ("Nonconformant\n", "tier.refused", "get.unknown-id-status")]
    assert places == sorted(places)
    assert page.tags["mark"] > 0
    assert "--other-server-key" in page.text


def test_html_of_a_good_run_is_short() -> None:
    page = Page(html.render(samples.good()))
    assert page.tags["article"] == 0
    assert "Failed" not in page.text


# --- summary.md -------------------------------------------------------------------------------------------------------


def test_summary_fits_a_job_summary(run: Run) -> None:
    text = summary_md.render(run)
    assert text.startswith("## ")
    assert len(text) < 20_000


def test_summary_of_many_failures_says_where_the_rest_is() -> None:
    every = dict.fromkeys((result.requirement.id for result in samples.good().results), (samples.PRIORITY, 1))
    run = samples.run(every)
    text = summary_md.render(run)
    assert "more failures, in report.html:" in text
    assert all(f"`{result.requirement.id}`" in text for result in run.told(Outcome.FAILED))
    assert len(text) < 60_000


def test_summary_keeps_hostile_text_from_being_markup() -> None:
    text = summary_md.render(samples.hostile())
    outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text, flags=re.DOTALL)
    assert re.search(r"(?<!\\)<(script|/pre|!--)", outside_code) is None
