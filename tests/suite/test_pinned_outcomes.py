"""A run that is judged by an older version of the catalogue: what only newer checks found does not count, all else does."""

import json
from dataclasses import replace
from typing import Any

import pytest

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.mismatch import Mismatch
from contract_tests.judging.check_log import Judge
from contract_tests.outcome.checks import Check, CheckLog, Entry, Terms, Took, Undecided, fold, packed, unpacked
from contract_tests.outcome.conclude import results_of
from contract_tests.outcome.known import Kind, Known, from_baseline, together
from contract_tests.outcome.run import Outcome, Run, Standing, Verdict
from contract_tests.outcome.tally import smallest
from contract_tests.transport.exchange import Call, Exchange
from tests.defects.registry import all_defects
from tests.harness.trials import run_here
from tests.reports import samples
from tests.suite.test_check_log import assert_follows_from_its_log

CATALOGUE = load_catalogue()
NAME, AFTER, NEWER = "list.partition", "list.offset", "auth.cookies"
"""A requirement, one that presupposes it, and one that the second version added."""


def judged(*entries: Entry, version: int = 1, selected: tuple[str, ...] = (NAME,), **terms: Any) -> Run:
    """Return a run with these entries in its log, and enough passed checks of each selected requirement."""
    whole = [*entries, *(Check(name, "test", True, 1, 0.1, 500) for name in selected)]
    log = CheckLog(Terms(selected, catalogue=version, **terms), tuple(whole))
    return replace(samples.good(), results=results_of(CATALOGUE, log.terms, fold(log.entries)), catalogue=version, log=log)


def violation(name: str, since: int = 1) -> Check:
    return Check(name, "test", False, 1, 0.1, why="wrong", since=since)


def test_the_requirements_are_what_they_are_said_to_be() -> None:
    assert NAME in CATALOGUE[AFTER].after
    assert [CATALOGUE[name].since for name in (NAME, AFTER, NEWER)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("entries", "version", "outcome", "standing", "code"),
    [
        ([violation(NAME)], 1, Outcome.FAILED, None, 1),
        ([violation(NAME, 2)], 1, Outcome.FAILED, Standing.PENDING, 0),
        ([violation(NAME, 2)], 2, Outcome.FAILED, None, 1),
        ([violation(NAME, 2), violation(NAME)], 1, Outcome.FAILED, None, 1),
        ([Undecided(NAME, "test", "why")], 1, Outcome.INCONCLUSIVE, None, 3),
        ([Undecided(NAME, "test", "why", since=2)], 1, Outcome.INCONCLUSIVE, Standing.PENDING, 0),
        ([Undecided(NAME, "test", "why", since=2)], 2, Outcome.INCONCLUSIVE, None, 3),
        # By the older version it is undecided, whatever newer checks found.
        ([violation(NAME, 2), Undecided(NAME, "test", "why")], 1, Outcome.INCONCLUSIVE, None, 3),
        ([violation(NAME, 2), Undecided(NAME, "test", "why", since=2)], 1, Outcome.FAILED, Standing.PENDING, 0),
        ([violation(NAME, 2), Undecided(NAME, "test", "why")], 2, Outcome.FAILED, None, 1),
    ],
)
def test_what_newer_checks_find_counts_for_nothing(
    entries: list[Entry], version: int, outcome: Outcome, standing: Standing | None, code: int
) -> None:
    run = judged(*entries, version=version)
    [result] = run.results
    assert (result.outcome, run.standing(result), run.exit_code) == (outcome, standing, code)
    assert run.verdict.exit_code == code


@pytest.mark.parametrize("since", [1, 2])
def test_what_was_looked_at_too_rarely_is_undecided_whatever_newer_checks_find(since: int) -> None:
    name = next(one.id for one in CATALOGUE if one.since == 1 and one.exercise > 1 and not one.needs)
    log = CheckLog(Terms((name,), catalogue=1), (violation(name, since),))
    [result] = results_of(CATALOGUE, log.terms, fold(log.entries))
    assert result.outcome is (Outcome.INCONCLUSIVE if since == 2 else Outcome.FAILED)
    assert result.since == 1


@pytest.mark.parametrize("since", [1, 2])
def test_only_what_counts_is_a_cause(since: int) -> None:
    run = judged(violation(NAME, since), violation(AFTER), selected=(NAME, AFTER))
    after = next(result for result in run.results if result.requirement.id == AFTER)
    assert after.causes == ((NAME,) if since == 1 else ())
    assert after.outcome is (Outcome.INCONCLUSIVE if since == 1 else Outcome.FAILED)


def test_a_newer_requirement_is_pending_unless_it_passed() -> None:
    assert [judged(selected=(NEWER,)).standing(result) for result in judged(selected=(NEWER,)).results] == [None]
    run = judged(violation(NEWER), selected=(NEWER,))
    assert [(run.standing(result), run.verdict) for result in run.results] == [(Standing.PENDING, Verdict.CONFORMANT)]
    terms = Terms((NEWER,), {"client_key": "--client-key"}, catalogue=1)
    run = replace(run, results=results_of(CATALOGUE, terms, {}))
    assert [run.standing(result) for result in run.results] == [Standing.PENDING]


def test_what_is_pending_is_not_called_known() -> None:
    run = replace(judged(violation(NAME, 2)), known=from_baseline([NAME]))
    assert [run.standing(result) for result in run.results] == [Standing.PENDING]


