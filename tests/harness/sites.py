"""Measures a site of many certificates and a comparison of as many reports: time, size, and how soon they are visible.

    python -m tests.harness.sites                200 bundles, each signed by itself
    python -m tests.harness.sites --number 20

All bundles are the same run under different names: files that do not differ are hard links to one file. Needs Chromium.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from contract_tests.certification import bundle, product
from contract_tests.certification.signing import canonical, public_key_to_json, signed
from contract_tests.certification.statement import statement_of
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.run import Run
from mockserver.app import create_app
from tests.browsers import chromium
from tests.cli.command import ACCORD
from tests.harness.trials import run_here

_NONCE = "0123456789abcdef"
_PRODUCT = """\
vendor: Vendor {number:03}
product: Desk
version: "1.{number}"
contact: certification@example.com
documentation: https://example.com/desk
unsupported:
  - {{requirement: "webhook.*", reason: It sends no events.}}
"""
_SAME = (bundle.REPORT, bundle.CHECKS, bundle.EXCHANGES)


def certified() -> Run:
    """Return a quick run of the mock, marked as a thorough one, which would take long."""
    run = run_here(create_app(), "quick", exchanges=True, run_id=_NONCE)
    declared = product.read(_PRODUCT.format(number=0).encode()).unsupported_in(load_catalogue())
    return replace(run, effort="thorough", left_out=(), unsupported=declared)


def write_bundles(folder: Path, run: Run, number: int) -> None:
    """Write `number` bundles of one run, each of another product and signed with another key."""
    issued = datetime.now(UTC).replace(microsecond=0)
    first = folder / "000"
    for at in range(number):
        signer, source = CryptoSigner.generate_ed25519(), _PRODUCT.format(number=at).encode()
        about, here = product.read(source), folder / f"{at:03}"
        if at == 0:
            bundle.write(first, run, about, source, signer, issued, _NONCE)
            same = {name: (first / name).read_bytes() for name in _SAME}
            continue
        here.mkdir()
        for name in _SAME:
            os.link(first / name, here / name)
        files = {**same, bundle.PRODUCT: source}
        files[bundle.LINES] = bundle.lines_of(files)
        files[bundle.STATEMENT] = signed(statement_of(run, about, files, issued, _NONCE), signer)
        files[bundle.KEY] = canonical(public_key_to_json(signer))
        for name, content in files.items():
            if name not in _SAME:
                (here / name).write_bytes(content)


def timed(folder: Path, *arguments: str) -> float:
    """Return the seconds that `accord` takes. Raises where it fails."""
    began = time.monotonic()
    subprocess.run([str(ACCORD), *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return time.monotonic() - began


def bytes_of(path: Path) -> tuple[int, int]:
    """Return how many files there are, and how many bytes."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return len(files), sum(one.stat().st_size for one in files)


def first_paint(path: Path) -> tuple[float, float]:
    """Return the milliseconds to the first contentful paint and to the end of loading of a page in headless Chromium."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    return float(paint), float(loaded)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print one line for each thing. The exit code is 0."""
    parser = argparse.ArgumentParser(description="Measure a site of many certificates.")
    parser.add_argument("--number", type=int, default=200, help="how many bundles (200)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_bundles(folder / "bundles", certified(), options.number)
        one = bytes_of(folder / "bundles" / "000")[1]
        names = [f"bundles/{at:03}" for at in range(options.number)]
        print(f"{options.number} bundles of {one / 1e6:.1f} MB each", flush=True)
        checked = timed(folder, "check-certificate", names[0])
        print(f"check-certificate: {checked:.1f} s", flush=True)
        took = timed(folder, "site", "bundles", "--output", "public")
        files, size = bytes_of(folder / "public")
        print(f"site: {took:.1f} s, {files} files, {size / 1e6:.1f} MB", flush=True)
        _tell("its first page", folder / "public" / "index.html")
        _tell("the page of a certificate", next((folder / "public" / "certificates").iterdir()) / "index.html")
        reports = [f"{name}/report.json" for name in names]
        took = timed(folder, "compare", *reports, "--format", "html", "--output", "compared.html")
        print(f"compare, {len(reports)} reports: {took:.1f} s", flush=True)
        _tell("its page", folder / "compared.html")
        print(f"compare, the same as text: {timed(folder, 'compare', *reports):.1f} s")
        took = timed(folder, "compare", *names, "--format", "html", "--output", "checked.html")
        print(f"compare, {len(names)} bundles, which are checked: {took:.1f} s")
    return 0


def _tell(what: str, path: Path) -> None:
    paint, loaded = first_paint(path)
    print(f"{what}: {path.stat().st_size / 1e3:.0f} kB, first paint after {paint:.0f} ms, loaded after {loaded:.0f} ms", flush=True)


if __name__ == "__main__":
    sys.exit(main())
