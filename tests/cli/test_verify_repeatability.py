"""Runs with the same seed send the same requests in the same order, except for the run's id; more workers find the same."""

import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.serving.server import WsgiApp, serving
from tests.cli import command
from tests.cli.command import Ended, key_options
from tests.cli.forking import accord
from tests.defects.registry import all_defects

Verify = Callable[..., Ended]
AREAS = ("create.*", "messages.*", "resolve.*")
"""Areas whose tests never send requests from two threads at the same time, so that their order is fixed."""


class Recorder:
    """An application that records method, path, query, keys, content type and body of each request, in order."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app
        self.requests: list[tuple[str, ...]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_API_KEY", "HTTP_AUTHORIZATION", "CONTENT_TYPE")
        self.requests.append((*(str(environ.get(name, "")) for name in names), body.decode("utf-8", "replace")))
        environ["wsgi.input"] = _Body(body)
        return self._app(environ, start_response)


class _Body:
    """A body that was read already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int | None = -1) -> bytes:
        end = len(self._data) if size is None or size < 0 else size
        data, self._data = self._data[:end], self._data[end:]
        return data


def asked(verify: Verify, seed: int, *only: str) -> list[tuple[str, ...]]:
    """Run the suite with this seed against a new server, and return the requests that it sent."""
    patterns = [part for area in only or AREAS for part in ("--only", area)]
    recorder = Recorder(create_app(scenario="empty"))
    with serving(recorder) as url:
        ended = verify(url, *key_options(), "--effort", "quick", *patterns, "--workers", 1, "--seed", seed, "--run-id", "the-same")
    assert ended.code == 0, ended.said
    return recorder.requests


def test_the_same_seed_asks_the_same(tmp_path: Path) -> None:
    # A real start each time, not a fork: hashes of strings, and so the order of sets, then differ between the runs.
    first, second = (asked(partial(command.accord, tmp_path, "verify"), 5) for _ in range(2))
    assert len(first) > 500
    pairs = enumerate(zip(first, second, strict=False))
    differing = next(((at, *pair) for at, pair in pairs if pair[0] != pair[1]), None)
    assert differing is None, [entry[-1] for entry in differing[1:]]
    assert len(first) == len(second)


@pytest.mark.extended
def test_two_runs_at_once_with_the_same_seed_accuse_nobody(tmp_path: Path) -> None:
    """Two runs at once on a new server, and two more on the same: no run blames the server for what another one created."""
    only = ("create.id-unique", "create.*-names", "list.*", "any.concurrent-*")
    with serving(create_app(scenario="empty")) as url:
        for turn in ("first", "second"):
            places = [tmp_path / f"{turn}-{number}" for number in range(2)]
            for place in places:
                place.mkdir()
            chosen = [part for glob in only for part in ("--only", glob)]
            options = ("verify", url, *key_options(), "--effort", "quick", *chosen, "--workers", 1, "--seed", 0)
            with ThreadPoolExecutor(2) as pool:
                both = list(pool.map(lambda place: accord(place, *map(str, options)), places))  # noqa: B023
            assert [ended.code for ended in both] == [0, 0], [ended.said for ended in both]
            assert both[0].report["run"]["id"] != both[1].report["run"]["id"]


def test_a_runs_id_is_kept_and_can_be_given(verify: Verify) -> None:
    ids = []
    recorder = Recorder(create_app(scenario="empty"))
    with serving(recorder) as url:
        for _ in range(2):
            ended = verify(url, *key_options(), "--only", "get.as-created", "--effort", "quick", "--run-id", "nightly-7")
            assert ended.code == 0, ended.said
            ids.append(ended.report["run"]["id"])
    assert ids[0] == "nightly-7"
    # The server has seen that id by now. The second run gets an id of its own, to keep its data apart.
    assert re.fullmatch("nightly-7-[0-9a-f]{4}", ids[1])
    created = [body for _, path, *_, body in recorder.requests if path.endswith("/conversations/create/")]
    assert all("nightly-7" in body for body in created)


@pytest.mark.parametrize("run_id", ["Nightly", "a b", "a@b", "-a", "a-", "a" * 33, "é"])
def test_an_id_that_no_address_can_carry_is_refused(verify: Verify, run_id: str) -> None:
    ended = verify("http://127.0.0.1:9", *key_options(), f"--run-id={run_id}")
    assert ended.code == 2
    assert "--run-id" in ended.err
    assert "a-z, 0-9 and -" in ended.err


def test_replay_repeats_the_id_on_a_server_that_does_not_know_it(verify: Verify, tmp_path: Path) -> None:
    defect = all_defects()["values-urgent-is-high"]
    with serving(defect.app()) as url:
        ended = verify(url, *key_options(), "--effort", "quick", "--only", "create.priority-kept", "--run-id", "again-1")
    assert ended.code == 1, ended.said
    recorder = Recorder(defect.app())
    with serving(recorder) as url:
        report = ended.directory / "accord-report" / "report.json"
        keys = key_options("--server-key", "--client-key")
        replayed = accord(tmp_path, "replay", report, "--requirement", "create.priority-kept", "--url", url, *keys)
    assert replayed.code == 1, replayed.said
    addresses = [found for *_, body in recorder.requests for found in re.findall(r"[\w.+-]+@example\.com", body)]
    repeated = [address for address in addresses if address.endswith(".again-1@example.com")]
    # At the end the run sends once more what it found, with other addresses.
    assert len(repeated) > 10
    assert addresses[: len(repeated)] == repeated


def test_another_seed_asks_otherwise(verify: Verify) -> None:
    assert asked(verify, 5, "get.as-created") != asked(verify, 6, "get.as-created")


@pytest.mark.extended
def test_two_workers_find_what_one_finds(verify: Verify, faulty: str) -> None:
    patterns = ("--only", "create.*", "--only", "resolve.*")
    one, two = (
        verify(faulty, *key_options(), "--effort", "quick", *patterns, "--workers", number, "--report-dir", f"by-{number}")
        for number in (1, 2)
    )
    assert (one.code, two.code) == (1, 1), two.said
    reports = [json.loads((one.directory / f"by-{number}" / "report.json").read_text(encoding="utf-8")) for number in (1, 2)]
    by_one, by_two = ({entry["id"]: entry["outcome"] for entry in report["requirements"]} for report in reports)
    assert by_one == by_two
    assert by_two["create.priority-kept"] == "failed"
    assert reports[1]["run"]["workers"] == 2
    # The requests of both workers are counted, so there are about as many as with one.
    assert reports[1]["run"]["requests"] > reports[0]["run"]["requests"] / 2


def test_two_workers_tell_what_no_encoding_holds(verify: Verify) -> None:
    with serving(all_defects()["text-lone-surrogates-replaced"].app()) as url:
        ended = verify(url, *key_options(), "--effort", "quick", "--only", "create.surrogates", "--strict", "--workers", 2)
    assert ended.code == 1, ended.said
    assert "\\ud83d" in (ended.directory / "accord-report" / "report.json").read_text(encoding="utf-8")
