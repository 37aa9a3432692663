"""Pure matchers: a value, and what it should be, to the reason why it is not (a Mismatch), or None."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a value is not what was expected, in a sentence, with both sides as texts."""

    summary: str
    expected: str
    actual: str


def shown(value: Any) -> str:
    """A value as a person reads it: JSON where it is JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (TypeError, ValueError):
        return repr(value)
