"""Nothing vacuous: what was not exercised is not passed, and a test that asserts nothing is an error of the suite."""

from types import SimpleNamespace

import pytest

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.document import load_contract
from contract_tests.judging.check_log import Judge
from contract_tests.judging.mismatches import Mismatch
from contract_tests.outcome.checks import fold
from contract_tests.outcome.conclude import conclude
from contract_tests.outcome.run import Outcome
from contract_tests.outcome.tally import Tally
from contract_tests.run import plugin
from contract_tests.run.context import CONTEXT
from contract_tests.transport.exchange import Call, Exchange

CATALOGUE = load_catalogue()
EXCHANGE = Exchange(Call("GET", "/api/v1/conversations/"), "http://127.0.0.1/", 200, {}, b"{}", 0.001)


def judge() -> Judge:
    found = Judge(CATALOGUE, "http://127.0.0.1", lambda text: text)
    found.begin("test_honesty.py::test")
    return found


def end_of_test(used: Judge) -> None:
    """Do what the plugin does at the end of a shipped test that used this judge."""
    context = SimpleNamespace(catalogue=CATALOGUE, desk=SimpleNamespace(judge=used))
    item = SimpleNamespace(config=SimpleNamespace(stash={CONTEXT: context}))
    wrapper = plugin.pytest_pyfunc_call(item)  # type: ignore[arg-type]
    next(wrapper)
    try:
        wrapper.send(None)
    except StopIteration:
        return


@pytest.mark.parametrize("requirement", list(CATALOGUE), ids=lambda requirement: requirement.id)
def test_too_few_exercises_decide_nothing(requirement: object) -> None:
    name, enough = requirement.id, requirement.exercise  # type: ignore[attr-defined]
    for exercised, outcome in ((0, Outcome.INCONCLUSIVE), (enough - 1, Outcome.INCONCLUSIVE), (enough, Outcome.PASSED)):
        (result,) = conclude(CATALOGUE, {name: Tally(exercised)}, {})
        assert result.outcome is outcome, exercised


def test_a_test_that_asserts_nothing_is_an_error() -> None:
    with pytest.raises(AssertionError, match="asserted nothing"):
        end_of_test(judge())


def test_a_test_that_finds_nothing_wrong_passes() -> None:
    used = judge()
    used.check("get.answer", None, EXCHANGE)
    end_of_test(used)


def test_a_test_that_sees_a_must_violated_fails() -> None:
    used = judge()
    used.check("get.answer", Mismatch("wrong", "right", "wrong"), EXCHANGE)
    with pytest.raises(pytest.fail.Exception, match=r"get\.answer"):
        end_of_test(used)


def test_a_requirement_that_is_not_in_the_catalogue_is_an_error() -> None:
    with pytest.raises(AssertionError, match="not in the catalogue"):
        judge().check("get.misspelt", None, EXCHANGE)


def test_a_consequence_is_told_as_one() -> None:
    used = judge()
    used.check("auth.bearer", Mismatch("refused", "accepted", "401"), EXCHANGE)
    used.check("create.answer", Mismatch("no response", "one", "none"), EXCHANGE)
    found = {result.requirement.id: result for result in conclude(CATALOGUE, fold(used.entries()), {})}
    assert found["auth.bearer"].outcome is Outcome.FAILED
    assert found["create.answer"].outcome is Outcome.INCONCLUSIVE
    assert found["create.answer"].causes == ("auth.bearer",)


def test_what_the_contract_does_not_have_is_not_tested() -> None:
    (result,) = conclude(CATALOGUE, {"create.anonymous": Tally()}, {}, {"anonymous_users": "The contract requires user_email."})
    assert (result.outcome, result.reason) == (Outcome.NOT_TESTED, "The contract requires user_email.")
    assert load_contract().inapplicable == {}
