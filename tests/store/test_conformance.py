"""The mock keeps the contract wherever it keeps its state: the whole suite, in this process."""

import pytest

from mockserver.app import create_app
from tests.harness.trials import try_apart, try_here
from tests.sampling import sample


@pytest.mark.parametrize("durable_url", sample(["sqlite", "postgresql"]), indirect=True)
def test_the_suite_finds_the_mock_conformant(durable_url: str) -> None:
    trial = try_apart(lambda: try_here(create_app(scenario="empty", storage=durable_url)))
    assert (trial.verdict, trial.failed, trial.warned, trial.inconclusive, trial.problems) == ("conformant", [], [], [], [])
    assert trial.requests > 200


@pytest.mark.parametrize("order", sample(["oldest", "other"]))
@pytest.mark.parametrize("durable_url", sample(["sqlite", "postgresql"]), indirect=True)
def test_in_other_orders_too(durable_url: str, order: str) -> None:
    settings = {"scenario": "demo", "storage": durable_url, "choices": {"list_order": order, "nul_character": "keep"}}
    trial = try_apart(lambda: try_here(create_app(**settings), only=("list.*", "filter.*", "paging.*")))
    assert (trial.verdict, trial.failed, trial.problems) == ("conformant", [], [])
