"""The check log of a run: its outcomes and its verdict follow from it alone, whatever the server and however the run ended."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import contract_tests.suite
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.checks import MOST_ALIKE, Check, Took
from contract_tests.outcome.checks_json import from_lines
from contract_tests.outcome.run import Run, Verdict
from contract_tests.reports import checks_jsonl
from contract_tests.run.runner import verify
from contract_tests.run.settings import Settings
from mockserver.app import create_app
from mockserver.keys.model import DEMO_ORIGIN, StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import serving
from tests.defects.registry import all_defects
from tests.harness.trials import run_here
from tests.sampling import sample

CATALOGUE = load_catalogue()
KEYS = StandardKeys.of(DEFAULT_SEED)


def assert_follows_from_its_log(run: Run) -> None:
    """Fold checks.jsonl and compare it with the run, except for evidence and the reasons of failures, which come from evidence."""
    folded = from_lines(checks_jsonl.render(run).splitlines(), CATALOGUE)
    assert [one.requirement for one in folded.results] == [one.requirement for one in run.results]
    for found, told in zip(folded.results, run.results, strict=True):
        assert found.outcome is told.outcome, told.requirement.id
        assert (found.exercised, found.violations, found.server_errors) == (told.exercised, told.violations, told.server_errors)
        assert (found.undecided, found.causes, found.seconds) == (told.undecided, told.causes, told.seconds)
        if not told.violations:
            assert found.reason == told.reason
    assert (folded.verdict, folded.exit_code, folded.counts) == (run.verdict, run.exit_code, run.counts)


def assert_requests_are_counted(run: Run) -> None:
    """Check that each request of the run is counted for an area: a file of the suite, or what comes before or after it."""
    files = {path.stem.removeprefix("test_") for path in Path(contract_tests.suite.__path__[0]).glob("test_*.py")}
    assert sum(run.requests_by_area.values()) == run.requests
    assert run.requests_by_area.keys() <= files | {"preflight", "read_again", "reproductions"}
    assert {"messages", "create", "preflight", "read_again"} <= run.requests_by_area.keys()


def served(app: Any, **settings: Any) -> Run:
    with serving(app) as url:
        return verify(
            Settings(
                base_url=url,
                server_key=KEYS.server,
                client_key=KEYS.client,
                other_server_key=KEYS.other_server,
                origin_client_key=KEYS.origin_client,
                origin=DEMO_ORIGIN,
                effort="quick",
                **settings,
            )
        )


def test_of_a_server_that_conforms() -> None:
    run = run_here(create_app())
    assert run.verdict is Verdict.CONFORMANT
    assert_requests_are_counted(run)
    assert_follows_from_its_log(run)


@pytest.mark.extended
@pytest.mark.parametrize("name", list(all_defects())[::500])
def test_of_a_broken_server(name: str) -> None:
    run = run_here(all_defects()[name].app(), strict=True)
    assert_follows_from_its_log(run)


@pytest.mark.parametrize("settings", [{"fail_fast": True}, {"only": ("create.*",)}])
def test_of_a_run_with_other_terms(settings: dict[str, Any]) -> None:
    run = run_here(all_defects()["values-urgent-is-high"].app(), **settings)
    assert run.verdict is Verdict.NONCONFORMANT
    assert_follows_from_its_log(run)


@pytest.mark.extended
def test_of_a_run_without_some_keys() -> None:
    run = run_here(create_app(), client_key=None, revoked_key=None, other_server_key=None, origin_client_key=None, origin=None)
    assert run.counts["must"]["not_tested"] > 5
    assert_follows_from_its_log(run)


@pytest.mark.extended
@pytest.mark.parametrize("name", ["", "values-urgent-is-high"])
def test_of_two_workers(name: str) -> None:
    run = served(all_defects()[name].app() if name else create_app(), workers=2, only=("create.*", "get.*"))
    assert run.verdict is (Verdict.NONCONFORMANT if name else Verdict.CONFORMANT)
    assert {entry.worker for entry in run.log.entries} == {"gw0", "gw1"}
    assert sum(run.requests_by_area.values()) == run.requests
    assert_follows_from_its_log(run)


@pytest.mark.parametrize("workers", sample([1, 2]))
def test_of_a_run_that_was_ended_early(workers: int) -> None:
    run = served(create_app(), workers=workers, time_budget=2.0)
    assert run.verdict is Verdict.INCONCLUSIVE
    assert_follows_from_its_log(run)


@pytest.mark.extended
def test_of_a_server_that_goes_away() -> None:
    app = create_app()
    left = iter(range(900))

    def dying(environ: dict[str, Any], start_response: Any) -> Any:
        if next(left, None) is None:
            raise ConnectionError
        return app(environ, start_response)

    run = run_here(dying)
    assert run.verdict is not Verdict.CONFORMANT
    assert_follows_from_its_log(run)


@pytest.mark.extended
def test_every_check_is_in_it_and_its_size_is_bounded() -> None:
    run = run_here(create_app())
    checks = [entry for entry in run.log.entries if isinstance(entry, Check)]
    exercised = Counter[str]()
    alike = Counter[tuple[object, ...]]()
    for check in checks:
        exercised[check.requirement] += check.times
        alike[check.test, check.requirement, check.passed] += 1
    assert {one.requirement.id: one.exercised for one in run.results if one.exercised} == dict(exercised)
    assert sum(exercised.values()) > 3 * len(checks)
    assert max(alike.values()) <= 3 * (MOST_ALIKE + 1)  # Set-up, test and tear-down count separately.
    assert len(checks_jsonl.render(run)) < 5_000_000


def test_a_check_says_which_response_it_looked_at_and_when() -> None:
    run = run_here(create_app(), only=("get.*",))
    checks = [entry for entry in run.log.entries if isinstance(entry, Check)]
    assert all(0 < check.exchange <= run.requests for check in checks)
    assert all(0 <= check.seconds <= run.duration_s + 0.01 for check in checks)
    tests = {check.test for check in checks}
    assert {took.test for took in run.log.entries if isinstance(took, Took)} >= tests


def test_a_violation_says_what_was_wrong() -> None:
    run = run_here(all_defects()["values-urgent-is-high"].app(), only=("create.priority-kept",))
    failed = [entry for entry in run.log.entries if isinstance(entry, Check) and not entry.passed]
    assert failed
    assert any("priority" in entry.why for entry in failed)
