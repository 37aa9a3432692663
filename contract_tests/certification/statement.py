"""The in-toto statement of a certificate: what was tested, by what, and what came of it (test-result predicate)."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from accord.base.assets import CHOICES, EXCLUDES, OPENAPI, REQUIREMENTS
from contract_tests.certification.product import Product
from contract_tests.certification.signing import canonical
from contract_tests.contract.catalogue import Level
from contract_tests.outcome.run import Outcome, Run, Standing

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
SCHEMA = "accord/certificate/1"

LIFETIME = timedelta(days=365)
"""How long a certificate lasts: twelve months."""

_PACKAGE = Path(__file__).parents[1]


def sha256(content: bytes) -> str:
    """Return the digest of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@cache
def suite_sha256() -> str:
    """Return the digest of the suite's own sources, by which a modified one is told from the one that was released."""
    whole = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".json", ".css", ".html", ".txt", ".md", ".js"):
            whole.update(f"{path.relative_to(_PACKAGE).as_posix()}\0{sha256(path.read_bytes())}\n".encode())
    return whole.hexdigest()


def configuration() -> list[dict[str, Any]]:
    """Return what a run of this version is judged by: a name and a digest of each."""
    files = {path.name: sha256(path.read_bytes()) for path in (OPENAPI, REQUIREMENTS, CHOICES, EXCLUDES)}
    return [
        {"name": f"accord {version('accord')}", "digest": {"sha256": suite_sha256()}},
        *({"name": name, "digest": {"sha256": digest}} for name, digest in files.items()),
    ]


def statement_of(run: Run, product: Product, files: Mapping[str, bytes], issued: datetime, nonce: str) -> bytes:
    """Return the statement about a run, whose bundle has these files."""
    passed = [one for one in run.with_outcome(Outcome.PASSED) if run.standing(one) is not Standing.EXCLUDED]
    document = {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha256(content)}} for name, content in sorted(files.items())],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "WARNED" if run.with_outcome(Outcome.WARNED) else "PASSED",
            "configuration": configuration(),
            "passedTests": [one.requirement.id for one in passed],
            "warnedTests": [one.requirement.id for one in run.with_outcome(Outcome.WARNED)],
            "failedTests": [one.requirement.id for one in run.with_outcome(Outcome.FAILED)],
            "certificate": {
                "schema": SCHEMA,
                "vendor": product.vendor,
                "product": product.name,
                "version": product.version,
                "issued": stamp(issued),
                "not_after": stamp(issued + LIFETIME),
                "run": run.id,
                "nonce": nonce,
                "seed": run.seed,
                "effort": run.effort,
                "suite_version": run.suite_version,
                "catalogue": run.catalogue,
                "kill_score": dict(run.kill_score),
                "must": sum(one.requirement.level is Level.MUST for one in passed),
                "unsupported": dict(run.unsupported),
                "not_tested": [one.requirement.id for one in run.told(Outcome.NOT_TESTED)],
                "excluded": dict(run.excluded),
                "attestations": list(product.attestations),
            },
        },
    }
    return canonical(json.loads(json.dumps(document)))


def stamp(moment: datetime) -> str:
    """Return a moment as certificates write it (`2026-12-01T10:00:00Z`)."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
