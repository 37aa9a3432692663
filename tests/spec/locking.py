"""The catalogue as its last closed version had it: what the newest one says otherwise has to be told in spec/versions.yaml.

`python -m tests.spec.locking` closes the newest version, and is run when it is released. From then on a requirement that is added,
or changed, needs a version of its own, and so does a test that looks at one in a further way.
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
    """Return a digest of all that a requirement says, but not of when it came."""
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
    """Write down the newest version as it is."""
    digests = {requirement.id: digest(requirement) for requirement in load_catalogue()}
    tests: dict[str, list[str]] = {}
    for one in cited():
        tests.setdefault(one.test, []).append(one.requirement)
    whole = {"version": newest(), "requirements": digests, "tests": {test: sorted(set(tests[test])) for test in sorted(tests)}}
    LOCK.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    close()
