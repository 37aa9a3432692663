"""Mistakes of configuration end the run at once, with one clear message, and never show as failed requirements."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import KEYS, Ended, below, is_without_verdict, key_options

Verify = Callable[..., Ended]
WRONG = "bnc_sv_0000000000000000000000000000wrong"
WRONG_CLIENT = "bnc_cl_0000000000000000000000000000wrong"
SERVER = ("--server-key", KEYS.server)


def is_a_mistake(ended: Ended, *named: str) -> None:
    """Check for exit code 2, one or two lines that name what to correct, and a report without a verdict as the only file."""
    is_without_verdict(ended, 2, *named)
    assert ended.files == {"accord-report/report.json"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ((), ["--server-key", "ACCORD_SERVER_KEY"]),
        (("--server-key", WRONG), ["--server-key"]),
        ((*SERVER, "--client-key", WRONG_CLIENT), ["--client-key"]),
        ((*SERVER, "--other-server-key", WRONG), ["--other-server-key"]),
        (("--server-key", KEYS.revoked), ["--server-key"]),
        (("--server-key", KEYS.client, "--client-key", KEYS.server), ["--server-key", "--client-key"]),
        ((*SERVER, "--client-key", KEYS.server), ["--client-key", "same key"]),
        ((*SERVER, "--other-server-key", KEYS.server), ["--other-server-key", "same key"]),
        ((*SERVER, "--origin-client-key", KEYS.origin_client), ["--origin-client-key", "--origin"]),
        ((*SERVER, "--origin", KEYS.origin), ["--origin-client-key", "--origin"]),
        (("--server-key", "a key"), ["--server-key"]),
        (("--server-key", "bnc_sv_schlüssel"), ["--server-key"]),
    ],
    ids=[
        "none",
        "server wrong",
        "client wrong",
        "other wrong",
        "server revoked",
        "swapped",
        "client same",
        "other same",
        "origin without key",
        "key without origin",
        "with a space",
        "not ASCII",
    ],
)
def test_keys(verify: Verify, mock: str, options: tuple[str, ...], named: list[str]) -> None:
    is_a_mistake(verify(mock, *options), *named)


def test_a_key_for_the_embedded_mock(verify: Verify) -> None:
    is_a_mistake(verify(*SERVER), "--server-key", "no URL")


def test_a_wrong_base_path(verify: Verify, mock: str) -> None:
    is_a_mistake(verify(f"{mock}/helpdesk", *SERVER), f"{mock}/helpdesk/api/v1/conversations/", "/api/v1/")


def test_the_path_of_the_api_in_the_url(verify: Verify, mock: str) -> None:
    is_a_mistake(verify(f"{mock}/api/v1", *SERVER), "/api/v1")


def test_a_base_path(verify: Verify) -> None:
    asked: list[str] = []
    with below(create_app(), "/help/desk", asked) as url:
        ended = verify(f"{url}/", *key_options(), "--effort", "quick", "--only", "get.*")
        assert ended.code == 0, ended.said
        assert ended.report["target"]["base_url"] == url
        assert [path for path in asked if not path.startswith("/help/desk/api/v1/")] == []


def pages(status: str, body: bytes, *headers: tuple[str, str]) -> Callable[..., Any]:
    """Make a server that responds to everything with the same page."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response(status, [("Content-Type", "text/html"), *headers])
        return [body]

    return answer


@pytest.mark.parametrize(
    ("status", "headers", "named"),
    [
        ("404 Not Found", [], "not found"),
        ("301 Moved Permanently", [("Location", "https://elsewhere.test/")], "https://elsewhere.test/"),
        ("429 Too Many Requests", [("Retry-After", "3600")], "429"),
    ],
    ids=["404", "301", "429"],
)
def test_a_page_for_people(verify: Verify, status: str, headers: list[tuple[str, str]], named: str) -> None:
    with serving(pages(status, b"<h1>Welcome</h1>", *headers)) as url:
        is_a_mistake(verify(url, *key_options(), "--effort", "quick"), named)


def test_a_page_for_people_that_is_found(verify: Verify) -> None:
    """A page with status 200 never conforms, whether it counts as a mistake or as a server with wrong responses."""
    with serving(pages("200 OK", b"<h1>Welcome</h1>")) as url:
        ended = verify(url, *key_options("--server-key"), "--effort", "quick", "--only", "get.*")
    assert ended.code in (1, 2, 3), ended.said


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_server_that_says_nothing(verify: Verify, silent: str) -> None:
    is_a_mistake(verify(silent, *SERVER, "--timeout", "0.3"), "time limit", "--timeout")


def test_a_host_without_a_name(verify: Verify) -> None:
    is_a_mistake(verify("http://nowhere.invalid", *SERVER), "nowhere.invalid cannot be reached")


def test_something_that_does_not_speak_http(verify: Verify) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The port is closed again before the run, so no TLS handshake can begin.
        port = listener.getsockname()[1]
    is_a_mistake(verify(f"https://127.0.0.1:{port}", *SERVER), "cannot be reached")


def test_https_of_a_server_that_speaks_http(verify: Verify, mock: str) -> None:
    is_a_mistake(verify(mock.replace("http://", "https://"), *SERVER), "cannot be reached")
