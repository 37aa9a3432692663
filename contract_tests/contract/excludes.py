"""The requirements that count for no verdict, as the suite reads them from spec/excludes.yaml."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from accord.base.assets import EXCLUDES
from accord.base.errors import AccordError
from contract_tests.contract.catalogue import load_catalogue

_MEMBERS = {"challenge", "date", "reason"}


@dataclass(frozen=True)
class Excludes:
    """Why each excluded requirement is, by id, and the digest of the file."""

    reasons: Mapping[str, str]
    sha256: str


@cache
def load_excludes(path: Path = EXCLUDES) -> Excludes:
    """Read the file. Raises AccordError where it cannot be read, or has an entry that is not what its head describes."""
    try:
        source = path.read_bytes()
        document = yaml.safe_load(source) or {}
    except OSError as error:
        raise AccordError(f"The excluded requirements {path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise AccordError(f"The excluded requirements {path} are not YAML: {error}.") from error
    if not isinstance(document, dict):
        raise AccordError(f"The excluded requirements {path} are no entries by requirement.")
    for name, entry in document.items():
        if name not in load_catalogue().requirements:
            raise AccordError(f"{path} excludes {name}, which is not in the catalogue.")
        if not isinstance(entry, dict) or entry.keys() != _MEMBERS:
            raise AccordError(f"The entry {name} of {path} is malformed: it has challenge, date and reason.")
    reasons = {name: f"{entry['reason']} (excluded on {entry['date']}, {entry['challenge']})" for name, entry in document.items()}
    return Excludes(reasons, hashlib.sha256(source).hexdigest())
