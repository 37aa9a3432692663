"""A master and its workers, on this machine: one run, judged as a whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import Ended
from tests.load.conftest import KEYS, loaded
from tests.load.test_load_mistakes import free_port


def together(directory: Path, url: str, *others: tuple[str, ...]) -> tuple[Ended, list[Ended]]:
    """Run a master, and one worker for each set of keys; return how they ended."""
    port = str(free_port())
    with ThreadPoolExecutor() as pool:
        workers = []
        for number, keys in enumerate(others):
            (directory / str(number)).mkdir()
            workers.append(pool.submit(loaded, directory / str(number), "--worker", "--master-port", port, *keys))
        roles = ("--master", "--master-bind-port", port, "--expect-workers", str(len(others)))
        master = loaded(directory, url, *KEYS, *roles)
        return master, [worker.result() for worker in workers]


@pytest.mark.extended
def test_two_workers_write_to_the_same_conversations(tmp_path: Path) -> None:
    with serving(create_app(scenario="empty")) as url:
        master, workers = together(tmp_path, url, tuple(KEYS), tuple(KEYS))
    assert master.code == 0, master.said
    assert [worker.code for worker in workers] == [0, 0], workers
    assert master.report["run"]["workers"] == master.report["load"]["processes"] == 2
    assert master.report["load"]["requests"] > 200
    assert not any((worker.directory / "accord-report").exists() for worker in workers)


@pytest.mark.extended
def test_a_worker_with_other_keys(tmp_path: Path) -> None:
    with serving(create_app(scenario="empty")) as url:
        master, (worker,) = together(tmp_path, url, tuple(KEYS[:2]))
    assert master.code == worker.code == 2, (master, worker)
    assert "keys" in master.err
    assert "keys" in worker.err
