"""The figures of the random rewrites, as the page of the kill matrix and every report show them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract_tests.reports.wording import rewrite_score

FIGURES = Path(__file__).with_name("rewritten.json")
"""Written by tests/harness/rewrite.py."""

SET_ASIDE = Path(__file__).with_name("rewrites.yaml")
"""Mutants that survive and are no fault, by their names, each with the reason."""

_MARK = "- **random rewrites**"


def in_score(whole: Mapping[str, Any], score: Mapping[str, Any]) -> dict[str, Any]:
    """Return kill_score.json with these figures in it."""
    counted = score["drawn"] - score["stillborn"] - score["set_aside"]
    return {**whole, "rewrites": {"tried": counted, "killed": score["killed"], "date": score["date"]}}


def figure(score: Mapping[str, Any]) -> str:
    """Return what the page says of random rewrites."""
    text = rewrite_score(in_score({}, score)["rewrites"])
    left = "; ".join(f"`{name.replace('|', '¦')}`" for name in score["survived"])
    return (
        f"{_MARK}: {text} {score['drawn']} were drawn by the seed {score['seed']} with the operators of Cosmic Ray; "
        f"{score['stillborn']} of these do not start, and {score['set_aside']} are no faults, each for a reason "
        "(tests/harness/rewrites.yaml)." + (f" Not found: {left}." if left else "")
    )


def with_rewrites(page: str, score: Mapping[str, Any]) -> str:
    """Return the page with this figure in the place of the one that it has, or after the other figures."""
    lines = [line for line in page.splitlines() if not line.startswith(_MARK)]
    at = max((number for number, line in enumerate(lines) if line.startswith("- **")), default=4)
    return "\n".join([*lines[: at + 1], figure(score), *lines[at + 1 :]]) + "\n"
