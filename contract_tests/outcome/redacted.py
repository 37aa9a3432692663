"""A run without keys, before anything of it is escaped or cut: either would hide a key from whoever looks for it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from accord.base.redaction import redact
from contract_tests.contract.catalogue import Requirement
from contract_tests.outcome.checks import CheckLog
from contract_tests.outcome.exchanges import Kept
from contract_tests.outcome.run import Run
from contract_tests.outcome.traffic import Traffic


def redacted(run: Run) -> Run:
    """Return the run with every text of it redacted, names of headers and members among them."""
    found: Run = _redacted(run)
    return found


def _redacted(value: Any) -> Any:
    if type(value) is str:
        return redact(value)
    if isinstance(value, Traffic | Kept):
        return value
    if isinstance(value, CheckLog):
        return value.redacted(redact)
    if isinstance(value, Mapping):
        return {_redacted(name): _redacted(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_redacted(item) for item in value)
    if is_dataclass(value) and not isinstance(value, Requirement | type):
        members = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        changed = {name: found for name, member in members.items() if (found := _redacted(member)) is not member}
        return replace(value, **changed)
    return value
