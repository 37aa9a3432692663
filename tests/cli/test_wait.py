"""`--wait` waits for a server that is still starting, and reports the last error if it never comes up."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from accord.base.errors import AccordError
from contract_tests.run import waiting
from contract_tests.run.settings import Settings
from contract_tests.run.waiting import wait_until_up
from contract_tests.transport.stopping import Deadline
from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import KEYS, Ended, is_without_verdict, key_options
from tests.cli.test_verify_ended_early import started

Verify = Callable[..., Ended]


@contextmanager
def starting(statuses: list[int]) -> Iterator[str]:
    """Serve a gateway whose server is still starting: it responds once with each of these statuses, then normally."""
    left = list(statuses)
    app = create_app()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if left:
            start_response(f"{left.pop()} Not Yet", [])
            return [b""]
        return app(environ, start_response)

    with serving(answer) as url:
        yield url


def test_a_gateway_whose_server_is_just_starting(verify: Verify) -> None:
    with starting([502, 503, 504]) as url:
        ended = verify(url, *key_options(), "--wait", "30", "--effort", "quick", "--only", "get.answer")
    assert ended.code == 0, ended.said
    assert next(line for line in ended.err.splitlines() if "Waiting" in line).endswith("it answers 504")


def test_it_says_what_the_last_error_was(verify: Verify) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    ended = verify(f"http://127.0.0.1:{port}", *key_options("--server-key"), "--wait", "0.5")
    assert ended.code == 2
    waited, gave_up, hint = ended.err.splitlines()
    assert f"http://127.0.0.1:{port}" in waited
    assert "within 0.5 s" in gave_up
    assert "refused" in gave_up
    assert "--wait" in hint


def settings(url: str, **more: Any) -> Settings:
    return Settings(base_url=url, server_key=KEYS.server, **more)


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://nowhere.invalid"])
def test_what_is_not_there_is_waited_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "EVERY", 0.6)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    said: list[str] = []
    with pytest.raises(AccordError, match=r"The last error: .*(refused|has no address)"):
        wait_until_up(settings(url.format(port=port)), 1.5, said.append, Deadline())
    assert 2 <= len(said) <= 4


def test_a_connection_that_is_closed_is_waited_for() -> None:
    """A container's port accepts connections and closes them before anything listens inside: that is waited for, too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            for said in (b"", b"", b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"):
                connection, _ = listener.accept()
                with connection:
                    if said:
                        connection.recv(4096)
                        connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        wait_until_up(settings(f"http://127.0.0.1:{port}"), 30, lambda _: None, Deadline())
        thread.join()


def test_nothing_is_waited_for_unless_asked(verify: Verify) -> None:
    with starting([503] * 1000) as url:
        is_without_verdict(verify(url, *key_options("--server-key")), 2, "503")


def test_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with starting([503] * 10_000) as url, started(tmp_path, "verify", url, *key_options("--server-key"), "--wait", "300") as run:
        assert run.process.stdout is not None
        assert "Waiting" in run.process.stdout.readline()
        began = time.monotonic()
        code, took, said = run.end(signal.SIGINT, group=True)
        assert (code, took < 6, time.monotonic() - began < 6) == (3, True, True), said
        assert "Ctrl-C" in said
