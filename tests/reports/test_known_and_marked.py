"""What every file says of the failures that the baseline knows, and of the value that is wrong in a response."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from contract_tests.outcome.known import from_baseline
from contract_tests.outcome.run import Outcome, Standing, Verdict
from contract_tests.reports import html, junit, report_json, summary_md
from contract_tests.reports.excerpt import in_a_line, in_lines
from contract_tests.reports.wording import kill_score
from contract_tests.run.runner import KILL_SCORE
from tests.reports import samples

KNOWN = ["create.priority-default", "get.unknown-id-status", "tier.refused", "list.partition"]


# --- the baseline -----------------------------------------------------------------------------------------------------


def test_the_verdict_stays_and_the_exit_code_follows_what_is_known() -> None:
    run = samples.known()
    assert run.verdict is Verdict.NONCONFORMANT
    assert run.exit_code == 0
    assert samples.known("tier.refused").exit_code == 1
    assert samples.run(samples.BROKEN, known=run.known, problems=("It went away.",)).exit_code == 3


def test_what_follows_from_a_known_failure_is_known_too() -> None:
    run = samples.known("list.offset")
    (follows,) = run.told(Outcome.INCONCLUSIVE, Standing.KNOWN)
    assert follows.requirement.id == "list.offset"
    assert run.exit_code == 0
    undecided = samples.run(samples.BROKEN, {}, {"any.durable": "It answered 429."}, known=run.known)
    assert undecided.exit_code == 3


def test_json_says_of_each_requirement_where_it_stands() -> None:
    document = json.loads(report_json.render(samples.known("tier.refused")))
    standing = {entry["id"]: entry.get("standing") for entry in document["requirements"]}
    assert standing["create.priority-default"] == standing["list.offset"] == standing["get.unknown-id-status"] == "known"
    assert standing["tier.refused"] is None
    # The baseline has it as a failure, but it passes now, so it has no standing.
    assert standing["create.opens"] is None
    outcome = {entry["id"]: entry["outcome"] for entry in document["requirements"]}
    assert (outcome["create.priority-default"], document["verdict"]) == ("failed", "nonconformant")


def test_junit_shows_what_is_known_as_skipped_and_says_what_was_found() -> None:
    cases = {case.get("name"): case for case in ET.fromstring(junit.render(samples.known())).iter("testcase")}
    for name in KNOWN:
        assert [child.tag for child in cases[name]] == ["skipped", "system-out"]
        assert cases[name][0].get("message", "").startswith("Known by the baseline. ")
        assert "curl" in (cases[name][1].text or "")


def test_summary_says_why_the_exit_code_is_not_that_of_the_verdict() -> None:
    text = summary_md.render(samples.known())
    assert text.startswith("## ❌ Nonconformant\n")
    assert "all of them known by the baseline. Exit code 0: the baseline knows every failure.\n" in text
    assert "### Failed" not in text
    known = text[text.index("### Known by the baseline") :]
    assert all(f"- `{name}`: " in known for name in KNOWN)
    assert "Fixed since the baseline: `create.opens`." in text


def test_summary_tells_new_failures_in_full_and_known_ones_in_short() -> None:
    text = summary_md.render(samples.known("create.priority-default"))
    failed = text[text.index("### Failed") : text.index("### Known by the baseline")]
    assert re.findall(r"^\*\*`(.+?)`\*\*", failed, re.MULTILINE) == ["create.priority-default"]


def test_html_says_what_is_known() -> None:
    page = html.render(samples.known("tier.refused"))
    assert page.count('<span class="known">known by the baseline</span>') == len(samples.BROKEN) - 1
    assert "Exit code 1." in page
    # New failures come first.
    assert page.index('id="tier.refused"') < page.index('id="create.priority-default"')
    assert "Exit code 0: the baseline knows every failure." in html.render(samples.known())
    assert '<span class="known">' not in html.render(samples.imperfect())


# --- the wrong value --------------------------------------------------------------------------------------------------


def test_html_marks_the_wrong_member_and_the_wrong_header() -> None:
    page = html.render(samples.marked())
    assert "&#34;priority&#34;: <mark>&#34;low&#34;</mark>" in page
    assert "<details open><summary>3 headers</summary><pre><mark>Content-Type: application/json</mark>" in page
    assert '<dd class="where"><code>/priority</code></dd>' in page


def test_html_shows_what_surrounds_the_wrong_member_at_once_and_the_rest_on_demand() -> None:
    page = html.render(samples.run({"list.answer": (samples.in_a_list(), 1)}))
    at_once, on_demand = page[page.index("<h5>Came back</h5>") :].split("<details><summary>More of the body", 1)
    assert at_once.count("<mark>&#34;solved&#34;</mark>") == on_demand.count("<mark>&#34;solved&#34;</mark>") == 1
    assert at_once.count("\n") < 40
    assert "lines left out; whole in report.json)" in at_once


def test_json_says_which_part_of_the_body_is_wrong() -> None:
    document = json.loads(report_json.render(samples.marked()))
    evidence = {entry["id"]: entry["evidence"][0] for entry in document["requirements"] if entry["evidence"]}
    found = evidence["list.answer"]
    assert found["where"] == "/results/31/status"
    assert found["response"]["body"][slice(*found["marked"])] == '"solved"'
    assert (evidence["any.json"]["where"], evidence["any.json"]["marked"]) == ("content-type", None)


def test_a_key_before_the_wrong_member_does_not_shift_the_mark() -> None:
    body = '{"subject": "bnc_sv_4f9a27c1d0e84b5f9c1d", "priority": "low"}'
    start = body.index('"low"')
    answer = {**samples.response(201, {}), "body": body}
    evidence = replace(samples.PRIORITY, response=answer, where="/priority", marked=(start, start + 5))
    run = samples.run({"create.priority-default": (evidence, 1)})
    document = json.loads(report_json.render(run))
    (found,) = [entry["evidence"][0] for entry in document["requirements"] if entry["evidence"]]
    assert found["response"]["body"][slice(*found["marked"])] == '"low"'
    assert "4f9a27c1" not in found["response"]["body"]
    assert "<mark>&#34;low&#34;</mark>" in html.render(run)


@pytest.mark.parametrize("render", [summary_md.render, junit.render])
def test_text_names_the_place(render: object) -> None:
    text = render(samples.marked())  # type: ignore[operator]
    assert re.search(r"where: +`?/results/31/status", text)
    assert re.search(r"where: +`?header content-type", text)


def test_reports_say_how_good_the_suite_is_in_the_words_of_the_readme() -> None:
    score = json.loads(KILL_SCORE.read_text(encoding="utf-8"))
    run = replace(samples.good(), kill_score=score)
    said = kill_score(score)
    assert f"finds {score['killed']['quick'] + score['misnamed']['quick']:,} at quick" in said
    assert f"<dd>{said}</dd>" in html.render(run)
    assert f'value="{said}"' in junit.render(run)


# --- cutting ----------------------------------------------------------------------------------------------------------


def test_a_summary_has_commands_whole_or_says_where_they_are() -> None:
    many = "\n".join(f"ID{number}=$(curl -s 'https://helpdesk.example.com/{'x' * 60}' | jq -r .id)" for number in range(100))
    for curl in (samples.PRIORITY.curl, many):
        text = summary_md.render(samples.run({"create.priority-default": (replace(samples.PRIORITY, curl=curl), 1)}))
        blocks = re.findall(r"^```sh\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
        assert blocks == ([curl] if len(curl) < 4000 else [])
        assert ("they are in report.json." in text) is (not blocks)


@pytest.mark.parametrize("limit", [40, 80, 200])
def test_an_excerpt_is_cut_between_words_and_says_how_much_is_missing(limit: int) -> None:
    text = " ".join(f"word{number}" for number in range(200))
    start = text.index("word100")
    for marked in (None, (start, start + 7)):
        shown = in_a_line(text, marked, limit)
        assert len(shown.text) <= limit + 2
        assert set(shown.text.strip("…").split()) <= set(text.split())
        left_out = int(re.findall(r"\(([\d,]+)", shown.note)[0].replace(",", ""))
        assert abs(len(text) - len(shown.text) - left_out) <= 2
        assert shown.marked == ("word100" if marked else "")


def test_a_body_of_which_not_all_was_kept_is_not_said_to_be_whole_anywhere() -> None:
    page = '{"count": 90, "results": [… (9,000 characters left out) …{"id": "c77", "status": "solved"}… (99 characters left out) …'
    start = page.index('"solved"')
    shown = in_lines(page, (start, start + 8), 6, 3000)
    assert shown.marked == '"solved"'
    assert "whole in" not in shown.note
    assert in_lines(page, (start, start + 8), 50, 3000).text == (
        '{\n  "count": 90,\n  "results": [\n    … (9,000 characters left out) …\n    {\n      "id": "c77",\n'
        '      "status": "solved"\n    }\n    … (99 characters left out) …'
    )


# --- text stays text --------------------------------------------------------------------------------------------------

ACTIVE = "@everyone see https://evil.example, www.evil.example, #1, evil@example.com ![x](https://evil.example/x.png) <img src=x>"


def test_a_summary_links_to_nothing_and_mentions_nobody() -> None:
    evidence = replace(samples.PRIORITY, summary=ACTIVE, expected=ACTIVE, actual=ACTIVE, where=f"/{ACTIVE}")
    broken = {"create.priority-default": (evidence, 1), "get.unknown-id-status": (evidence, 1)}
    for known in ({}, from_baseline(broken)):
        text = summary_md.render(samples.run(broken, {}, {"any.durable": ACTIVE}, problems=(ACTIVE,), known=known))
        fenced = re.sub(r"^(```+)sh\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
        outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", fenced, flags=re.DOTALL)
        assert re.search(r"evil|@|https?:|www\.|<img", outside_code) is None


@pytest.mark.parametrize("known", [False, True])
def test_hostile_text_stays_text_where_it_is_known(known: bool) -> None:
    run = samples.hostile()
    if known:
        run = replace(run, known=from_baseline(result.requirement.id for result in run.results))
    for text in (html.render(run), summary_md.render(run), junit.render(run), report_json.render(run)):
        assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\u2066\ufffe\uffff\ud800-\udfff]", text) is None
    assert "<script>alert" not in html.render(run)
    assert ET.fromstring(junit.render(run)).tag == "testsuites"
