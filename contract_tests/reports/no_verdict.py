"""The report.json of a run that has no verdict. Its schema is no-verdict.schema.json, beside this file."""

import json
from datetime import datetime
from pathlib import Path

from contract_tests.reports.text import UNSHOWABLE, without_keys

NAME = "report.json"
SCHEMA = "accord/no-verdict/1"
SCHEMA_FILE = Path(__file__).with_name("no-verdict.schema.json")


def render(*, exit_code: int, message: str, hint: str, started_at: datetime) -> str:
    """The report as JSON: why there is no verdict, and what to do next. `started_at` is in UTC."""
    document = {
        "schema": SCHEMA,
        "exit_code": exit_code,
        "message": message,
        "hint": hint,
        "started_at": started_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    text = UNSHOWABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return without_keys(text) + "\n"
