"""The same seed sends the same requests in the same order, and more workers find the same."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from broken_servers.registry import all_defects

from mockserver.app import create_app
from mockserver.server import WsgiApp, serving
from tests.verify.command import Ended, key_options

Verify = Callable[..., Ended]
AREAS = ("create.*", "messages.*", "resolve.*")
"""Of what one run asks, what no two threads ask at the same time."""


class Recorder:
    """An application that keeps what it is asked: method, path, query, key, content type and body of each request, in order."""

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
    """What a run with this seed asks a server that is new."""
    patterns = [part for area in only or AREAS for part in ("--only", area)]
    recorder = Recorder(create_app(scenario="empty"))
    with serving(recorder) as url:
        ended = verify(
            url, *key_options(), "--effort", "quick", *patterns, "--workers", 1, "--seed", seed, "--report-dir", f"report-{seed}"
        )
    assert ended.code == 0, ended.said
    return recorder.requests


def test_the_same_seed_asks_the_same(verify: Verify) -> None:
    first, second = asked(verify, 5), asked(verify, 5)
    assert len(first) > 500
    pairs = enumerate(zip(first, second, strict=False))
    differing = next(((at, *pair) for at, pair in pairs if pair[0] != pair[1]), None)
    assert differing is None, [entry[-1] for entry in differing[1:]]
    assert len(first) == len(second)


def test_another_seed_asks_otherwise(verify: Verify) -> None:
    assert asked(verify, 5, "get.as-created") != asked(verify, 6, "get.as-created")


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
    # The requests of all workers are counted: they are about as many.
    assert reports[1]["run"]["requests"] > reports[0]["run"]["requests"] / 2


def test_two_workers_tell_what_no_encoding_holds(verify: Verify) -> None:
    with serving(all_defects()["text-lone-surrogates-replaced"].app()) as url:
        ended = verify(url, *key_options(), "--effort", "quick", "--only", "create.whole-or-refused", "--workers", 2)
    assert ended.code == 1, ended.said
    assert "\\ud83d" in (ended.directory / "accord-report" / "report.json").read_text(encoding="utf-8")
