"""report.json: everything a run found, for programs. Its schema is report.schema.json, beside this file."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contract_tests.reports.text import UNSHOWABLE, body_text, without_keys
from contract_tests.results import Observation, Result, Run

SCHEMA = "accord/report/1"
SCHEMA_FILE = Path(__file__).with_name("report.schema.json")


def render(run: Run) -> str:
    """The run as JSON, which `SCHEMA_FILE` describes."""
    text = json.dumps(_plain(_document(run)), ensure_ascii=False, indent=2, allow_nan=False)
    # A lone surrogate has no UTF-8, and others of these command a terminal that shows the file; JSON can spell them all.
    text = UNSHOWABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return without_keys(text) + "\n"


def _document(run: Run) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "suite": {
            "version": run.suite_version,
            "spec_sha256": run.spec_sha256,
            "requirements_sha256": run.requirements_sha256,
            "kill_score": run.kill_score,
        },
        "target": {"base_url": run.base_url, "keys": run.keys},
        "run": {
            "id": run.id,
            "seed": run.seed,
            "effort": run.effort,
            "workers": run.workers,
            "strict": run.strict,
            "started_at": run.started_at,
            "duration_s": round(run.duration_s, 3),
            "requests": run.requests,
            "problems": run.problems,
            "left_out": run.left_out,
            "baseline": sorted(run.baseline),
        },
        "verdict": run.verdict,
        "exit_code": run.exit_code,
        "counts": run.counts,
        "requirements": [_requirement(result) for result in run.results],
        "choices": {name: _choice(observation) for name, observation in run.choices.items()},
        **({"load": asdict(run.load)} if run.load is not None else {}),
    }


def _requirement(result: Result) -> dict[str, Any]:
    requirement = result.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "source": requirement.source,
        "operation": requirement.operation,
        "text": requirement.text,
        "outcome": result.outcome,
        "exercised": result.exercised,
        "violations": result.violations,
        "reason": result.reason,
        "evidence": [asdict(evidence) for evidence in result.evidence],
    }


def _choice(observation: Observation) -> dict[str, Any]:
    return {"observed": observation.observed, "evidence": observation.evidence}


def _plain(value: object) -> Any:
    """The value in the types that JSON has; whatever else was recorded becomes its text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return body_text(value)
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)
