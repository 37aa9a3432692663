"""Requirements that count for no verdict, since a challenge against them was accepted."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from accord.base.errors import AccordError
from contract_tests.contract.excludes import load_excludes
from contract_tests.outcome.run import Outcome, Run, Standing, Verdict
from contract_tests.outcome.run_json import from_json, to_json
from contract_tests.reports import FORMATS

ENTRY = 'create.status: {challenge: "https://example.com/7", date: 2026-12-24, reason: "The changelog says 200."}\n'


@pytest.fixture
def excluding(run: Run, tmp_path: Path) -> Run:
    """A run in which an excluded requirement failed."""
    path = tmp_path / "excludes.yaml"
    path.write_text(ENTRY)
    excludes = load_excludes(path)
    results = [
        replace(one, outcome=Outcome.FAILED, violations=1, reason="the status is 200")
        if one.requirement.id == "create.status"
        else one
        for one in run.results
    ]
    return replace(run, results=tuple(results), excluded=excludes.reasons, excludes_sha256=excludes.sha256)


def test_it_fails_nothing(excluding: Run) -> None:
    assert excluding.verdict is Verdict.CONFORMANT
    assert excluding.exit_code == 0
    assert excluding.new_failures == ()
    assert replace(excluding, excluded={}).verdict is Verdict.NONCONFORMANT
    [result] = excluding.with_outcome(Outcome.FAILED)
    assert excluding.standing(result) is Standing.EXCLUDED


def test_a_report_has_it_and_the_digest(excluding: Run) -> None:
    document = json.loads(json.dumps(to_json(excluding)))
    assert document["suite"]["excludes_sha256"] == excluding.excludes_sha256
    assert "The changelog says 200." in document["run"]["excluded"]["create.status"]
    assert from_json(document).excluded == excluding.excluded


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"traffic.har"}))
def test_every_report_says_so(excluding: Run, name: str) -> None:
    assert "excluded" in FORMATS[name](excluding)


@pytest.mark.parametrize(
    "text", ["no.such: {challenge: x, date: y, reason: z}", "create.status: {reason: z}", "- create.status", "a: [", "\0"]
)
def test_a_file_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "excludes.yaml"
    path.write_text(text)
    with pytest.raises(AccordError):
        load_excludes(path)


def test_the_shipped_file_excludes_nothing() -> None:
    assert load_excludes().reasons == {}
