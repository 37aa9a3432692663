"""Whether entries of the journal are as somebody expects them, and in which members they differ if not."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from mockserver.control.bodies import ControlError
from mockserver.control.filters import Seen, check_key, check_operation
from mockserver.control.responses import json_text
from mockserver.namespaces.namespace import Namespace

MEMBERS = ("operation", "method", "path", "status", "key", "tier", "query", "headers", "body", "requirement")
"""What `match` may have."""

_TIERS = ("server", "client")
_LONGEST_SHOWN = 100
_MOST_NEAR = 3


class Match:
    """What is expected of a request. Only the named members are compared, and of a body only the named members of it."""

    def __init__(self, members: object, namespace: Namespace) -> None:
        """Raise ControlError for what cannot be expected."""
        if not isinstance(members, dict) or not members:
            raise ControlError(400, f"match is no object that names something; it may have {', '.join(MEMBERS)}.")
        for name, value in members.items():
            if name not in MEMBERS:
                raise ControlError(400, f"match has no member {name[:_LONGEST_SHOWN]!r}; it may have {', '.join(MEMBERS)}.")
            if name in ("method", "path", "requirement") and not isinstance(value, str):
                raise ControlError(400, f"match.{name} is no text; write it as the journal shows it.")
            if name in ("query", "headers") and not (
                isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
            ):
                raise ControlError(400, f"match.{name} is no object of texts; write it as {{NAME: VALUE}}.")
        if "operation" in members:
            check_operation(members["operation"], namespace.contract.operations)
        if "key" in members:
            check_key(members["key"], namespace)
        if "tier" in members and members["tier"] not in _TIERS:
            raise ControlError(400, "match.tier is neither server nor client; write one of them.")
        status = members.get("status", 200)
        if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
            raise ControlError(400, "match.status is no status; write a number such as 201.")
        self._members = members

    def differences(self, seen: Seen) -> list[str]:
        """Return in which members the request differs, one sentence each; empty if it matches."""
        return [*self._differences(seen)]

    def _differences(self, seen: Seen) -> Iterator[str]:
        request, response = seen.shown["request"], seen.shown["response"]
        plain = {
            "operation": seen.entry.operation,
            "method": request["method"],
            "path": request["path"],
            "status": response["status"],
            "key": seen.key.name if seen.key else None,
            "tier": seen.key.tier if seen.key else None,
            "requirement": seen.decision,
        }
        for name, expected in self._members.items():
            if name in plain:
                yield from _differ(expected, plain[name], name)
        query = dict(parse_qsl(request["query"], keep_blank_values=True))
        yield from _of_named(self._members.get("query", {}), query, "query")
        headers = {name.lower(): value for name, value in request["headers"].items()}
        wanted = {name.lower(): value for name, value in self._members.get("headers", {}).items()}
        yield from _of_named(wanted, headers, "headers")
        if "body" in self._members:
            yield from _differ(self._members["body"], _json(seen), "body")


def _of_named(expected: Mapping[str, str], actual: Mapping[str, str], where: str) -> Iterator[str]:
    for name, value in expected.items():
        yield from _differ(value, actual.get(name), f"{where}.{name}")


def near_misses(differing: list[tuple[Seen, list[str]]]) -> list[dict[str, Any]]:
    """Return the requests with the fewest differences, and what differs in each; among equals the latest come first."""
    nearest = sorted(differing, key=lambda one: (len(one[1]), -one[0].entry.number))[:_MOST_NEAR]
    return [{"request": seen.entry.id, "differs": differs} for seen, differs in nearest]


def expected_count(value: object) -> tuple[int, int | None]:
    """Return the least and the most number of requests that `count` allows. Raises ControlError for anything else."""
    if value is None:
        return 1, None
    if _is_number(value):
        assert isinstance(value, int)
        return value, value
    if isinstance(value, dict) and len(value) == 1:
        ((name, number),) = value.items()
        if name == "never" and number is True:
            return 0, 0
        if name == "at_least" and _is_number(number):
            return number, None
        if name == "at_most" and _is_number(number):
            return 0, number
    raise ControlError(400, 'count is none; write a number, {"at_least": 1}, {"at_most": 1} or {"never": true}.')


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _json(seen: Seen) -> Any:
    data = seen.entry.request.data
    try:
        return None if data is None else orjson.loads(seen.shown["request"]["body"])
    except ValueError:
        return seen.shown["request"]["body"]


def _differ(expected: Any, actual: Any, where: str) -> Iterator[str]:
    """Yield the differences: for objects only in the expected members, for lists of equal length item by item."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            if name in actual:
                yield from _differ(value, actual[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is not there; expected {_shown(value)}"
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from _differ(one, other, f"{where}.{index}")
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield f"{where} is {_shown(actual)}; expected {_shown(expected)}"


def _shown(value: Any) -> str:
    text = json_text(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
