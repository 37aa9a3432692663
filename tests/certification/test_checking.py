"""Checking bundles from strangers: what was changed and where, what is too large, who signed, and how long it is valid."""

import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract_tests.certification import bundle, product
from contract_tests.certification.checking import Checked, check
from contract_tests.certification.lifetime import Lifetime
from contract_tests.certification.signing import CryptoSigner, canonical, signed
from contract_tests.certification.statement import LIFETIME
from contract_tests.certification.telling import lines
from contract_tests.outcome.checks import Check
from contract_tests.outcome.run import Run
from tests.certification.conftest import ISSUED, NONCE, PRODUCT
from tests.sampling import sample


def checked_at(folder: Path, now: datetime = ISSUED, **more: Any) -> Checked:
    return check(folder, now=now, **more)


def test_a_bundle_is_valid(written: Path, signer: CryptoSigner) -> None:
    checked = checked_at(written, trusted=signer.public_key)
    assert checked.valid, checked.findings
    assert checked.trusted
    said = "\n".join(lines(checked))
    assert said.startswith("VALID  Example Ltd Desk 1.2.3\n")
    assert "It does not prove that the server sent them" in said
    assert "is not known (--catalogue FILE tells)" in said


def test_any_byte_that_is_changed_is_found_with_its_line(small: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    copy = tmp_path / "bundle"
    copy.mkdir()
    files = {path.name: path.read_bytes() for path in small.iterdir()}
    for name, content in files.items():
        (copy / name).write_bytes(content)
    for number in range(140):
        name = sorted(files)[number % len(files)]
        content, at = bytearray(files[name]), chance.randrange(len(files[name]))
        content[at] = (content[at] + chance.randrange(1, 256)) % 256
        (copy / name).write_bytes(bytes(content))
        found = checked_at(copy).findings
        (copy / name).write_bytes(files[name])
        before = bytes(content[:at]).count(b"\n") + bytes(content[:at]).replace(b"\r\n", b"").count(b"\r")
        assert [one.name for one in found] == [name], (name, at, found)
        assert found[0].line in (before + 1, before + 2), (name, at, found)


def test_what_is_no_file_of_a_bundle_is_refused(certificate: Path) -> None:
    def refused(name: str) -> bool:
        return [one.name for one in checked_at(certificate).findings] == [name]

    extra = certificate / "readme.txt"
    extra.write_text("hello")
    assert refused("readme.txt")
    extra.unlink()
    report = certificate / bundle.REPORT
    kept = report.read_bytes()
    report.unlink()
    assert refused(bundle.REPORT)
    report.symlink_to("/etc/passwd")
    assert refused(bundle.REPORT)
    report.unlink()
    os.mkfifo(report)
    assert refused(bundle.REPORT)
    report.unlink()
    report.mkdir()
    assert refused(bundle.REPORT)
    report.rmdir()
    report.write_bytes(kept)
    assert checked_at(certificate).valid


def test_a_file_that_is_too_large_is_not_read(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bundle.LIMITS, bundle.CHECKS, 100)  # type: ignore[arg-type]
    [found] = checked_at(small).findings
    assert found.name == bundle.CHECKS
    assert "larger than" in found.text


DEEP = b"[" * 100_000
HOSTILE = [
    (bundle.REPORT, DEEP),
    (bundle.CHECKS, DEEP),
    (bundle.EXCHANGES, DEEP),
    (bundle.PRODUCT, b"a: &a [*a]"),
    (bundle.PRODUCT, b"[" * 5_000),
    (bundle.EXCHANGES, b"\xff\n"),
    (bundle.CHECKS, b"\xff\n"),
    (bundle.REPORT, b"{}"),
    (bundle.EXCHANGES, b"9" * 5_000),
]


@pytest.mark.parametrize(("name", "content"), HOSTILE)
def test_hostile_files_that_are_signed_are_told_and_crash_nothing(
    small: Path, signer: CryptoSigner, tmp_path: Path, name: str, content: bytes
) -> None:
    resigned(small, tmp_path / "bundle", signer, {name: lambda _: content})
    checked = checked_at(tmp_path / "bundle")
    assert not checked.valid
    assert name in [one.name for one in checked.findings]
    assert list(lines(checked))


def resigned(source: Path, folder: Path, signer: CryptoSigner, changes: dict[str, Callable[[bytes], bytes]], **said: Any) -> None:
    """Write a bundle with changed files and matching digests, signed again, as the owner of the key could do."""
    from contract_tests.certification.signing import opened, public_key_in
    from contract_tests.certification.statement import sha256

    folder.mkdir()
    files = {path.name: path.read_bytes() for path in source.iterdir()}
    files |= {name: change(files[name]) for name, change in changes.items()}
    statement = json.loads(opened(files[bundle.STATEMENT], public_key_in(files[bundle.KEY])))
    files[bundle.LINES] = bundle.lines_of(files)
    for subject in statement["subject"]:
        subject["digest"]["sha256"] = sha256(files[subject["name"]])
    statement["predicate"]["certificate"] |= said
    files[bundle.STATEMENT] = signed(canonical(statement), signer)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def test_a_verdict_that_the_checks_do_not_add_up_to_is_found(written: Path, signer: CryptoSigner, tmp_path: Path) -> None:
    def forged(content: bytes) -> bytes:
        return content.replace(b'"exercised": ', b'"exercised": 1', 1)

    resigned(written, tmp_path / "bundle", signer, {bundle.REPORT: forged})
    found = checked_at(tmp_path / "bundle").findings
    assert any(one.name == bundle.REPORT and "add up to" in one.text and one.line > 1 for one in found)


def test_a_check_that_was_left_out_is_found(written: Path, signer: CryptoSigner, tmp_path: Path) -> None:
    def shortened(content: bytes) -> bytes:
        return b"".join(content.splitlines(keepends=True)[:-500])

    resigned(written, tmp_path / "bundle", signer, {bundle.CHECKS: shortened})
    assert not checked_at(tmp_path / "bundle").valid


def test_a_failure_that_was_made_a_pass_is_found(run: Run, signer: CryptoSigner, tmp_path: Path) -> None:
    entries = list(run.log.entries)
    at = next(at for at, one in enumerate(entries) if isinstance(one, Check) and one.requirement == "create.status")
    entry = entries[at]
    assert isinstance(entry, Check)
    entries[at] = entry._replace(passed=False, why="the status is 500 and not 201")
    failed = replace(run, log=replace(run.log, entries=tuple(entries)))
    bundle.write(tmp_path / "bundle", failed, product.read(PRODUCT), PRODUCT, signer, ISSUED, NONCE)
    found = checked_at(tmp_path / "bundle").findings
    assert any("It says outcome passed of create.status" in one.text for one in found)


def test_an_exchange_that_is_missing_is_found(written: Path, signer: CryptoSigner, tmp_path: Path) -> None:
    def without_one(content: bytes) -> bytes:
        return b"".join(content.splitlines(keepends=True)[1:])

    resigned(written, tmp_path / "bundle", signer, {bundle.EXCHANGES: without_one})
    found = checked_at(tmp_path / "bundle").findings
    assert any(one.name == bundle.CHECKS and "is not in the bundle" in one.text for one in found)


@pytest.mark.parametrize(("effort", "left_out"), sample([("quick", ()), ("standard", ()), ("thorough", ("7 of 300 tests",))]))
def test_less_than_a_whole_thorough_run_is_never_valid(
    run: Run, signer: CryptoSigner, tmp_path: Path, effort: str, left_out: tuple[str, ...]
) -> None:
    less = replace(run, effort=effort, left_out=left_out)
    bundle.write(tmp_path / "bundle", less, product.read(PRODUCT), PRODUCT, signer, ISSUED, NONCE)
    assert not checked_at(tmp_path / "bundle").valid


def test_another_key_is_not_the_trusted_one(written: Path) -> None:
    other = CryptoSigner.generate_ed25519().public_key
    [found] = checked_at(written, trusted=other).findings
    assert "the trusted one is" in found.text


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (LIFETIME - timedelta(days=1), ""),
        (LIFETIME + timedelta(seconds=1), "It is expired"),
        (-timedelta(days=2), "in the future"),
    ],
)
def test_its_lifetime(after: timedelta, said: str) -> None:
    lifetime = Lifetime(ISSUED, ISSUED + LIFETIME, ISSUED + after, 2)
    assert said in " ".join(lifetime.objections())
    assert bool(said) == bool([*lifetime.objections()])


def test_what_is_expired_is_not_valid(written: Path) -> None:
    [found] = checked_at(written, ISSUED + timedelta(days=366)).findings
    assert "It is expired" in str(found)


def test_a_lifetime_that_was_prolonged_is_found(written: Path, signer: CryptoSigner, tmp_path: Path) -> None:
    resigned(written, tmp_path / "bundle", signer, {}, not_after="2036-12-01T10:00:00Z")
    assert not checked_at(tmp_path / "bundle").valid


def test_a_newer_catalogue_supersedes_it() -> None:
    superseded, current, unknown = (Lifetime(ISSUED, ISSUED + LIFETIME, ISSUED, 2, newest).state for newest in (3, 2, None))
    assert superseded.startswith("superseded")
    assert current.endswith("of the newest catalogue")
    assert "not known" in unknown


def test_a_nonce_that_no_response_repeats_is_found(run: Run, signer: CryptoSigner, tmp_path: Path) -> None:
    other = replace(run, id="fedcba9876543210")
    bundle.write(tmp_path / "bundle", other, product.read(PRODUCT), PRODUCT, signer, ISSUED, "fedcba9876543210")
    found = checked_at(tmp_path / "bundle").findings
    assert any("No response repeats the nonce" in one.text for one in found)
