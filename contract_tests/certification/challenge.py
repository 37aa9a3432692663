"""The file by which a vendor contests a requirement: what was sent, what came back, and why the vendor disagrees."""

from typing import Any

import yaml

from accord.base.errors import AccordError
from contract_tests.outcome.run import Outcome, Result, Run
from contract_tests.outcome.run_json import evidence_to_json
from contract_tests.reports.text import plain, without_keys

SCHEMA = "accord/challenge/1"

_HEAD = """\
# A challenge of one requirement. Fill in `ground` and `why`, and send the file as docs/certification.md says.
#
# ground   one of: not-documented (the documentation does not say so), contradicts (the documentation says otherwise),
#          wrong-check (the requirement is right, and the suite judged the exchange wrongly)
# why      in your words, with the places of the documentation that you rely on
"""


def render(run: Run, requirement_id: str, why: str = "") -> str:
    """Return the challenge of a requirement that failed, or was warned of, in a run. Raises AccordError where it was not."""
    result = next((one for one in run.results if one.requirement.id == requirement_id), None)
    if result is None:
        raise AccordError(f"The report has no requirement {requirement_id}.", "Name one that failed in it.")
    if result.outcome not in (Outcome.FAILED, Outcome.WARNED):
        raise AccordError(f"{requirement_id} did not fail in the report: it is {result.outcome}.", "Name one that failed.")
    document = plain(_document(run, result, why))
    return without_keys(_HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=120))


def _document(run: Run, result: Result, why: str) -> dict[str, Any]:
    requirement = result.requirement
    return {
        "schema": SCHEMA,
        "requirement": requirement.id,
        "level": requirement.level.value,
        "source": requirement.source,
        "operation": requirement.operation,
        "sentence": requirement.text,
        "found": result.reason,
        "ground": "",
        "why": why,
        "catalogue": run.catalogue,
        "suite_version": run.suite_version,
        "run": {"id": run.id, "seed": run.seed, "effort": run.effort, "started_at": run.started_at},
        "exchanges": [_exchange(evidence_to_json(one)) for one in result.evidence],
    }


def _exchange(evidence: dict[str, Any]) -> dict[str, Any]:
    names = ("summary", "expected", "actual", "test", "request", "response", "curl")
    return {name: evidence[name] for name in names}
