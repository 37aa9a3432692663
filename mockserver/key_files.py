"""Keys from a file (`--keys FILE`): organisations, and the keys of each."""

from pathlib import Path

from accord.errors import AccordError
from mockserver.keys import PREFIXES, ApiKey, KeyRing
from mockserver.schema import Schema
from mockserver.yaml_files import read_yaml

_KEY = {
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
_FILE = {
    "type": "object",
    "required": ["organisations", "keys"],
    "additionalProperties": False,
    "properties": {
        "organisations": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string", "minLength": 1}},
        "keys": {"type": "array", "minItems": 1, "items": _KEY},
    },
}


def read_keys(path: Path) -> KeyRing:
    """The keys in the file. Raises AccordError, naming the place, if it cannot be read or is not as it should be."""
    content = read_yaml(path, "keys file")
    violations = Schema(_FILE, _FILE, {}).violations(content)
    if violations:
        violation = violations[0]
        raise AccordError(f"The keys file {path} is malformed at {violation.place}: {violation.message}", "docs/mock.md shows one.")
    keys: dict[str, ApiKey] = {}
    for index, entry in enumerate(content["keys"]):
        place = f"The keys file {path}, keys.{index},"
        if entry["organisation"] not in content["organisations"]:
            raise AccordError(f"{place} names the organisation {entry['organisation']!r}.", "List it under organisations.")
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
    return KeyRing(keys.values())
