"""What control requests change of a namespace besides its data: choices, keys, fault rules and the clock.

It is stored as JSON beside the data, so that all mocks that share a database use the same.
"""

from dataclasses import asdict
from typing import Any

from accord.base.redaction import hide
from mockserver.keys.model import KeyRing
from mockserver.model.caller import ApiKey
from mockserver.model.clock import ClockState
from mockserver.namespaces.namespace import Namespace, Plan


def written(namespace: Namespace) -> dict[str, Any] | None:
    """Return what differs from the beginning, as a JSON value; None if nothing does."""
    plan, first = namespace.plan, namespace.plan.first
    clock, faults = namespace.clock.state(), namespace.faults.written()
    steered = {
        "choices": dict(plan.choices) if plan.choices != first.choices else None,
        "keys": [_key(key) for key in plan.keys] if [*plan.keys] != [*first.keys] else None,
        "faults": faults,
        "clock": None if clock is None else clock._asdict(),
    }
    return {name: value for name, value in steered.items() if value is not None} or None


def plan_by(plan: Plan, document: dict[str, Any]) -> Plan:
    """Return the plan of a namespace with the choices and keys that were written, and the first ones where none were."""
    first = plan.first
    keys = first.keys
    if "keys" in document:
        keys = KeyRing(ApiKey(**{**key, **{name: frozenset(key[name]) for name in _SETS}}) for key in document["keys"])
        hide([key.key for key in keys])
    choices = document.get("choices", first.choices)
    if choices == plan.choices and [*keys] == [*plan.keys]:
        return plan
    if choices == first.choices and [*keys] == [*first.keys]:
        return first
    return first.choosing(choices).with_keys(keys)


def follow(namespace: Namespace, document: dict[str, Any]) -> None:
    """Use the fault rules and the clock that were written, or the first ones if none were written. Raises AccordError."""
    clock = document.get("clock")
    namespace.clock.go_on_from(None if clock is None else ClockState(**clock))
    namespace.faults.go_on_with(document.get("faults"))


_SETS = ("origins", "bundle_ids")


def _key(key: ApiKey) -> dict[str, Any]:
    members = asdict(key)
    return {**members, **{name: sorted(members[name]) for name in _SETS}}
