"""checks.jsonl: every check of a run, one a line, from which its outcomes and its verdict follow."""

import json

from contract_tests.outcome.checks_json import lines
from contract_tests.outcome.run import Run
from contract_tests.reports.text import plain, spelled, without_keys


def render(run: Run) -> str:
    """Return the check log of a run, a line of JSON for each entry after the one that says what was run."""
    return "".join(f"{line}\n" for line in lines(run, _spelled))


def _spelled(value: object) -> str:
    return without_keys(spelled(json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))))
