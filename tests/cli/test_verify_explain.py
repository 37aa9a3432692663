"""--explain: by which requests a requirement was judged."""

import json
from collections.abc import Callable

import pytest

from tests.cli.command import KEYS, Ended, key_options


def test_the_requests_are_shown_after_the_verdict(verify: Callable[..., Ended], mock: str) -> None:
    ended = verify(mock, *key_options(), "--effort", "quick", "--only", "create.status", "--explain", "create.st*", "--quiet")
    assert ended.code == 0, ended.said
    first, _, *lines = ended.out.splitlines()
    assert first.startswith("CONFORMANT")
    assert lines[0].startswith("create.status  MUST  passed  ")
    assert any(line.startswith("  test_create.py::") for line in lines)
    shown = [line for line in lines if line.startswith("    passed  #")]
    assert shown
    assert all("  POST /api/v1/conversations" in line and line.endswith("  201") for line in shown if "alike" not in line)
    assert KEYS.server not in ended.out


def test_what_failed_comes_first(verify: Callable[..., Ended], faulty: str) -> None:
    ended = verify(
        faulty,
        *key_options(),
        "--effort",
        "quick",
        "--only",
        "create.*",
        "--explain",
        "create.*",
        "--format",
        "json",
        "--workers",
        2,
    )
    assert ended.code == 1, ended.said
    assert json.loads(ended.out)["verdict"] == "nonconformant"
    failed = [entry for entry in ended.report["requirements"] if entry["outcome"] == "failed"]
    lines = ended.complaints.splitlines()
    for entry in failed:
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{entry['id']}  MUST  failed"))
        assert any(line.startswith("    FAILED  gw") for line in lines[at : at + 6])


@pytest.mark.parametrize("name", ["create.statuss", "creates.*", "zzz"])
def test_an_unknown_id_ends_it_with_the_nearest(verify: Callable[..., Ended], name: str) -> None:
    ended = verify("http://127.0.0.1:9", *key_options(), "--explain", name)
    assert ended.code == 2
    assert f"--explain '{name}' names no requirement" in ended.err
    assert ("create.status" in ended.err) == name.startswith("create")


def test_what_was_not_selected_is_said_to_be_so(verify: Callable[..., Ended], mock: str) -> None:
    ended = verify(mock, *key_options(), "--effort", "quick", "--only", "create.status", "--explain", "get.answer", "--quiet")
    assert "get.answer  was not selected" in ended.out
