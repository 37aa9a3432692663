"""How long the tests of each requirement took: what JUnit shows as the time of a case."""

import xml.etree.ElementTree as ET

import pytest

from contract_tests.outcome.run import Run
from contract_tests.reports import junit
from contract_tests.run.runner import verify
from contract_tests.run.settings import Settings
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import serving
from tests.harness.trials import URL, Direct

ONLY = ("get.*", "any.durable", "auth.bearer")


@pytest.fixture(scope="module")
def run() -> Run:
    app = create_app()
    settings = Settings(base_url=URL, server_key=StandardKeys.of(DEFAULT_SEED).server, effort="quick", only=ONLY)
    return verify(settings, adapter=lambda: Direct(app, URL))


def test_each_requirement_has_the_time_of_its_tests(run: Run) -> None:
    tested = [result for result in run.results if result.exercised]
    assert len(tested) > 5
    assert all(result.seconds > 0 for result in tested)
    together = sum(result.seconds for result in run.results)
    # The rest of the time is spent before and after the tests, and by tests that only observe.
    assert run.duration_s * 0.2 < together <= run.duration_s + 0.01


def test_cases_add_up_to_their_suite_and_suites_to_no_more_than_the_run(run: Run) -> None:
    root = ET.fromstring(junit.render(run))
    for suite in root:
        cases = sum(float(case.get("time", "")) for case in suite.iter("testcase"))
        assert float(suite.get("time", "")) == pytest.approx(cases, abs=0.001)
    assert sum(float(suite.get("time", "")) for suite in root) <= float(root.get("time", "")) + 0.01


@pytest.mark.extended
def test_times_come_from_workers_too() -> None:
    with serving(create_app()) as url:
        key = StandardKeys.of(DEFAULT_SEED).server
        found = verify(Settings(base_url=url, server_key=key, effort="quick", only=("get.*",), workers=2))
    assert found.workers == 2
    assert all(result.seconds > 0 for result in found.results if result.exercised)
