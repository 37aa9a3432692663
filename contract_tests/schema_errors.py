"""What is wrong with a value that does not keep a schema, in words."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match

from contract_tests.expectations import Mismatch, shown
from contract_tests.expectations.timestamps import moment

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or moment(value) is not None


def described(schema: Mapping[str, Any], value: Any) -> Mismatch | None:
    """The error that says most about why a value does not keep a schema; None where it keeps it."""
    error = best_match(Draft202012Validator(schema, format_checker=_FORMATS).iter_errors(value))
    if error is None:
        return None
    where = error.json_path.removeprefix("$").removeprefix(".") or "the answer"
    return Mismatch(
        f"{where}: {error.message[:300]}",
        f"{error.validator}: {shown(error.validator_value)[:300]}",
        shown(error.instance)[:1000],
    )