def test_reasons_of_the_oldest_version_come_first() -> None:
    late = [Undecided(NAME, "test", f"newer {number}", since=2) for number in range(5)]
    [result] = judged(*late, Undecided(NAME, "test", "older")).results
    assert result.reason == "older"
    assert result.undecided == ("older", "newer 0", "newer 1")


def test_evidence_of_the_oldest_version_comes_first() -> None:
    short = [replace(samples.PRIORITY, curl="x" * size, since=2) for size in (1, 2, 3)]
    long = replace(samples.PRIORITY, curl="x" * 99)
    assert smallest([*short, long]) == [long, *short[:2]]


ENTRIES = (
    Check("a.b", "t", True, 1, 2.0),
    Check("a.b", "t", True, 1, 2.0, since=2),
    Check("a.b", "t", True, 1, 2.0, 7),
    Check("a.b", "t", True, 1, 2.0, 7, since=3),
    Check("a.b", "t", False, 1, 2.0, 1, True, "why"),
    Check("a.b", "t", False, 1, 2.0, 1, False, "why", since=2),
    Undecided("a.b", "t", "why"),
    Undecided("a.b", "t", "why", since=2),
    Took("t", 0.5, ("a.b",)),
)


def test_entries_travel_whole_and_say_their_version_only_where_it_is_not_the_first() -> None:
    rows = json.loads(json.dumps(packed(ENTRIES)))
    assert tuple(unpacked(rows, test="t", worker="", began=0.0)) == ENTRIES
    assert rows[0] == ["a.b", 1, 2.0]


# --- the judge --------------------------------------------------------------------------------------------------------


def asked(path: str = "/api/v1/conversations/") -> Exchange:
    return Exchange(Call("GET", path), f"http://127.0.0.1{path}", 200, {}, b"{}", 0.1, number=1)


def since(judge: Judge) -> list[int]:
    return [entry.since for entry in judge.entries()]


def test_the_judge_says_which_version_brought_a_check() -> None:
    judge = Judge(CATALOGUE, "http://127.0.0.1", str)
    judge.begin("test")
    judge.check(NAME, None, asked())
    judge.check(NEWER, None, asked())
    with judge.since(2):
        judge.check(NAME, None, asked())
        judge.note_undecided(NAME, "why")
    judge.check(NAME, None, asked())
    assert since(judge) == [1, 2, 2, 1, 2]
    judge.begin("test", 2)
    judge.check(NAME, None, asked())
    assert since(judge) == [2]
    judge.begin("test", 1, {NAME: 2})
    judge.check(NAME, None, asked())
    judge.check(AFTER, None, asked())
    assert since(judge) == [2, 1]


def test_what_a_newer_check_created_is_newer_wherever_it_is_seen() -> None:
    judge = Judge(CATALOGUE, "http://127.0.0.1", str)
    judge.around = False
    judge.begin("test")
    with judge.since(2):
        judge.note_created("newer")
    judge.note_created("older")
    wrong = Mismatch("wrong", "a", "b")
    judge.begin("another test")
    judge.check("any.durable", wrong, asked("/api/v1/conversations/newer/"))
    judge.check("any.durable", wrong, asked("/api/v1/conversations/older/"))
    judge.check("list.answer", replace(wrong, item="newer"), asked())
    judge.check("list.answer", replace(wrong, item="older"), asked())
    assert since(judge) == [2, 1, 2, 1]
    assert [one.since for one in judge.evidence()["any.durable"]] == [1, 2]
    assert judge.has_violated(1)


def test_many_violations_are_counted_by_version() -> None:
    judge = Judge(CATALOGUE, "http://127.0.0.1", str)
    judge.around = False
    judge.begin("test")
    for version in (2, 1):
        with judge.since(version):
            for _ in range(15):
                judge.check(NAME, Mismatch("wrong", "a", "b"), asked())
    by_version = {1: 0, 2: 0}
    for entry in judge.entries():
        assert isinstance(entry, Check)
        by_version[entry.since] += entry.times
    assert by_version == {1: 15, 2: 15}


@pytest.mark.parametrize("version", [1, 2])
def test_the_outcomes_of_a_pinned_run_follow_from_its_log(version: int) -> None:
    app = all_defects()["names-of-other-types-beside-an-address"].app()
    run = run_here(app, catalogue=version, only=("create.wrong-types*", "any.no-server-error", "get.answer"))
    assert run.verdict is (Verdict.CONFORMANT if version == 1 else Verdict.NONCONFORMANT)
    assert_follows_from_its_log(run)


# --- known failures ---------------------------------------------------------------------------------------------------


def test_a_baseline_stands_in_for_an_entry_that_has_ended() -> None:
    valid, ended = (Known(Kind.NEVER, "why", "2026-01-01", days, "accord.toml:1") for days in (0, -1))
    assert together(from_baseline(["a", "b", "c"]), {"a": valid, "b": ended}) == {"a": valid, "b": Known(), "c": Known()}


def test_what_follows_from_known_failures_is_known() -> None:
    run = judged(violation(NAME), violation(AFTER), selected=(NAME, AFTER), version=2)
    known = Known(Kind.NOT_YET, "why", "2026-12-01", 9, "accord.toml:1")
    assert replace(run, known={NAME: known}).exit_code == 0
    assert replace(run, known={NAME: replace(known, days=-1)}).exit_code == 1
    assert replace(run, known={AFTER: known}).exit_code == 1
