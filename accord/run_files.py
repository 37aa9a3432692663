"""Reading the report.json of an earlier run, which may be anything."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accord.base.errors import AccordError

if TYPE_CHECKING:
    from contract_tests.outcome.run import Run

_LARGEST = 512 * 1024 * 1024
_HINT = "Give a report.json of an earlier run."


def read_run(path: Path) -> "Run":
    """Return the run that wrote a report.json. Raises AccordError where the file is none, or that of a run without a verdict."""
    document = _json(path)
    from contract_tests.outcome.json_values import MalformedError
    from contract_tests.outcome.run_json import SCHEMA, from_json
    from contract_tests.reports import no_verdict

    schema = document.get("schema") if isinstance(document, dict) else None
    if schema == no_verdict.SCHEMA:
        raise AccordError(f"{path} is of a run without a verdict.", "Give a report.json of a run that had one.")
    if schema != SCHEMA:
        raise AccordError(f"{path} is not a report of Accord.", _HINT)
    try:
        return from_json(document)
    except MalformedError as error:
        raise AccordError(f"The report {path} is malformed at {error.place or 'its top'}.", _HINT) from error


def _json(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise AccordError(f"The report {path} cannot be read: {reason}.", _HINT) from error
    if len(content) > _LARGEST:
        raise AccordError(f"The report {path} is larger than any report of Accord.", _HINT)
    try:
        return json.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise AccordError(f"The report {path} is nested more deeply than any report of Accord.", _HINT) from error
    except ValueError as error:
        raise AccordError(f"The report {path} is not JSON: {error}.", _HINT) from error
