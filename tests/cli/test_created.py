"""What a run leaves behind: never more than it may, all of it named, and closed at the end where that was asked for."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract_tests.run.plan import TABLE
from contract_tests.transport.creations import Creations, Exhausted
from contract_tests.transport.exchange import Call, Exchange
from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import Ended, key_options
from tests.cli.test_verify_ended_early import started

Verify = Callable[..., Ended]
SOME = ("--effort", "quick", "--only", "create.priority-*", "--only", "create.id-unique", "--only", "any.concurrent-creates")


class Counted:
    """A server that notes what was created, and what was resolved."""

    def __init__(self) -> None:
        self.created: list[str] = []
        self.resolved = 0
        self._app = create_app()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        status: list[str] = []

        def noted(said: str, *rest: Any) -> Any:
            status.append(said)
            return start_response(said, *rest)

        body = b"".join(self._app(environ, noted))
        if environ["REQUEST_METHOD"] == "POST" and status[0].startswith("2"):
            if environ["PATH_INFO"].endswith("/conversations/create/"):
                self.created.append(json.loads(body)["id"])
            self.resolved += "resolve" in environ["PATH_INFO"]
        return [body]


@contextmanager
def counted() -> Iterator[tuple[str, Counted]]:
    server = Counted()
    with serving(server) as url:
        yield url, server


def named(directory: Path) -> list[str]:
    return (directory / "accord-report" / "created.txt").read_text("utf-8").split()


@pytest.mark.parametrize("workers", ["1", "3"])
def test_no_run_creates_one_too_many(verify: Verify, workers: str) -> None:
    with counted() as (url, server):
        ended = verify(url, *key_options(), *SOME, "--max-conversations", "20", "--workers", workers)
    assert ended.code == 3, ended.said
    assert len(server.created) <= 20
    assert sorted(named(ended.directory)) == sorted(server.created)
    assert ended.report["run"]["conversations"] == {"created": len(server.created), "most": 20}
    assert "With --max-conversations 20, " in ended.err
    undecided = {one["id"] for one in ended.report["requirements"] if one["outcome"] == "inconclusive"}
    assert "create.priority-kept" in undecided
    assert undecided <= set(ended.err.split("decided: ")[1].splitlines()[0].split(", "))


def test_with_room_for_all_everything_is_decided(verify: Verify) -> None:
    with counted() as (url, server):
        ended = verify(url, *key_options(), "--effort", "quick", "--only", "get.unknown-id", "--max-conversations", "60")
    assert ended.code == 0, ended.said
    assert "cannot be decided" not in ended.err
    assert sorted(named(ended.directory)) == sorted(server.created)


def test_three_hundred_are_enough_to_decide_everything(verify: Verify) -> None:
    with counted() as (url, server):
        ended = verify(url, *key_options(), "--effort", "quick", "--max-conversations", "300", "--workers", "1")
    assert ended.code == 0, ended.said
    assert len(server.created) <= 300
    assert "cannot be decided" not in ended.err
    assert "leaves no room for" in ended.err
    text_test = "test_create_bodies.py::test_text_and_metadata_come_back_as_they_were_sent"
    assert any(one.startswith(text_test) for one in ended.report["run"]["left_out"]), ended.report["run"]["left_out"]
    assert not ended.with_outcome("inconclusive")
    # Nothing more can be created by then, and what was is read again at the end all the same.
    assert ended.report["run"]["requests_by_area"]["read_again"] > 30


def test_the_preflight_counts(verify: Verify) -> None:
    with counted() as (url, server):
        ended = verify(url, *key_options(), "--effort", "quick", "--only", "get.unknown-id", "--max-conversations", "1")
    assert ended.code == 2, ended.said
    assert "--max-conversations 1" in ended.err
    assert len(server.created) <= 1


def test_its_own_are_closed_at_the_end(verify: Verify) -> None:
    with counted() as (url, server):
        ended = verify(url, *key_options(), "--effort", "quick", "--only", "get.unknown-id", "--resolve-at-end")
    assert ended.code == 0, ended.said
    assert ended.report["run"]["conversations"] == {"created": len(server.created), "resolved": len(server.created)}
    assert server.resolved >= len(server.created)
    assert f"resolved {len(server.created)} of them at the end" in " ".join(ended.out.split())


@pytest.mark.parametrize(("by", "workers"), [(signal.SIGINT, "1"), (signal.SIGKILL, "1"), (signal.SIGKILL, "2")])
def test_a_run_that_ends_early_has_named_all(tmp_path: Path, by: signal.Signals, workers: str) -> None:
    with counted() as (url, server):
        with started(tmp_path, "verify", url, *key_options(), "--effort", "quick", "--workers", workers) as run:
            until = time.monotonic() + 60
            while len(server.created) < 25 and time.monotonic() < until:
                time.sleep(0.02)
            run.end(by, group=True)
        assert len(server.created) >= 25
        # A killed process cannot write down the conversations whose responses were just arriving.
        unwritten = set(server.created) - set(named(tmp_path))
        assert len(unwritten) <= (0 if by is signal.SIGINT else 8)
        assert not set(named(tmp_path)) - set(server.created)


def test_another_runs_list_does_not_stay(verify: Verify, tmp_path: Path) -> None:
    (tmp_path / "accord-report").mkdir()
    (tmp_path / "accord-report" / "created.txt").write_text("of-another-run\n", encoding="utf-8")
    ended = verify("http://127.0.0.1:9", *key_options("--server-key"))
    assert ended.code == 2
    assert ended.files == {"accord-report/report.json"}


CREATE = Call("POST", "/api/v1/conversations/create/")


def response(status: int, body: object = None) -> Exchange:
    return Exchange(CREATE, "http://it", status, {}, json.dumps(body or {}).encode(), 0.0)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Creations]:
    creations = Creations(tmp_path / "count", 3, str(tmp_path / "created.txt"))
    creations.recognize("run1", "example.com")
    yield creations
    creations.close()


def left(creations: Creations) -> int:
    """Count how many more conversations may be created, by reserving them all."""
    room = 0
    while True:
        try:
            creations.reserve()
        except Exhausted:
            return room
        room += 1


@pytest.mark.parametrize(
    ("responded", "expected"),
    [
        (response(201, {"id": "a"}), 2),
        (response(400), 3),
        (response(400, {"id": "a"}), 2),
        (response(429), 3),
        (response(500), 2),
        (response(503), 2),
        (response(0), 2),
        (response(200), 2),
    ],
    ids=["created", "refused", "refused with an id", "too many", "error", "gateway", "dropped", "no id"],
)
def test_what_counts(three: Creations, responded: Exchange, expected: int) -> None:
    three.reserve()
    three.settle(responded, creates=True, other=False)
    assert left(three) == expected


def test_no_response_counts(three: Creations) -> None:
    three.reserve()
    assert left(three) == 2


def test_what_is_seen_in_a_list_and_nobody_told_of_counts(three: Creations, tmp_path: Path) -> None:
    items = [
        {"id": "x", "requester": {"email": "user1.run1gw0@example.com"}},
        {"id": "y", "requester": {"email": "user1.run2@example.com"}},
        {"id": "z", "requester": None},
    ]
    listed = replace(response(200, {"results": items}), call=Call("GET", "/api/v1/conversations/"))
    three.seen(listed, other=False)
    three.seen(listed, other=False)
    assert left(three) == 2
    assert (tmp_path / "created.txt").read_text("utf-8") == "x\n"


def test_what_was_seen_before_it_was_told_counts_once(three: Creations) -> None:
    three.reserve()
    three.seen(response(200, {"results": [{"id": "x", "requester": {"email": "u.run1@example.com"}}]}), other=False)
    three.settle(response(201, {"id": "x"}), creates=True, other=False)
    assert left(three) == 2


def test_processes_share_the_count(tmp_path: Path) -> None:
    both = [Creations(tmp_path / "count", 50) for _ in range(2)]
    found: list[int] = []
    threads = [threading.Thread(target=lambda one=one: found.append(left(one))) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 50
    for one in both:
        one.close()


def test_an_id_is_one_line(three: Creations, tmp_path: Path) -> None:
    three.reserve()
    three.settle(response(201, {"id": "a\nb"}), creates=True, other=False)
    assert (tmp_path / "created.txt").read_text("utf-8") == "a\\nb\n"


def test_the_table_names_tests_that_there_are() -> None:
    suite = Path(TABLE).parents[1] / "suite"
    for name in json.loads(TABLE.read_text("utf-8"))["tests"]:
        file, _, function = name.partition("::")
        assert f"def {function}(" in (suite / file).read_text("utf-8"), f"{name}: run python -m tests.harness.creates"
