"""`--catalogue`: what only something newer than the version found is pending in every report, and fails no run."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.reports.report_json import SCHEMA_FILE
from mockserver.serving.server import serving
from tests.cli.command import Ended, is_without_verdict, key_options
from tests.defects.registry import all_defects
from tests.sampling import chosen

Verify = Callable[..., Ended]

OLD_REQUIREMENT = ("requester-names-overwritten-by-other-case", "create.existing-user-names", "create.*")
"""A server that is broken in what only a newer check of an older requirement sees."""

NEW_REQUIREMENT = ("cookies-post-wants-a-token", "auth.cookies", "auth.c*")
BROKEN = pytest.mark.parametrize(("defect", "requirement", "only"), chosen([OLD_REQUIREMENT, NEW_REQUIREMENT], {1}))


def test_the_servers_are_broken_in_what_they_are_said_to_be() -> None:
    assert [load_catalogue()[requirement].since for _, requirement, _ in (OLD_REQUIREMENT, NEW_REQUIREMENT)] == [1, 2]


@BROKEN
def test_pinned_to_an_older_version_a_finding_is_pending(verify: Verify, defect: str, requirement: str, only: str) -> None:
    with serving(all_defects()[defect].app()) as url:
        ended = verify(url, *key_options(), "--effort", "quick", "--only", only, "--catalogue", "1")
    assert ended.code == 0, ended.said
    report = ended.report
    Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))).validate(report)
    assert report["suite"]["catalogue"] == {"version": 1, "pinned": True}
    assert (report["verdict"], report["exit_code"]) == ("conformant", 0)
    [entry] = [entry for entry in report["requirements"] if entry["outcome"] != "passed"]
    assert (entry["id"], entry["outcome"], entry["standing"]) == (requirement, "failed", "pending")
    assert entry["evidence"]
    assert report["counts"]["must"]["failed"] == 1

    folder = ended.directory / "accord-report"
    assert "Pending" in ended.out
    assert f"… {requirement}: " in ended.out
    assert "pending: version 2 of the catalogue brought it" in " ".join(ended.out.split())
    assert "Judged by version 1 of the catalogue, as --catalogue asks" in ended.out
    assert "and 1 finding of newer checks is pending." in ended.out
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert f"### Pending\n\n- `{requirement}`: " in summary
    assert "### Failed" not in summary
    case = next(case for case in ET.parse(folder / "junit.xml").iter("testcase") if case.get("name") == requirement)
    assert [child.tag for child in case] == ["skipped", "system-out"]
    assert case[0].get("message", "").startswith("Pending: version 2 of the catalogue brought it. ")
    assert "curl" in (case[1].text or "")
    assert 'class="known">pending: version 2 of the catalogue brought it<' in (folder / "report.html").read_text(encoding="utf-8")


@BROKEN
def test_by_the_newest_version_it_fails(verify: Verify, defect: str, requirement: str, only: str) -> None:
    with serving(all_defects()[defect].app()) as url:
        ended = verify(url, *key_options(), "--effort", "quick", "--only", only)
    assert ended.code == 1, ended.said
    assert ended.with_outcome("failed") == {requirement}
    assert ended.report["suite"]["catalogue"] == {"version": 2, "pinned": False}
    assert "Judged by version 2 of the catalogue; pin it with --catalogue 2." in ended.out


def test_what_an_older_check_finds_fails_a_pinned_run(verify: Verify, faulty: str) -> None:
    ended = verify(faulty, *key_options(), "--effort", "quick", "--only", "create.priority-*", "--catalogue", "1")
    assert ended.code == 1, ended.said
    [failed] = [entry for entry in ended.report["requirements"] if entry["outcome"] == "failed"]
    assert "standing" not in failed


def test_fail_fast_does_not_stop_at_what_is_pending(verify: Verify) -> None:
    defect, requirement, only = NEW_REQUIREMENT
    with serving(all_defects()[defect].app()) as url:
        ended = verify(
            url, *key_options(), "--effort", "quick", "--only", only, "--only", "get.answer", "--fail-fast", "--catalogue", "1"
        )
    assert ended.code == 0, ended.said
    assert ended.outcomes == {**dict.fromkeys(ended.outcomes, "passed"), requirement: "failed"}


@pytest.mark.parametrize("version", ["0", "99", "1.4", "newest", ""])
def test_a_version_that_there_is_not(verify: Verify, mock: str, version: str) -> None:
    is_without_verdict(verify(mock, *key_options(), "--catalogue", version), 2, f"no version {version!r}", "Versions are 1 to 2")
