"""Keys from a file (`--keys FILE`): organisations, and the keys of each."""

from pathlib import Path
from typing import Any

from accord.base.errors import AccordError
from accord.base.redaction import hide
from mockserver.contract.schema import Schema
from mockserver.keys.model import PREFIXES, KeyRing
from mockserver.model.caller import ApiKey
from mockserver.yaml_files import read_yaml

_KEY: dict[str, Any] = {
    "type": "object",
    "required": ["key", "tier", "organisation"],
    "additionalProperties": False,
    "properties": {
        # What a header can carry without quoting.
        "key": {"type": "string", "pattern": "^[A-Za-z0-9._~+/=-]{8,200}$"},
        "tier": {"enum": [*PREFIXES]},
        "organisation": {"type": "string", "minLength": 1},
        "name": {"type": "string"},
        "allowed_origins": {"type": "array", "items": {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*://[^/]+$"}},
        "allowed_bundle_ids": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "revoked": {"type": "boolean"},
    },
}
_FILE: dict[str, Any] = {
    "type": "object",
    "required": ["organisations", "keys"],
    "additionalProperties": False,
    "properties": {
        "organisations": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string", "minLength": 1}},
        "keys": {"type": "array", "minItems": 1, "items": _KEY},
    },
}

_TOLD = {
    "pattern": "This has characters that it cannot have, or too few or too many.",
    "additionalProperties": "This has a member that a keys file does not have.",
    "uniqueItems": "This is there twice.",
    "minItems": "This is empty.",
}
"""Messages by keyword, in the place of those that quote the value, since it may be a key."""


def read_keys(path: Path) -> KeyRing:
    """The keys in the file. Raises AccordError, naming the place, if it cannot be read or is not as it should be."""
    content = read_yaml(path, "keys file", secret=True)
    violations = Schema(_FILE, _FILE, {}).violations(content)
    if violations:
        violation = violations[0]
        told = _TOLD.get(violation.keyword, violation.message)
        raise AccordError(f"The keys file {path} is malformed at {_place(violation.path)}: {told}", "docs/mock.md shows one.")
    keys: dict[str, ApiKey] = {}
    for index, entry in enumerate(content["keys"]):
        place = f"The keys file {path}, keys.{index},"
        if entry["organisation"] not in content["organisations"]:
            raise AccordError(f"{place} names an organisation that is not there.", "List it under organisations.")
        if entry["key"] in keys:
            raise AccordError(f"{place} repeats a key.", "Every key should be there once.")
        for tier, prefix in PREFIXES.items():
            if entry["key"].startswith(prefix) and tier != entry["tier"]:
                raise AccordError(f"{place} is a {entry['tier']} key that begins with {prefix}.", f"That is how {tier} keys begin.")
        keys[entry["key"]] = ApiKey(
            key=entry["key"],
            tier=entry["tier"],
            organisation=entry["organisation"],
            name=entry.get("name", ""),
            origins=frozenset(entry.get("allowed_origins", ())),
            bundle_ids=frozenset(entry.get("allowed_bundle_ids", ())),
            revoked=entry.get("revoked", False),
        )
    hide(keys)
    return KeyRing(keys.values())


def _place(path: tuple[str | int, ...]) -> str:
    """Where in the file something is wrong. Names that a keys file does not have are not shown: each may be a key."""
    known = {*_FILE["properties"], *_KEY["properties"]}
    return ".".join(str(step) if isinstance(step, int) or step in known else "…" for step in path) or "its top"
