"""A certificate beside another run of the same seed."""

from dataclasses import replace

from contract_tests.certification.reverification import compare, exit_code, lines
from contract_tests.outcome.run import Observation, Outcome, Run


def with_outcome(run: Run, name: str, outcome: Outcome, reason: str) -> Run:
    results = [replace(one, outcome=outcome, reason=reason) if one.requirement.id == name else one for one in run.results]
    return replace(run, results=tuple(results))


def test_the_same_is_reproduced(run: Run) -> None:
    compared = compare(run, run)
    assert exit_code(compared) == 0
    assert next(lines(compared, run, run)).startswith("REPRODUCED  110 of 110")


def test_what_failed_now_is_not(run: Run) -> None:
    again = with_outcome(run, "create.status", Outcome.FAILED, "the status is 200 and not 201")
    compared = compare(run, again)
    assert exit_code(compared) == 1
    head, told = lines(compared, run, again)
    assert head.startswith("NOT REPRODUCED  109 of 110")
    assert told == "  not reproduced  create.status: the status is 200 and not 201"


def test_what_was_not_tested_now_is_not_decided(run: Run) -> None:
    again = with_outcome(run, "create.status", Outcome.NOT_TESTED, "Give it.")
    assert exit_code(compare(run, again)) == 3


def test_what_is_a_warning_now_is_told_and_decides_nothing(run: Run) -> None:
    again = with_outcome(run, "any.media-type", Outcome.WARNED, "text/json")
    compared = compare(run, again)
    assert exit_code(compared) == 0
    assert "  not reproduced  any.media-type (a warning): text/json" in [*lines(compared, run, again)]


def test_another_choice_is_told(run: Run) -> None:
    name, before = next((name, one) for name, one in run.choices.items() if one.observed)
    again = replace(run, choices={**run.choices, name: Observation("otherwise", "")})
    assert f"  choice  {name}: {before.observed} then, otherwise now" in [*lines(compare(run, again), run, again)]
