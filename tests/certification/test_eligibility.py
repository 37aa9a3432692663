"""What cannot be certified, each with a sentence on what is missing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contract_tests.certification.eligibility import foreseen, obstacles
from contract_tests.certification.product import Product, ProductError, read
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.known import from_baseline
from contract_tests.outcome.run import Outcome, Run, Standing
from tests.certification.conftest import ISSUED, PRODUCT

ABOUT = read(PRODUCT)
ORIGINS = ("origin.allowed", "origin.other", "origin.refusal-changes-nothing", "origin.preflight", "origin.readable")


def about(**unsupported: str) -> Product:
    declared = {name.replace("_", "."): reason for name, reason in unsupported.items()}
    return replace(ABOUT, unsupported={**ABOUT.unsupported, **declared})


def not_tested(run: Run, *names: str) -> Run:
    """Return the run with these requirements not tested."""
    reason = "Give --origin-client-key and --origin to test it."
    results = [
        replace(one, outcome=Outcome.NOT_TESTED, reason=reason) if one.requirement.id in names else one for one in run.results
    ]
    return replace(run, results=tuple(results))


def test_a_whole_run_can_be_certified(run: Run) -> None:
    assert obstacles(run, ABOUT, load_catalogue(), ISSUED) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"effort": "standard"}, "effort standard"),
        ({"left_out": ("9 tests",)}, "left something out (9 tests)"),
        ({"known": from_baseline(["create.status"])}, "known failures (create.status)"),
        ({"spec_sha256": "0" * 64}, "another contract document"),
        ({"requirements_sha256": "0" * 64}, "another catalogue"),
        ({"excludes_sha256": "0" * 64}, "left out other requirements"),
        ({"catalogue": 1}, "pinned to version 1"),
        ({"problems": ("The server went away.",)}, "is inconclusive"),
        ({"results": ()}, "of the catalogue were not part of the run"),
    ],
)
def test_what_is_missing_is_said(run: Run, changes: dict[str, Any], said: str) -> None:
    reasons = obstacles(replace(run, **changes), ABOUT, load_catalogue(), ISSUED)
    assert any(said in one for one in reasons), reasons


@pytest.mark.parametrize(("days", "refused"), [(89, False), (91, True)])
def test_a_run_that_is_too_old(run: Run, days: int, refused: bool) -> None:
    reasons = obstacles(run, ABOUT, load_catalogue(), ISSUED + timedelta(days=days))
    assert any("days old" in one for one in reasons) == refused


def test_an_undeclared_skip_is_refused_and_a_declared_one_is_never_passed(run: Run) -> None:
    without = not_tested(run, *ORIGINS)
    assert any("not declared unsupported" in one for one in obstacles(without, ABOUT, load_catalogue(), ISSUED))
    declared = about(**{"origin_allowed": "none", "origin_other": "none", "origin_refusal-changes-nothing": "none"})
    assert obstacles(without, declared, load_catalogue(), ISSUED) == []
    told = replace(without, unsupported=declared.unsupported_in(load_catalogue()))
    standings = {result.requirement.id: told.standing(result) for result in told.results}
    assert standings["origin.allowed"] is Standing.UNSUPPORTED
    assert standings["origin.preflight"] is None
    assert not any(result.outcome is Outcome.PASSED for result in told.results if told.standing(result) is Standing.UNSUPPORTED)


def test_what_was_tested_or_every_server_has_cannot_be_declared_unsupported(run: Run) -> None:
    reasons = obstacles(run, about(create_status="We do not."), load_catalogue(), ISSUED)
    assert any("the run tested it" in one for one in reasons)
    assert any("every server has to support" in one for one in reasons)


def test_it_is_told_before_the_run() -> None:
    without = {"origin": "--origin", "webhook_listen": "--webhook-listen"}
    [reason] = foreseen(without, ABOUT, load_catalogue())
    assert reason.startswith("Without --origin, origin.allowed, origin.other")
    none = {"webhook.*": "none"}
    assert foreseen(without, replace(ABOUT, unsupported={"origin.[!u]*": "none", **none}), load_catalogue()) == []
    [reason] = foreseen(without, replace(ABOUT, unsupported={"origin.*": "none", **none}), load_catalogue())
    assert reason.startswith("product.yaml declares origin.unrestricted unsupported, which would be tested")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"vendor: x", "'product' is a required property"),
        (PRODUCT + b"award: best\n", "award"),
        (PRODUCT.replace(b"https://example.com/desk", b"javascript:alert(1)"), "documentation"),
        (b"a: &a x\nb: *a", "aliases"),
        (b"\xff", "not YAML"),
        (b"[" * 3000, "nested more deeply|not YAML"),
        (b"x" * 70_000, "larger than"),
    ],
)
def test_a_product_that_is_none(text: bytes, said: str) -> None:
    with pytest.raises(ProductError, match=said):
        read(text)
