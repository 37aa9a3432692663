"""report.json: everything a run found, for programs. Its schema is report.schema.json, beside this file."""

import json
from pathlib import Path
from typing import Any

from contract_tests.outcome.run import Run
from contract_tests.outcome.run_json import SCHEMA, to_json
from contract_tests.reports.text import body_text, plain, spelled, without_keys

__all__ = ["SCHEMA", "SCHEMA_FILE", "render"]

SCHEMA_FILE = Path(__file__).with_name("report.schema.json")


def render(run: Run) -> str:
    """The run as JSON, which `SCHEMA_FILE` describes."""
    text = json.dumps(plain(_document(run)), ensure_ascii=False, indent=2, allow_nan=False)
    return without_keys(spelled(text)) + "\n"


def _document(run: Run) -> dict[str, Any]:
    found = to_json(run)
    for entry in found["requirements"]:
        for evidence in entry["evidence"]:
            _cut_keys(evidence)
    return found


def _cut_keys(evidence: dict[str, Any]) -> None:
    """Redact a body before the whole report is redacted, so that `marked` can be moved to the same part of the shorter body."""
    if evidence["marked"] is not None and evidence["response"] is not None:
        body = body_text(evidence["response"].get("body"))
        start, end = evidence["marked"]
        before, part = without_keys(body[:start]), without_keys(body[start:end])
        evidence["response"]["body"] = before + part + without_keys(body[end:])
        evidence["marked"] = len(before), len(before) + len(part)
