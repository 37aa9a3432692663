"""The settings of a run from options, environment variables and files, and which of them takes precedence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from contract_tests.contract.catalogue import load_catalogue
from tests.cli.command import KEYS, OPTIONS, Ended, key_options
from tests.cli.forking import accord

Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "get.answer")
NEEDS = {
    "--client-key": {
        "auth.client-operations",
        "tier.refused",
        "tier.refusal-status",
        "tier.refusal-changes-nothing",
        "origin.unrestricted",
    },
    "--revoked-key": {"auth.revoked-key"},
    "--other-server-key": {f"isolation.{of}" for of in ("list", "get", "messages", "create-message", "resolve", "existence")},
    "--origin-client-key": {
        *("origin.allowed", "origin.other", "origin.refusal-changes-nothing"),
        *("origin.preflight", "origin.readable"),
    },
    "--webhook-listen": {requirement.id for requirement in load_catalogue() if requirement.id.startswith("webhook.")},
}
"""The requirements that are not tested without an option."""


def variables(*names: str) -> dict[str, str]:
    """The keys as environment variables."""
    return {f"ACCORD_{name[2:].replace('-', '_').upper()}": OPTIONS[name] for name in names or OPTIONS}


def test_keys_from_the_environment(verify: Verify, mock: str) -> None:
    ended = verify(mock, *QUICK, environment=variables())
    assert ended.code == 0, ended.said
    assert set(ended.report["target"]["keys"]) == {"server", "client", "revoked", "other_server", "origin_client"}


def test_settings_from_a_file(tmp_path: Path, mock: str) -> None:
    lines = [f'{name[2:]} = "{key}"' for name, key in OPTIONS.items()]
    settings = [*lines, 'effort = "quick"', 'only = ["get.answer", "get.unknown-id"]', "seed = 7", "timeout = 5"]
    (tmp_path / "accord.toml").write_text("\n".join(settings), encoding="utf-8")
    ended = accord(tmp_path, "verify", mock)
    assert ended.code == 0, ended.said
    assert (ended.report["run"]["seed"], ended.report["run"]["effort"]) == (7, "quick")
    assert set(ended.outcomes) == {"get.answer", "get.unknown-id"}


def test_settings_from_pyproject(tmp_path: Path, mock: str) -> None:
    table = f'[tool.accord]\nserver_key = "{KEYS.server}"\neffort = "quick"\nonly = "get.unknown-id"\n'
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    ended = accord(tmp_path, "verify", mock)
    assert ended.code == 0, ended.said
    assert set(ended.outcomes) == {"get.unknown-id"}


def test_the_option_counts_before_the_variable_and_that_before_the_file(tmp_path: Path, mock: str) -> None:
    (tmp_path / "accord.toml").write_text('seed = 1\ntimeout = 1\neffort = "thorough"\nreport_dir = "by-file"\n', encoding="utf-8")
    environment = {"ACCORD_SEED": "2", "ACCORD_EFFORT": "standard", **variables("--server-key")}
    ended = accord(tmp_path, "verify", mock, "--effort", "quick", "--only", "get.unknown-id", environment=environment)
    assert ended.code == 0, ended.said
    assert "by-file/report.html" in ended.out
    report = (tmp_path / "by-file" / "report.json").read_text(encoding="utf-8")
    assert '"seed": 2' in report
    assert '"effort": "quick"' in report


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('sever_key = "x"', ["sever_key", "server_key"]),
        ("colour = true", ["colour"]),
        ("[verify]\nseed = 1", ["verify"]),
        ("seed = ", ["accord.toml"]),
        ('effort = "fast"', ["fast"]),
    ],
    ids=["misspelt", "unknown", "table", "not TOML", "bad value"],
)
def test_a_mistake_in_a_file(tmp_path: Path, mock: str, text: str, named: list[str]) -> None:
    (tmp_path / "accord.toml").write_text(text + "\n", encoding="utf-8")
    ended = accord(tmp_path, "verify", mock, *key_options("--server-key"))
    assert ended.code == 2, ended.said
    for part in named:
        assert part in ended.err


def test_without_a_key_its_requirements_are_not_tested_and_the_option_is_named(verify: Verify, mock: str) -> None:
    patterns = [
        part for area in ("auth.revoked-key", "tier.*", "origin.*", "isolation.*", "webhook.*") for part in ("--only", area)
    ]
    ended = verify(mock, *key_options("--server-key"), "--effort", "quick", *patterns, "--only", "auth.client-operations")
    assert ended.code == 0, ended.said
    assert ended.with_outcome("not_tested") == set().union(*NEEDS.values())
    reasons = {entry["id"]: entry["reason"] for entry in ended.report["requirements"]}
    for option, requirements in NEEDS.items():
        assert option in ended.out
        for requirement in requirements:
            assert option in reasons[requirement]


def test_what_would_be_checked_without_a_server(verify: Verify) -> None:
    ended = verify("--list", "--only", "resolve.*", "--skip", "resolve.twice")
    assert ended.code == 0, ended.said
    assert "resolve.closes" in ended.out
    assert "resolve.twice" not in ended.out
    assert "get.answer" not in ended.out


def test_a_cache_that_cannot_be_written(tmp_path: Path, mock: str) -> None:
    nowhere = {"XDG_CACHE_HOME": "/dev/null/cache"}
    ended = accord(
        tmp_path, "verify", mock, *key_options(), "--effort", "quick", "--only", "create.text-exact", environment=nowhere
    )
    assert ended.code == 0, ended.said


@pytest.mark.extended
def test_the_pace_is_that_of_all_workers_together(verify: Verify, mock: str) -> None:
    ended = verify(mock, *key_options(), "--effort", "quick", "--only", "get.*-id", "--workers", 3, "--requests-per-second", "40")
    assert ended.code == 0, ended.said
    run = ended.report["run"]
    assert run["requests"] / run["duration_s"] <= 41
