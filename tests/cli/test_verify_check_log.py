"""checks.jsonl as a command leaves it: folding it gives what report.json says, with one worker or two, whole or cut short."""

import json
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.checks_json import from_lines
from contract_tests.outcome.run import Run
from contract_tests.outcome.run_json import to_json
from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import KEYS, Ended, key_options
from tests.cli.test_verify_ended_early import started
from tests.sampling import chosen, sample

MEMBERS = ("id", "outcome", "standing", "exercised", "violations", "server_errors", "undecided", "causes", "seconds")
"""The members of a requirement in report.json that follow from its checks. Evidence is in report.json only."""


def assert_folds_to_the_report(directory: Path) -> Run:
    """Compare the fold of checks.jsonl with report.json beside it, and return the run that follows from the log."""
    report: dict[str, Any] = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    lines = (directory / "checks.jsonl").read_text(encoding="utf-8").splitlines()
    run = from_lines(lines, load_catalogue())
    folded = json.loads(json.dumps(to_json(run)))
    for found, told in zip(folded["requirements"], report["requirements"], strict=True):
        assert [found.get(name) for name in MEMBERS] == [told.get(name) for name in MEMBERS]
        # The reason of a failure comes from its evidence, which the log does not have.
        assert found["reason"] == told["reason"] or told["violations"]
    for member in ("suite", "target", "run", "verdict", "exit_code", "counts"):
        assert folded[member] == report[member]
    return run


@pytest.mark.parametrize(("server", "workers"), chosen([("mock", 1), ("mock", 2), ("faulty", 1), ("faulty", 2)], {1, 2}))
def test_of_a_whole_run(
    verify: Callable[..., Ended], tmp_path: Path, request: pytest.FixtureRequest, server: str, workers: int
) -> None:
    url = request.getfixturevalue(server)
    ended = verify(url, *key_options(), "--effort", "quick", "--workers", workers, "--only", "create.*", "--only", "get.*")
    assert ended.code == (0 if server == "mock" else 1), ended.said
    run = assert_folds_to_the_report(tmp_path / "accord-report")
    assert len({entry.worker for entry in run.log.entries}) == workers
    assert all(key not in (tmp_path / "accord-report" / "checks.jsonl").read_text() for key in (KEYS.server, KEYS.client))


@pytest.mark.parametrize("workers", sample([1, 2]))
def test_of_a_run_that_was_interrupted(tmp_path: Path, workers: int) -> None:
    app = create_app()
    asked = count()
    enough = Event()

    def counted(environ: dict[str, Any], start_response: Any) -> Any:
        if next(asked) > 1_000:
            enough.set()
        return app(environ, start_response)

    arguments = ("--effort", "thorough", "--workers", str(workers))
    with serving(counted) as url, started(tmp_path, "verify", url, *key_options(), *arguments) as command:
        assert enough.wait(60)
        code, _, said = command.end(signal.SIGINT, group=False)
    assert code == 3, said
    run = assert_folds_to_the_report(tmp_path / "accord-report")
    assert run.problems
    assert run.left_out


def test_a_run_without_a_verdict_removes_that_of_an_earlier_one(verify: Callable[..., Ended], mock: str, tmp_path: Path) -> None:
    (tmp_path / "accord-report").mkdir()
    (tmp_path / "accord-report" / "checks.jsonl").write_text("of an earlier run")
    ended = verify(mock, "--server-key", "bnc_sv_nobody_has_this_key", "--effort", "quick")
    assert ended.code == 2, ended.said
    assert ended.files == {"accord-report/report.json"}
