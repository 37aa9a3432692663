"""Opening a store by its URL: what cannot be used is said in one line with a hint, and left as it was; what is new is migrated."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from accord.base.errors import AccordError
from mockserver import store as store_package
from mockserver.store import Order, Storage
from mockserver.store.sql.migrating import REVISIONS, VERSION_TABLE
from mockserver.store.sql.tables import metadata
from mockserver.store.urls import open_storage
from tests.store.conftest import default_store
from tests.store.postgres_server import PostgresServer
from tests.store.samples import create, ids

MIGRATIONS = Path(store_package.__file__).parent / "migrations"


def refusal(url: str) -> str:
    """Open a URL that cannot be used; check the form of the message, and return it."""
    with pytest.raises(AccordError) as caught:
        open_storage(url)
    error = caught.value
    assert "\n" not in error.message
    assert error.message.endswith(".")
    assert error.hint
    assert "of a test" not in str(error), "the password is nobody's business"
    return str(error)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no store of the kind ''"),
        ("state.db", "no store of the kind 'state.db'"),
        ("mysql://localhost/db", "no store of the kind 'mysql'"),
        ("SQLITE:///x.db", "Stores: memory:, sqlite:///FILE"),
        ("sqlite:x.db", "names no file"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///x.db?mode=ro", "no options"),
        ("sqlite:////no/such/directory/x.db", "no directory /no/such/directory"),
        ("sqlite:////tmp", "not a file"),
        ("postgresql://a b@localhost/db", "cannot be read"),
        ("postgresql://localhost/db?nonsense=1", "nonsense"),
        ("postgresql://127.0.0.1:1/db", "refused"),
        ("postgresql://no.such.host.invalid/db", "no.such.host.invalid"),
    ],
)
def test_urls_that_lead_nowhere(url: str, says: str) -> None:
    assert says in refusal(url)


def test_memory() -> None:
    create(default_store(open_storage("memory:")), "1")


# --- SQLite ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to have a header" * 100, b"x", b"SQLite format 3\x00" + b"\xff" * 4000]
)
def test_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert "notes.txt" in refusal(f"sqlite:///{path}")
    assert path.read_bytes() == content
    assert [*tmp_path.iterdir()] == [path]


def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE users (name)")
    connection.close()
    before = path.read_bytes()
    assert "tables of something else (users)" in refusal(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    open_storage(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    assert "newer version of Accord (its revision is '9999')" in refusal(f"sqlite:///{path}")
    assert path.read_bytes() == before


DAMAGES = {
    "DROP TABLE conversations": "conversations",
    "DROP TABLE messages": "messages",
    "DROP TABLE tallies": "tallies",
    "ALTER TABLE conversations RENAME COLUMN subject TO topic": "subject",
    f"DELETE FROM {VERSION_TABLE}": f"{VERSION_TABLE} is empty",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_database_that_lacks_something(tmp_path: Path, damage: str) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    open_storage(url).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(damage)
    connection.close()
    said = refusal(url)
    assert "lacks something that Accord made in it" in said
    assert DAMAGES[damage] in said


def test_a_database_that_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    open_storage(f"sqlite:///{path}").close()
    data = bytearray(path.read_bytes())
    data[1000:] = b"\xa5" * (len(data) - 1000)
    path.write_bytes(data)
    assert "malformed" in refusal(f"sqlite:///{path}")


def test_an_empty_file_is_a_new_database(tmp_path: Path, opened: Callable[[str], Storage]) -> None:
    path = tmp_path / "100% of #names é.db"
    path.touch()
    create(default_store(opened(f"sqlite:///{path}")), "1")
    assert ids(default_store(opened(f"sqlite:///{path}")).conversations("A")) == ["1"]


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], Storage]) -> None:
    monkeypatch.chdir(tmp_path)
    store = default_store(opened("sqlite:///state.db"))
    monkeypatch.chdir("/")
    create(store, "1")
    assert (tmp_path / "state.db").is_file()


def test_a_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write to any file, so SQLite is told to open it for reading only."""
    url = f"sqlite:///{tmp_path}/state.db"
    open_storage(url).close()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, **more: connect(re.sub("mode=rwc?", "mode=ro", name), **more))
    assert "cannot be used: attempt to write a readonly database" in refusal(url)
    assert "unable to open database file" in refusal(f"sqlite:///{tmp_path}/other.db")


