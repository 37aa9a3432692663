"""The log in a pipeline: one line with --quiet, groups where the CI system has them, and no commands from a server."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accord.terminal.log_groups import in_log
from mockserver.app import create_app
from mockserver.serving.server import WsgiApp, serving
from tests.cli.command import Ended, key_options
from tests.cli.forking import accord
from tests.sampling import sample

Verify = Callable[..., Ended]
QUICK = ("--effort", "quick", "--only", "create.priority-*")
GITHUB = {"GITHUB_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true"}


def test_quiet_says_the_verdict_in_one_line(verify: Verify, faulty: str, mock: str) -> None:
    for url, code, verdict in ((mock, 0, "CONFORMANT"), (faulty, 1, "NONCONFORMANT")):
        ended = verify(url, *key_options(), *QUICK, "--quiet")
        assert ended.code == code, ended.said
        assert re.fullmatch(rf"{verdict}  .+ \(exit code {code}\)\n", ended.out)
        assert ended.err == ""


def test_quiet_says_what_is_wrong_with_the_settings(verify: Verify) -> None:
    ended = verify("http://127.0.0.1:9", *key_options(), "--quiet")
    assert (ended.code, ended.out) == (2, "")
    assert "cannot be reached" in ended.err


def test_quiet_leaves_json_as_it_is(verify: Verify, faulty: str) -> None:
    ended = verify(faulty, *key_options(), *QUICK, "--quiet", "--format", "json")
    assert json.loads(ended.out)["verdict"] == "nonconformant"
    assert ended.err == ""


@pytest.mark.extended
def test_quiet_of_the_other_commands(tmp_path: Path, mock: str, faulty: str, faulty_report: Path) -> None:
    server, client = key_options("--server-key"), key_options("--client-key")
    ended = accord(tmp_path, "load", mock, *server, *client, "--duration", "1", "--users", "2", "--quiet")
    assert ended.code == 0, ended.said
    assert re.fullmatch(r"CONFORMANT  .+\n", ended.out)
    assert ended.err == ""
    replaying: tuple[str | Path, ...] = (
        "replay",
        faulty_report,
        "--requirement",
        "create.priority-kept",
        *server,
        *client,
        "--quiet",
    )
    ended = accord(tmp_path, *replaying, "--url", faulty)
    assert (ended.code, ended.out, ended.err) == (1, "STILL FAILING  create.priority-kept\n", "")
    ended = accord(tmp_path, "profile", mock, *server, *client, "--quiet", "--output", tmp_path / "profile.yaml")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_github_shows_findings_in_a_group_and_the_verdict_below(tmp_path: Path, faulty: str, mock: str) -> None:
    ended = accord(tmp_path, "verify", faulty, *key_options(), *QUICK, environment=GITHUB)
    assert ended.code == 1, ended.said
    lines = ended.out.splitlines()
    assert lines[0] == "::group::Accord: what was found"
    assert any("create.priority-kept" in line for line in lines[1 : lines.index("::endgroup::")])
    assert any("NONCONFORMANT" in line for line in lines[lines.index("::endgroup::") :])
    assert "::" not in accord(tmp_path, "verify", mock, *key_options(), *QUICK, environment=GITHUB).out


def test_gitlab_shows_findings_in_a_section(tmp_path: Path, faulty: str) -> None:
    ended = accord(tmp_path, "verify", faulty, *key_options(), *QUICK, environment=GITLAB)
    start, end = (re.search(rf"\x1b\[0Ksection_{what}:\d+:accord_findings[\r\n]\x1b\[0K", ended.out) for what in ("start", "end"))
    assert start is not None
    assert end is not None
    assert start.start() == 0
    assert "create.priority-kept" in ended.out[start.end() : end.start()]
    assert "NONCONFORMANT" in ended.out[end.end() :]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("  \t::add-mask::x", "  \t" + r"\x3a:add-mask::x"),
        ("\x1b[31m::error::x", "\x1b[31m" + r"\x3a:error::x"),
        ("one\n\u3000::stop-commands::x\nthree", "one\n\u3000" + r"\x3a:stop-commands::x" + "\nthree"),
        ("so ##[add-mask]x", r"so \x23#[add-mask]x"),
        ("a :: b, c::d", "a :: b, c::d"),
    ],
)
def test_no_line_commands_the_runner(monkeypatch: pytest.MonkeyPatch, text: str, shown: str) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert in_log(text) == text
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert in_log(text) == shown


def commanding() -> WsgiApp:
    """Make a server whose conversations contain commands to the CI runner that prints them."""
    app = create_app()

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        body = b"".join(app(environ, start_response))
        if environ["REQUEST_METHOD"] == "GET" and b'"subject"' in body:
            command = " ::error::planted ##[error]planted" * 30
            body = body.replace(b'"status": "open"', json.dumps({"status": command})[1:-1].encode())
            body = body.replace(b'"status":"open"', json.dumps({"status": command})[1:-1].encode())
        return [body]

    def sized(environ: dict[str, Any], start_response: Any) -> Any:
        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [pair for pair in headers if pair[0].lower() != "content-length"], *rest)

        return answer(environ, begin)

    return sized


@pytest.mark.parametrize("format", sample(["text", "json"]))
def test_a_server_writes_no_command_to_the_log(tmp_path: Path, format: str) -> None:
    with serving(commanding()) as url:
        where = ("verify", url, *key_options(), "--effort", "quick", "--only", "get.a*", "--format", format)
        ended = accord(tmp_path, *where, environment=GITHUB)
    assert ended.code == 1, ended.said
    assert "planted" in ended.out
    commands = [line for line in ended.said.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert set(commands) <= {"::group::Accord: what was found", "::endgroup::"}
    if format == "json":
        assert any("##[error]planted" in json.dumps(entry) for entry in json.loads(ended.out)["requirements"])
