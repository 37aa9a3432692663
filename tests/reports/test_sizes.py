"""However much failed, each report stays below the size limits of CI systems, and says where the rest is."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from contract_tests.outcome.run import Outcome, Run
from contract_tests.outcome.tally import Evidence
from contract_tests.reports import FORMATS, junit, sarif, summary_md
from tests.reports import samples
from tests.sampling import chosen

GITLAB_JUNIT, GITHUB_SUMMARY, GITHUB_SARIF = 30_000_000, 1_048_576, 10_000_000

LARGE = replace(
    samples.PRIORITY,
    summary="<p>Words & more</p> " * 200,
    expected="<&\x1b words " * 300,
    actual="ä < b " * 500,
    request={**samples.PRIORITY.request, "body": '{"subject": "<Where & when>"}' * 200},
    response={**(samples.PRIORITY.response or {}), "body": '{"subject": "<€ & more>"}' * 200},
    curl="curl '<words> & more' " * 180,
)


def failing(number: int, evidence: Evidence = LARGE) -> Run:
    whole = samples.run()
    first = whole.results[0]
    results = tuple(
        replace(
            first,
            requirement=replace(first.requirement, id=f"area{n % 9}.requirement-{n:04}", text=f"Requirement {n} holds."),
            outcome=Outcome.FAILED,
            violations=4,
            evidence=(evidence, replace(evidence, test="another"), replace(evidence, test="third")),
        )
        for n in sorted(range(number), key=lambda n: n % 9)
    )
    return replace(whole, results=results)


@pytest.mark.parametrize("number", [1, 100, 1_000])
def test_junit_stays_below_what_gitlab_takes(number: int) -> None:
    text = junit.render(failing(number))
    assert len(text.encode()) < GITLAB_JUNIT / 2
    cases = list(ET.fromstring(text).iter("testcase"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases) == number
    assert all(case.find("failure") is not None for case in cases)
    told = [case.findtext("failure") or "" for case in cases]
    assert "try:" in told[0]
    assert number < 1_000 or "report.json" in told[-1]


@pytest.mark.parametrize("number", [1, 100, 1_000])
@pytest.mark.parametrize("evidence", [samples.PRIORITY, LARGE], ids=["small", "large"])
def test_the_summary_stays_far_below_what_github_takes(number: int, evidence: Evidence) -> None:
    run = failing(number, evidence)
    text = summary_md.render(run)
    assert len(text.encode()) < GITHUB_SUMMARY / 4
    assert f"**`{run.results[0].requirement.id}`**" in text
    assert evidence is LARGE or "$ACCORD_SERVER_KEY" in text
    assert number == 1 or "in report.html" in text


@pytest.mark.parametrize("number", chosen([1, 100, 1_000], {0, 1}))
def test_sarif_stays_below_what_github_takes(number: int) -> None:
    text = sarif.render(failing(number))
    assert len(text.encode()) < GITHUB_SARIF * 2
    [run] = json.loads(text)["runs"]
    assert len(run["results"]) == 3 * number
    assert len(run["results"]) <= 25_000
    assert len(run["tool"]["driver"]["rules"]) == number <= 25_000


def test_the_sample_is_rendered_by_every_format() -> None:
    for render in FORMATS.values():
        assert render(failing(3))
