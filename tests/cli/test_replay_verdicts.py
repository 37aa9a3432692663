"""`accord replay` says FIXED only if the tests that saw the failure ran again, to their end."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.serving.server import WsgiApp, serving
from tests.cli.command import Ended, key_options
from tests.cli.forking import accord

FAULTY = "create.priority-kept"


def closing_after(creates: int) -> WsgiApp:
    """Make a server that conforms, but refuses every create after the first `creates`."""
    app, number = create_app(), itertools.count(1)

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].endswith("/create/") and next(number) > creates:
            start_response("403 Forbidden", [("Content-Type", "application/json")])
            return [b'{"detail": "No more."}']
        return app(environ, start_response)

    return answer


def replay(directory: Path, report: Path, url: str) -> Ended:
    keys = key_options("--server-key", "--client-key")
    return accord(directory, "replay", report, "--requirement", FAULTY, "--url", url, *keys)


def test_a_server_that_was_mended(tmp_path: Path, faulty_report: Path, mock: str) -> None:
    ended = replay(tmp_path, faulty_report, mock)
    assert ended.code == 0, ended.said
    assert ended.out.startswith(f"FIXED  {FAULTY}  ")


def test_a_server_that_was_not(tmp_path: Path, faulty_report: Path, faulty: str) -> None:
    ended = replay(tmp_path, faulty_report, faulty)
    assert ended.code == 1, ended.said
    assert ended.out.endswith(f"STILL FAILING  {FAULTY}\n")


@pytest.mark.parametrize("creates", [5, 6, 7])
def test_a_server_of_which_it_cannot_be_told(tmp_path: Path, faulty_report: Path, creates: int) -> None:
    with serving(closing_after(creates)) as url:
        ended = replay(tmp_path, faulty_report, url)
    assert ended.code == 3, ended.said
    assert ended.out.startswith(f"INCONCLUSIVE  {FAULTY}  It could not be told: A conversation could not be created (403).")
