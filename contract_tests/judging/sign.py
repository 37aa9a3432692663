"""What a finding is recognised by when it is sent again (`contract_tests.reproduction.sign`), as far as its mismatch says it."""

import json
import re
from typing import Any

from contract_tests.contract.mismatch import Mismatch
from contract_tests.judging.places import place_of
from contract_tests.reproduction.likeness import varies
from contract_tests.transport.exchange import Exchange

LONGEST_VALUE = 2_000
"""Characters of a text with which a value is compared."""

_STATUSES = re.compile(r"(?:status )?(\d\d\d|\dxx)(?:(?:, | or |, or )(\d\d\d|\dxx))*")
_STATUS = re.compile(r"\d\d\d|\dxx")
_NO_SERVER_ERROR = ("no 5xx", "a response, and no 5xx", "a response")
_ANY_BUT_SERVER_ERRORS = ("1xx", "2xx", "3xx", "4xx")
_REFUSED = ("3xx", "4xx")
_PLAIN = (str, int, bool, float, type(None))


def sign_of(mismatch: Mismatch, exchange: Exchange) -> dict[str, Any]:
    """What a mismatch is recognised by, but for the form, which depends on the requests that are sent."""
    found: dict[str, Any] = {"status": exchange.status}
    if not mismatch.where:
        expected = _statuses(mismatch.expected)
        # A text may be about something else that merely looks like a status.
        return found | ({"statuses": expected} if expected and not _among(exchange.status, expected) else {})
    if not mismatch.where.startswith("/"):
        return found | {"header": {"name": mismatch.where, "found": exchange.headers.get(mismatch.where)}}
    value = _value(mismatch, exchange)
    return found | ({"value": value} if value else {})


def _statuses(expected: str) -> list[str]:
    if expected in _NO_SERVER_ERROR:
        return [*_ANY_BUT_SERVER_ERRORS]
    if expected == "neither 2xx nor 5xx":
        return [*_REFUSED]
    return _STATUS.findall(expected) if _STATUSES.fullmatch(expected) else []


def _among(status: int, expected: list[str]) -> bool:
    return any(one in (str(status), f"{status // 100}xx") for one in expected)


def _value(mismatch: Mismatch, exchange: Exchange) -> dict[str, Any] | None:
    """The wrong value and the right one, where both are plain, and the same on any server and at any time."""
    if max(len(mismatch.expected), len(mismatch.actual)) > LONGEST_VALUE:
        return None
    try:
        expected, found = json.loads(mismatch.expected), json.loads(mismatch.actual)
        at = place_of(mismatch, exchange)
        there = exchange.json
        for step in at[1:].split("/"):
            there = there[int(step)] if isinstance(there, list) else there[step.replace("~1", "/").replace("~0", "~")]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    steady = all(isinstance(one, _PLAIN) and not varies(one, at.rpartition("/")[2]) for one in (expected, found))
    # The mismatch's text may show less than was compared, so its value is used only if the response has exactly that.
    return {"at": at, "expected": expected, "found": found} if steady and there == found and expected != found else None
