"""Load finds faults that show only among many requests: each of these servers fails the requirement that it violates."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mockserver.serving.server import WsgiApp, serving
from tests.cli.command import Ended
from tests.load import broken
from tests.load.conftest import KEYS, in_parallel, loaded

BROKEN: dict[Callable[[], WsgiApp], str] = {
    broken.messages_lost_in_a_crowd: "any.concurrent-messages",
    broken.numbers_given_twice: "create.number-unique",
    broken.lists_that_leak: "isolation.list",
    broken.messages_reordered: "messages.oldest-first",
    broken.resolved_and_open_again: "resolve.get-agrees",
}
"""Servers, and the requirement that each violates."""


def load_of(app: WsgiApp, directory: Path, *keys: str) -> Ended:
    directory.mkdir()
    with serving(app) as url:
        return loaded(directory, url, *keys)


@pytest.mark.extended
def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    # Not in threads: making routes parses Python code, which CPython 3.11 cannot always do in several threads at once.
    apps = [(app(), tmp_path / app.__name__) for app in BROKEN]
    found = in_parallel(*(partial(load_of, app, directory, *KEYS) for app, directory in apps))
    for (app, requirement), ended in zip(BROKEN.items(), found, strict=True):
        assert ended.code == 1, (app.__name__, ended.said)
        assert requirement in ended.with_outcome("failed"), (app.__name__, ended.said)
        (entry,) = [entry for entry in ended.report["requirements"] if entry["id"] == requirement]
        evidence = entry["evidence"][0]
        assert evidence["request"]["url"].startswith(ended.report["target"]["base_url"])
        assert evidence["expected"] != evidence["actual"]
        assert evidence["curl"]


def test_it_is_found_by_one_key(tmp_path: Path) -> None:
    ended = load_of(broken.numbers_given_twice(), tmp_path / "alone", *KEYS[:2])
    assert ended.code == 1, ended.said
    assert ended.outcomes["isolation.list"] == ended.outcomes["tier.refused"] == "not_tested"