# --- PostgreSQL -----------------------------------------------------------------------------------------------------------


def test_a_wrong_password_user_or_database(postgres: PostgresServer) -> None:
    assert "password authentication failed" in refusal(postgres.url(password="wrong"))
    assert "See whether user and password are right." in refusal(postgres.url().replace("accord:", "nobody:"))
    assert "'nowhere' at 127.0.0.1" in refusal(postgres.url("nowhere"))
    assert "createdb" in refusal(postgres.url("nowhere"))


def test_a_database_of_something_else_on_a_server(postgres: PostgresServer, empty_database: str) -> None:
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE TABLE users (name text)")
    assert "tables of something else (users)" in refusal(empty_database)
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == [("users",)]


def test_a_database_of_a_newer_version_on_a_server(empty_database: str) -> None:
    open_storage(empty_database).close()
    with psycopg.connect(empty_database) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    assert "newer version of Accord" in refusal(empty_database)


def test_a_user_who_may_not_make_tables(postgres: PostgresServer, empty_database: str) -> None:
    postgres.execute("DROP ROLE IF EXISTS guest")
    postgres.execute("CREATE ROLE guest LOGIN PASSWORD 'of a test'")
    said = refusal(empty_database.replace("accord:", "guest:"))
    assert "permission denied" in said
    assert "give it a database that its user owns" in said


def test_a_database_that_cannot_keep_all_text(postgres: PostgresServer) -> None:
    postgres.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
    assert "UTF8" in refusal(postgres.url("ascii"))


@pytest.mark.parametrize(
    "damage", [damage for damage in DAMAGES if "conversations RENAME" in damage or "DROP TABLE messages" in damage]
)
def test_a_database_on_a_server_that_lacks_something(empty_database: str, damage: str) -> None:
    open_storage(empty_database).close()
    with psycopg.connect(empty_database) as connection:
        connection.execute(damage.encode())
    assert "lacks something that Accord made in it" in refusal(empty_database)


# --- migrations -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that does not have the schema yet."""
    return str(request.getfixturevalue("empty_database")) if request.param == "postgresql" else f"sqlite:///{tmp_path}/state.db"


def test_the_revisions_are_those_of_the_migrations() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert tuple(migration.revision for migration in script.walk_revisions())[::-1] == REVISIONS
    assert script.get_heads() == [REVISIONS[-1]]


def test_migrations_make_the_tables_that_the_statements_know(new_url: str) -> None:
    open_storage(new_url).close()
    engine = create_engine(new_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: (kind, name) != ("table", VERSION_TABLE), "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    engine.dispose()


def test_many_processes_that_start_at_once(new_url: str) -> None:
    code = (
        "import sys; from mockserver.store import NamespaceRecord, Order; from mockserver.store.urls import open_storage;"
        "from tests.store.samples import create; import sqlalchemy; sys.stdin.read(); storage = open_storage(sys.argv[1]);"
        "storage.create(NamespaceRecord('default'), Order.NEWEST, lambda store: None);"
        "create(storage.open('default', Order.NEWEST), sys.argv[2]); storage.close()"
    )

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def start(index: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code, new_url, str(index)], stdin=subprocess.PIPE, text=True, env=environment
        )

    processes = [start(index) for index in range(3)]
    with ThreadPoolExecutor(len(processes)) as pool:
        # Each process waits for the end of its stdin, so that all of them start at the same moment.
        assert [*pool.map(lambda process: process.communicate() and process.returncode, processes)] == [0] * len(processes)
    storage = open_storage(new_url)
    assert sorted(ids(storage.open("default", Order.NEWEST).conversations("A"))) == ["0", "1", "2"]
    storage.close()


def test_what_memory_does_not_need_is_not_imported() -> None:
    code = "import sys; from mockserver.store.urls import open_storage; open_storage('memory:'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "alembic", "psycopg", "sqlite3"} & set(done.stdout.split())


def test_a_database_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/state.db"
    open_storage(url).close()
    code = "import sys; from mockserver.store.urls import open_storage; open_storage(sys.argv[1]).close(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert not {"alembic", "psycopg"} & set(done.stdout.split())
