"""Trials end, whatever the server does, and hand requests over as a network would."""

import os
import time
from collections.abc import Iterable
from typing import Any

import pytest
import requests

from mockserver.app import create_app
from tests.harness.trials import URL, Direct, Trial, try_all, try_apart, try_here


def test_a_server_that_conforms_is_found_to() -> None:
    trial = try_apart(lambda: try_here(create_app(scenario="empty"), only=("get.answer",)))
    assert (trial.verdict, trial.failed) == ("conformant", [])
    assert trial.requests > 10


def test_one_that_takes_too_long_is_given_up() -> None:
    def sleepy() -> Trial:
        time.sleep(60)
        return Trial("conformant")

    began = time.monotonic()
    trial = try_apart(sleepy, longest=0.3)
    assert trial.verdict == "error"
    assert "did not end" in trial.problems[0]
    assert time.monotonic() - began < 10


def test_one_that_takes_the_process_down_is_an_error() -> None:
    trial = try_apart(lambda: os._exit(7))
    assert (trial.verdict, trial.problems) == ("error", ["The run ended without a word."])


def test_one_that_cannot_be_made_is_an_error() -> None:
    def broken() -> Trial:
        raise LookupError("no such thing")

    assert try_apart(broken) == Trial("error", problems=["LookupError: no such thing"])


def test_a_slow_one_holds_up_no_other() -> None:
    def slow() -> Trial:
        time.sleep(1.0)
        return Trial("slow")

    found = [name for name, _ in try_all({"slow": slow, "fast": lambda: Trial("fast"), "too": lambda: Trial("fast")}, jobs=2)]
    assert found == ["fast", "too", "slow"]


@pytest.fixture
def session() -> requests.Session:
    """Return a session whose server echoes the request in its response."""

    def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("201 Created", [("Content-Type", "text/plain"), ("X-Twice", "a"), ("X-Twice", "b")])
        names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "HTTP_X_API_KEY", "HTTP_HOST")
        said = [str(environ.get(name)) for name in names]
        return [repr([*said, environ["wsgi.input"].read()]).encode()]

    session = requests.Session()
    session.mount(URL, Direct(echo, URL))
    return session


def test_a_request_arrives_whole(session: requests.Session) -> None:
    answer = session.post(
        f"{URL}/a%20b/%F0%9F%8E%89/", params={"q": "1 2"}, data=b"\x00\xff", headers={"X-API-Key": "k", "Content-Type": "t/p"}
    )
    path = "/a b/🎉/".encode().decode("latin-1")
    assert answer.text == repr(["POST", path, "q=1+2", "t/p", "k", "server.test", b"\x00\xff"])
    assert (answer.status_code, answer.headers["x-twice"]) == (201, "a, b")


def test_a_head_has_no_body(session: requests.Session) -> None:
    assert session.head(URL).content == b""
