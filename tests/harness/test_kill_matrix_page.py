"""The page of the kill matrix: what is in it, and that programs which write to it leave each other's figures alone."""

import json
from itertools import islice

import pytest

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.reports.wording import kill_score
from tests.defects.registry import all_defects
from tests.harness import kill_matrix, rewritten
from tests.harness.kill_matrix import Row, page
from tests.harness.reproducing import with_figure
from tests.harness.trials import Trial, try_here

REWRITES = {
    "date": "2026-11-30",
    "seed": 1,
    "drawn": 150,
    "stillborn": 20,
    "set_aside": 30,
    "killed": 99,
    "survived": ["a: b -> c"],
}
REPRODUCED = {"tried": 2, "shown": 1, "apart": {"tried": 0, "shown": 0}, "every": 1}
NAME = "values-urgent-is-high"


@pytest.fixture(scope="module")
def written() -> str:
    defect = all_defects()[NAME]
    trial = try_here(defect.app(), only=defect.breaks)
    return page([Row(defect, {"quick": trial})], ["quick"], {"quick": 1.0}, 1, {}, {})


def test_each_requirement_says_what_killed_its_defects(written: str) -> None:
    lines = written.partition("## By requirement")[2].partition("## Out of reach")[0].splitlines()
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ")}
    assert [name for name in rows if name != "requirement"] == [one.id for one in load_catalogue()]
    assert rows["create.priority-kept"].startswith("| create.priority-kept | MUST | 1 | 1 | test_")
    assert rows["create.status"] == "| create.status | MUST | 0 | 0 |  |"


def test_what_is_out_of_reach_is_said_with_the_reason(written: str) -> None:
    for name in ("time", "volume", "internals"):
        assert f"\n- **{name}**: " in written


def test_figures_that_are_measured_apart_replace_only_themselves(written: str) -> None:
    once = with_figure(rewritten.with_rewrites(written, REWRITES), REPRODUCED)
    assert "Of 100 random rewrites of the source of two servers, it finds 99 at quick (2026-11-30)." in once
    assert "the lines of 1 of 2 reports" in once
    again = rewritten.with_rewrites(once, {**REWRITES, "killed": 100})
    assert again == once.replace("it finds 99", "it finds 100")
    assert with_figure(again, REPRODUCED) == again


def test_the_score_of_reports_has_both(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    figures = kill_matrix.ROOT.joinpath(str(tmp_path), "rewritten.json")
    figures.write_text(json.dumps(REWRITES), encoding="utf-8")
    monkeypatch.setattr(rewritten, "FIGURES", figures)
    rows = [Row(all_defects()[NAME], {"quick": Trial("nonconformant", failed=["create.priority-kept"])})]
    assert "Of 100 random rewrites" in page(rows, ["quick"], {"quick": 1.0}, 1, {}, {})
    score = json.loads(kill_matrix.SCORE.read_text(encoding="utf-8"))
    assert kill_score(rewritten.in_score(score, REWRITES)).endswith("it finds 99 at quick (2026-11-30).")


def test_it_says_how_many_servers_are_found_by_so_many_requests() -> None:
    defects = list(islice((one for one in all_defects().values() if not one.tolerable), 3))
    trials = [
        Trial("nonconformant", failed=list(defect.breaks), found_at=dict.fromkeys(defect.breaks, at), requests=900)
        for defect, at in zip(defects, (40, 90, 300), strict=True)
    ]
    rows = [Row(defect, {"quick": trial}) for defect, trial in zip(defects, trials, strict=True)]
    text = page(rows, ["quick"], {"quick": 1.0}, 1, {}, {})
    assert "| quick | 100 | 2 | 2.0 |\n| quick | 250 | 2 | 0.0 |\n| quick | 300 | 3 | 2.0 |\n" in text
