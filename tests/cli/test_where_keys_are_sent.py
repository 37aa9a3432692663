"""Only whoever runs the command decides where keys are sent: no file in a checkout and no report can."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.app import create_app
from tests.cli.command import Ended, below, is_without_verdict, key_options
from tests.cli.forking import accord

Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "get.answer")
SERVER = key_options("--server-key")


@pytest.mark.parametrize(
    ("name", "table"), [("accord.toml", ""), ("pyproject.toml", "[tool.accord]\n")], ids=["accord.toml", "pyproject.toml"]
)
@pytest.mark.parametrize("command", [["verify"], ["load"], ["profile"], ["replay", "x.json", "--requirement", "get.answer"]])
def test_a_file_that_lies_there(tmp_path: Path, name: str, table: str, command: list[str]) -> None:
    asked: list[str] = []
    with below(create_app(), "", asked) as url:
        (tmp_path / name).write_text(f'{table}url = "{url}"\n', encoding="utf-8")
        ended = accord(tmp_path, *command, *SERVER)
    assert ended.code == 2, ended.said
    assert ended.err.startswith(f"accord: {name} says where keys are sent (url).")
    assert "ACCORD_URL" in ended.err
    assert not asked


@pytest.mark.parametrize(
    "setting",
    [
        *('master_host = "elsewhere.example"', "master_port = 5558", 'store = "postgresql://elsewhere.example/x"'),
        *('report_dir = ".."', 'report_dir = "/tmp"', 'report_dir = "link/x"', 'ready_file = "../ready"'),
        *('store = "sqlite:///../state.db"', 'store = "sqlite:////tmp/state.db"'),
    ],
)
def test_what_else_such_a_file_may_not_say(tmp_path: Path, setting: str) -> None:
    (tmp_path / "link").symlink_to("/tmp")
    (tmp_path / "accord.toml").write_text(f"{setting}\n", encoding="utf-8")
    for command in ("verify", "load", "mock"):
        ended = accord(tmp_path, command)
        assert ended.code == 2, ended.said
        assert "only if it is named with --config" in ended.err
        assert setting.partition(" ")[0] in ended.err


def test_a_file_that_was_named(tmp_path: Path, mock: str) -> None:
    (tmp_path / "own.toml").write_text(f'url = "{mock}"\neffort = "quick"\nonly = "get.answer"\n', encoding="utf-8")
    ended = accord(tmp_path, "--config", "own.toml", "verify", *SERVER)
    assert ended.code == 0, ended.said
    assert ended.report["target"]["base_url"] == mock


@pytest.mark.extended
def test_the_variable(tmp_path: Path, mock: str, verify: Verify) -> None:
    ended = verify(*SERVER, *QUICK, environment={"ACCORD_URL": mock})
    assert ended.code == 0, ended.said
    assert ended.report["target"]["base_url"] == mock
    ended = verify(mock, *SERVER, *QUICK, environment={"ACCORD_URL": "http://127.0.0.1:9"})
    assert ended.code == 0, ended.said
    ended = accord(tmp_path, "profile", *SERVER, environment={"ACCORD_URL": mock})
    assert ended.code == 0, ended.said
    ended = verify(*SERVER, *QUICK, environment={"ACCORD_URL": "http://127.0.0.1:9"})
    is_without_verdict(ended, 2, "http://127.0.0.1:9 cannot be reached")


def test_a_replay_goes_where_it_is_told(tmp_path: Path, faulty: str) -> None:
    asked: list[str] = []
    with below(create_app(), "", asked) as elsewhere:
        assert accord(tmp_path, "verify", faulty, *SERVER, "--effort", "quick", "--only", "create.priority-*").code == 1
        path = tmp_path / "accord-report" / "report.json"
        report = json.loads(path.read_text(encoding="utf-8"))
        report["target"]["base_url"] = elsewhere
        path.write_text(json.dumps(report), encoding="utf-8")
        command: tuple[str | Path, ...] = ("replay", path, "--requirement", "create.priority-kept", *SERVER)
        ended = accord(tmp_path, *command)
        assert ended.code == 2, ended.said
        assert elsewhere in ended.err
        assert "--url" in ended.err
        assert accord(tmp_path, *command, "--url", faulty).code == 1
        assert accord(tmp_path, *command, environment={"ACCORD_URL": faulty}).code == 1
    assert not asked


def test_paths_in_a_file_are_as_seen_from_it(tmp_path: Path, mock: str) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    spec = Path(__file__).parents[2] / "spec" / "openapi.yaml"
    (folder / "copy.yaml").write_bytes(spec.read_bytes())
    (folder / "own.toml").write_text('spec = "copy.yaml"\nreport_dir = "reports"\neffort = "quick"\nonly = "get.answer"\n')
    ended = accord(tmp_path, "--config", "settings/own.toml", "verify", mock, *SERVER)
    assert ended.code == 0, ended.said
    assert (folder / "reports" / "report.html").is_file()
    (folder / "own.toml").write_text('keys = "absent-keys.yaml"\nprofile = "absent-profile.yaml"\n')
    ended = accord(tmp_path, "--config", "settings/own.toml", "mock", "--port", "0")
    assert ended.code == 2
    assert "settings/absent-profile.yaml" in ended.err
    (folder / "own.toml").write_text('scenario = "absent.yaml"\n')
    ended = accord(tmp_path, "--config", "settings/own.toml", "mock", "--port", "0")
    assert "settings/absent.yaml" in ended.err


@pytest.mark.parametrize(
    "text",
    [
        *("seed = true", "seed = 1.5", "seed = 2024-01-01", "only = [1, [2]]", "timeout = [1]", "timeout = nan", "effort = 3"),
        *("strict = 5", "list_only = true", 'report_dir = "a\\u0000b"', 'only = "a\\u001bb"', f"seed = {'9' * 5000}"),
        *(f"only = {'[' * 5000}", "x = {}", "[[only]]", "output = 'x'"),
    ],
    ids=lambda text: text[:30],
)
def test_a_setting_of_the_wrong_type(tmp_path: Path, text: str) -> None:
    (tmp_path / "accord.toml").write_text(f"{text}\n", encoding="utf-8")
    is_without_verdict(accord(tmp_path, "verify", "http://127.0.0.1:9", *SERVER), 2)


def test_a_contract_document_whose_paths_lead_elsewhere(tmp_path: Path, mock: str) -> None:
    spec = (Path(__file__).parents[2] / "spec" / "openapi.yaml").read_text(encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(spec.replace("  /api/v1/", '  "@elsewhere.example/api/v1/', 1).replace("/:\n", '/":\n', 1))
    ended = accord(tmp_path, "verify", mock, *SERVER, "--spec", "spec.yaml")
    is_without_verdict(ended, 2, "does not begin with /: @elsewhere.example/api/v1/")
