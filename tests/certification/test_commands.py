"""The commands of certificates, as a user runs them."""

import json
import stat
from pathlib import Path

import pytest
import yaml

from tests.certification.conftest import PRODUCT
from tests.cli.command import accord, key_options


def test_keygen_never_overwrites(tmp_path: Path) -> None:
    made = accord(tmp_path, "keygen", "key")
    assert made.code == 0, made.said
    before = (tmp_path / "key").read_bytes()
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    for taken in ("key", "key.pub"):
        (tmp_path / taken).rename(tmp_path / "aside")
        again = accord(tmp_path, "keygen", "key")
        assert again.code == 2
        assert "never overwritten" in again.err
        (tmp_path / "aside").rename(tmp_path / taken)
    assert (tmp_path / "key").read_bytes() == before


def test_a_certificate_of_less_effort_is_written_and_reproduced_and_not_valid(mock: str, tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_bytes(PRODUCT)
    assert accord(tmp_path, "keygen", "key").code == 0
    given = ("--product", "product.yaml", "--signing-key", "key", "--effort", "quick", "--quiet")
    certified = accord(tmp_path, "certify", mock, *key_options(), *given)
    assert certified.code == 0, certified.said
    assert "it is not valid" in certified.out
    checked = accord(tmp_path, "check-certificate", "accord-certificate", "--trusted-key", "key.pub")
    assert checked.code == 1
    assert checked.out.splitlines() == [
        "NOT VALID  Example Ltd Desk 1.2.3",
        "  The run has the effort quick, and thorough is needed.",
    ]
    whole = b"".join(path.read_bytes() for path in (tmp_path / "accord-certificate").iterdir())
    assert not any(
        value.encode() in whole for name, value in zip(key_options()[::2], key_options()[1::2], strict=True) if "key" in name
    )
    again = accord(tmp_path, "certify", mock, *key_options(), *given)
    assert again.code == 2
    assert "is not empty" in again.err
    same = accord(tmp_path, "reverify", "accord-certificate", mock, *key_options(), "--quiet")
    assert same.code == 0, same.said
    assert same.out.splitlines()[-1].startswith("REPRODUCED  110 of 110")
    assert "The bundle is not valid: The run has the effort quick" in same.err


def test_what_would_not_be_tested_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_bytes(PRODUCT)
    assert accord(tmp_path, "keygen", "key").code == 0
    given = ("--product", "product.yaml", "--signing-key", "key")
    refused = accord(tmp_path, "certify", "http://127.0.0.1:9", *key_options("--server-key"), *given)
    assert refused.code == 2
    assert "Without --client-key" in refused.err
    assert "No bundle was written" in refused.err


def test_what_is_declared_unsupported_and_would_be_tested_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_bytes(PRODUCT.replace(b"webhook.*", b"[ow]*[br]*.*"))
    assert accord(tmp_path, "keygen", "key").code == 0
    given = ("--product", "product.yaml", "--signing-key", "key")
    refused = accord(tmp_path, "certify", "http://127.0.0.1:9", *key_options(), *given)
    assert refused.code == 2
    assert "declares origin.allowed, origin.other, origin.unrestricted" in refused.err
    assert "would be tested" in refused.err


def test_a_server_that_sends_webhooks_can_be_certified_by_its_listener(tmp_path: Path) -> None:
    without, _, more = PRODUCT.partition(b"unsupported:")
    (tmp_path / "product.yaml").write_bytes(without + b"attestations:" + more.partition(b"attestations:")[2])
    assert accord(tmp_path, "keygen", "key").code == 0
    given = ("--product", "product.yaml", "--signing-key", "key", "http://127.0.0.1:9", *key_options())
    refused = accord(tmp_path, "certify", *given)
    assert "Without --webhook-listen and --webhook-secret" in refused.err
    listening = accord(tmp_path, "certify", *given, "--webhook-listen", "127.0.0.1:0", "--webhook-secret", "whsec-of-a-test")
    assert listening.code == 2
    assert "Not certified" not in listening.err
    assert "127.0.0.1:9" in listening.err


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    ended = accord(tmp_path, "check-certificate", "nowhere")
    assert ended.code == 2
    assert "is no folder" in ended.err
    taken = accord(tmp_path, "reverify", "nowhere", "http://127.0.0.1:9", *key_options())
    assert taken.code == 2


@pytest.fixture
def faulty_report(faulty: str, tmp_path: Path) -> Path:
    """The report.json of a run that found a fault."""
    ended = accord(tmp_path, "verify", faulty, *key_options(), "--effort", "quick", "--only", "create.*", "--quiet")
    assert ended.code == 1, ended.said
    return tmp_path / "accord-report" / "report.json"


@pytest.mark.extended
def test_a_challenge_has_what_a_programme_needs(faulty_report: Path, tmp_path: Path) -> None:
    failed = next(one["id"] for one in json.loads(faulty_report.read_text())["requirements"] if one["outcome"] == "failed")
    made = accord(tmp_path, "challenge", failed, "--report", faulty_report, "--why", "It says otherwise:\n- there")
    assert made.code == 0, made.said
    document = yaml.safe_load((tmp_path / f"challenge-{failed}.yaml").read_text())
    assert document["requirement"] == failed
    assert document["sentence"]
    assert document["source"] in ("documented", "companion", "implied")
    assert document["why"] == "It says otherwise:\n- there"
    assert document["exchanges"][0]["request"]["method"]
    assert document["exchanges"][0]["response"]["status"]
    again = accord(tmp_path, "challenge", failed, "--report", faulty_report)
    assert again.code == 2
    assert "not overwritten" in again.err
    passed = accord(tmp_path, "challenge", "create.malformed-json", "--report", faulty_report)
    assert passed.code == 2
    assert "did not fail" in passed.err
