"""What is wrong with a value that does not keep a schema, in words."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from contract_tests.contract.mismatch import Mismatch, pointer, shown
from contract_tests.contract.timestamps import moment

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or moment(value) is not None


def schema_mismatch(schema: Mapping[str, Any], value: Any) -> Mismatch | None:
    """Return the most informative violation of a schema by a value; None if the value conforms."""
    error = best_match(Draft202012Validator(schema, format_checker=_FORMATS).iter_errors(value))
    if error is None:
        return None
    where = error.json_path.removeprefix("$").removeprefix(".") or "the response"
    return Mismatch(
        f"{where}: {_in_short(error.message, 300)}",
        f"{error.validator}: {_in_short(shown(error.validator_value), 300)}",
        _in_short(shown(error.instance), 1000),
        pointer(*error.absolute_path),
    )


def _in_short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
