"""The catalogue at its last closed version: whatever changed since then has to be listed in spec/versions.yaml.

`python -m tests.spec.locking` closes the newest version, when it is released. From then on, a requirement that is added or changed
needs a new version, and so does a test that checks a requirement in a new way.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contract_tests.contract.catalogue import Requirement, load_catalogue
from contract_tests.contract.citations import Citation, coverage
from contract_tests.contract.versions import newest

LOCK = Path(__file__).with_name("closed_version.json")


def digest(requirement: Requirement) -> str:
    """Return a digest of everything in a requirement except the version that it came with."""
    said = {name: value for name, value in asdict(requirement).items() if name != "since"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def cited() -> list[Citation]:
    """Return every citation of a requirement by a test of the suite."""
    return [one for citations in coverage(load_catalogue()).cited.values() for one in citations]


def closed() -> dict[str, Any]:
    """Return the number of the last closed version, the digests of its requirements by their ids, and which tests cited which."""
    document: dict[str, Any] = json.loads(LOCK.read_text(encoding="utf-8"))
    return document


def close() -> None:
    """Close the newest version: write its digests and citations to the lock file."""
    digests = {requirement.id: digest(requirement) for requirement in load_catalogue()}
    tests: dict[str, list[str]] = {}
    for one in cited():
        tests.setdefault(one.test, []).append(one.requirement)
    whole = {"version": newest(), "requirements": digests, "tests": {test: sorted(set(tests[test])) for test in sorted(tests)}}
    LOCK.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    close()
