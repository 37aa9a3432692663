"""A file given as an earlier report, to `--baseline` or to `replay`, is read as one or refused with exit code 2."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from accord.base.errors import AccordError
from accord.run_files import read_run
from contract_tests.outcome.run import Outcome
from contract_tests.reports import report_json
from tests.cli.command import is_without_verdict, key_options
from tests.cli.forking import accord
from tests.reports import samples

RUN = replace(samples.imperfect(), results=tuple(samples.imperfect().with_outcome(Outcome.FAILED)[:1]), seed=0)
GOOD: dict[str, Any] = json.loads(report_json.render(RUN))
USED: dict[str, Any] = {
    "schema": "accord/report/1",
    "run": {"effort": "quick", "seed": 0, "id": "7f3a9c"},
    "target": {"base_url": "http://127.0.0.1:9"},
    "requirements": [{"id": "get.answer", "outcome": "failed", "evidence": [{"test": "test_get.py::test"}]}],
}
"""The part of a report that the commands use."""

WRONG: tuple[Any, ...] = (None, True, 0, -1.5, "text", [], {}, [None], [[]], {"a": 1}, 10**400, "\ud800")


def changed(value: Any) -> Iterator[Any]:
    """Yield copies of the value, each with one place changed to something else or removed."""
    yield from (other for other in WRONG if type(other) is not type(value) or isinstance(value, dict))
    if isinstance(value, dict):
        for name, member in value.items():
            yield {key: one for key, one in value.items() if key != name}
            yield from ({**value, name: other} for other in changed(member))
    if isinstance(value, list):
        for item in value:
            yield from ([other] for other in changed(item))


def laid_over(whole: Any, part: Any, used: Any = USED) -> Any:
    """Return the whole, changed where `part` differs from `used`."""
    if part == used and type(part) is type(used):
        return whole
    if isinstance(part, dict) and isinstance(used, dict):
        others = {name: member for name, member in whole.items() if name not in used}
        return others | {name: laid_over(whole.get(name), member, used.get(name)) for name, member in part.items()}
    if isinstance(part, list) and part and isinstance(used, list):
        return [laid_over(whole[0], part[0], used[0])]
    return part


def test_each_place_of_another_type(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(GOOD))
    assert json.loads(report_json.render(read_run(path))) == GOOD
    found = list(changed(USED))
    assert len(found) > 100
    for other in found:
        report = laid_over(GOOD, other)
        assert report != GOOD
        path.write_text(json.dumps(report))
        with pytest.raises(AccordError) as raised:
            read_run(path)
        assert raised.value.exit_code == 2, report


FILES = {
    "empty": b"",
    "binary": bytes(range(256)),
    "latin-1": json.dumps(GOOD).encode().replace(b"failed", b"f\xe9iled"),
    "utf-16": json.dumps(GOOD).encode("utf-16"),
    "deep": b"[" * 200_000,
    "deep within": json.dumps(GOOD).encode()[:-1] + b', "more": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a huge number": json.dumps(GOOD).encode().replace(b'"seed": 0', b'"seed": ' + b"9" * 5000),
    "no number": json.dumps(GOOD).encode().replace(b'"seed": 0', b'"seed": NaN'),
    "cut": json.dumps(GOOD).encode()[:-9],
    "another report": json.dumps({**GOOD, "schema": "accord/report/2"}).encode(),
    "web page": b"<!doctype html>",
}


@pytest.mark.parametrize("kind", [*FILES, "directory", "absent"])
def test_a_file_that_is_no_report(tmp_path: Path, mock: str, kind: str) -> None:
    path = tmp_path / "earlier.json"
    if kind in FILES:
        path.write_bytes(FILES[kind])
    elif kind == "directory":
        path.mkdir()
    ended = accord(tmp_path, "verify", mock, *key_options("--server-key"), "--baseline", path)
    is_without_verdict(ended, 2, "earlier.json")
    ended = accord(tmp_path, "replay", path, "--requirement", "get.answer", "--url", mock, *key_options("--server-key"))
    assert ended.code == 2, ended.said
    assert "earlier.json" in ended.err
    assert len(ended.err.splitlines()) == 2
