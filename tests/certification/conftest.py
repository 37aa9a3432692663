"""A run that can be certified, and its bundle, one of each for all tests of a process."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract_tests.certification import bundle, product
from contract_tests.certification.signing import CryptoSigner
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.run import Run
from mockserver.app import create_app
from tests.harness.trials import run_here

NONCE = "0123456789abcdef"
ISSUED = datetime(2026, 12, 1, 10, tzinfo=UTC)
PRODUCT = b"""\
vendor: Example Ltd
product: Desk
version: 1.2.3
contact: certification@example.com
documentation: https://example.com/desk
unsupported:
  - {requirement: "webhook.*", reason: It sends no events.}
attestations:
  - Data is kept in the country of the customer.
"""


@pytest.fixture(scope="session")
def run() -> Run:
    """Return a quick run of the mock, marked as a thorough one: only such runs can be certified, and they take long."""
    found = run_here(create_app(), "quick", exchanges=True, run_id=NONCE)
    declared = product.read(PRODUCT).unsupported_in(load_catalogue())
    return replace(found, effort="thorough", left_out=(), started_at="2026-12-01T09:00:00Z", unsupported=declared)


@pytest.fixture(scope="session")
def signer() -> CryptoSigner:
    return CryptoSigner.generate_ed25519()


@pytest.fixture(scope="session")
def written(run: Run, signer: CryptoSigner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a bundle that all tests of the process share, so none may change it."""
    folder = tmp_path_factory.mktemp("certified") / "bundle"
    bundle.write(folder, run, product.read(PRODUCT), PRODUCT, signer, ISSUED, NONCE)
    return folder


@pytest.fixture
def certificate(written: Path, tmp_path: Path) -> Path:
    """A copy of the bundle."""
    return Path(shutil.copytree(written, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def small(run: Run, signer: CryptoSigner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a short bundle, for faults that are detected before the meaning of any line matters."""
    folder = tmp_path_factory.mktemp("small") / "bundle"
    log = replace(run.log, entries=run.log.entries[:200])
    kept = replace(run.exchanges, lines=run.exchanges.lines[:100])
    about = product.read(PRODUCT)
    bundle.write(folder, replace(run, log=log, exchanges=kept), about, PRODUCT, signer, ISSUED, NONCE)
    return folder
