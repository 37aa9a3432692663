"""Units of work are atomic and isolated, between threads and between processes that share a database."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.store import NamespaceGoneError, NamespaceRecord, Order, Storage, Store
from tests.store.conftest import default_store
from tests.store.samples import contents, conversation, create, ids, message, user

PROCESSES = 4


class OnPurposeError(Exception):
    pass


@pytest.fixture
def stores(durable_url: str, opened: Callable[[str], Storage]) -> list[Store]:
    """Open the same storage several times, as several processes do."""
    return [default_store(opened(durable_url)) for _ in range(PROCESSES)]


def at_once(stores: list[Store], act: Callable[[Store, int], Any]) -> list[Any]:
    """Call a function with each store at the same moment, in threads, and return the results."""
    start = threading.Barrier(len(stores))

    def begin(index: int) -> Any:
        start.wait()
        return act(stores[index], index)

    with ThreadPoolExecutor(len(stores)) as pool:
        return [*pool.map(begin, range(len(stores)))]


def test_nothing_is_left_of_what_failed(durable_store: Store) -> None:
    store = durable_store
    made = create(store, "1")
    store.snapshot("s")
    before = contents(store)

    def fail(last: Callable[[], object]) -> None:
        with store.transaction():
            create(store, "2", "bo")
            store.replace_conversation(made._replace(status="closed"))
            store.add_message(message("x", "1"))
            store.drop_snapshot("s")
            last()
            raise OnPurposeError

    for last in (lambda: None, lambda: store.clear(), lambda: store.restore("s"), lambda: store.snapshot("t")):
        with pytest.raises(OnPurposeError):
            fail(last)
        assert contents(store) == before
        assert store.snapshots() == ["s"]
        assert store.user_by_key("A", "bo") is None
    assert create(store, "2").number == 2


def test_an_error_that_was_overlooked_does_not_become_success(durable_store: Store) -> None:
    def careless() -> None:
        with durable_store.transaction():
            create(durable_store, "2")
            with pytest.raises(Exception, match=r"(?i)unique"):
                durable_store.add_conversation(conversation("2", user("2")))

    create(durable_store, "1")
    with pytest.raises(Exception, match="earlier"):
        careless()
    assert ids(durable_store.conversations("A")) == ["1"]


def test_what_only_reads_cannot_write(durable_store: Store) -> None:
    with durable_store.transaction(write=False), pytest.raises(RuntimeError, match="only reads"):
        durable_store.next_number("A", 1)
    assert durable_store.next_number("A", 1) == 1


def test_others_see_it_when_it_is_done(stores: list[Store]) -> None:
    here, there = stores[:2]
    with here.transaction():
        create(here, "1")
        assert ids(there.conversations("A")) == []
        assert there.conversation("1") is None
        assert there.user_by_key("A", "ada") is None
    assert ids(there.conversations("A")) == ["1"]
    assert ids(there.messages("1")) == ["message-1"]


def test_a_reader_sees_one_moment(stores: list[Store]) -> None:
    here, there = stores[:2]
    create(here, "1")
    with there.transaction(write=False):
        selection = there.conversations("A")
        assert len(selection) == 1
        with ThreadPoolExecutor(1) as pool:
            pool.submit(create, here, "2").result()
        assert [item.id for item in selection.page(0, 20)] == ["1"]
        assert there.conversation("2") is None
    assert ids(there.conversations("A")) == ["2", "1"]


def test_numbers_are_unique_and_in_the_order_of_the_list(stores: list[Store]) -> None:
    def create_some(store: Store, index: int) -> None:
        for number in range(25):
            create(store, f"{index}-{number}", f"person-{number % 3}", "AB"[number % 2])

    at_once(stores, create_some)
    for organisation, expected in (("A", 13), ("B", 12)):
        listed = [*stores[0].conversations(organisation)]
        assert [item.number for item in listed] == [*range(expected * PROCESSES, 0, -1)]
    assert contents(stores[1]) == contents(stores[2])


def test_somebody_whom_all_add_at_once_is_one_user(stores: list[Store]) -> None:
    for attempt in range(10):
        added = at_once(stores, lambda store, index, key=f"key-{attempt}": store.add_user(user(f"{key}-{index}"), key))
        assert len({found.id for found in added}) == 1
        assert added[0] == stores[0].user_by_key("A", f"key-{attempt}")


def test_changes_of_the_same_conversation_come_one_after_the_other(stores: list[Store]) -> None:
    create(stores[0], "1", body=None)
    create(stores[0], "2", body=None)

    def change(store: Store, index: int) -> None:
        for number in range(20):
            with store.transaction():
                found = store.conversation("1")
                assert found is not None
                status = "closed" if found.status == "open" else "open"
                store.replace_conversation(found._replace(updated_at=found.updated_at + 1, status=status))
                store.add_message(message(f"{index}-{number}", "1"))
                create(store, f"{index}-{number}", f"person-{number % 2}")
            # This write is in no unit of work of the caller's.
            store.add_message(message(f"{index}-{number}", "2"))

    at_once(stores, change)
    found = stores[0].conversation("1")
    assert found is not None
    assert (found.updated_at, found.status) == (20 * PROCESSES, "open")
    for id in ("1", "2"):
        assert sorted(ids(stores[1].messages(id))) == sorted(
            f"{index}-{number}" for index in range(PROCESSES) for number in range(20)
        )
    contents(stores[2])


def test_states_are_kept_and_brought_back_whole_while_others_write(stores: list[Store]) -> None:
    for number in range(10):
        create(stores[0], f"first-{number}")
    stores[0].snapshot("ten")
    ten = contents(stores[0])

    def act(store: Store, index: int) -> None:
        for number in range(8):
            if index == 0:
                store.restore("ten")
            elif index == 1:
                store.snapshot("now")
            elif index == 2:
                with store.transaction():
                    store.clear()
                    create(store, f"{index}-{number}")
            else:
                create(store, f"{index}-{number}", f"person-{number}")

    at_once(stores, act)
    store = stores[0]
    contents(store)
    assert store.restore("now")
    contents(store)
    assert store.restore("ten")
    assert contents(store) == ten


def test_a_namespace_is_filled_by_one_of_many(durable_url: str, opened: Callable[[str], Storage]) -> None:
    storages = [opened(durable_url) for _ in range(PROCESSES)]
    filled = []

    def fill(store: Store) -> None:
        filled.append(store)
        for number in range(20):
            create(store, f"{number}")

    start = threading.Barrier(PROCESSES)

    def make(storage: Storage) -> tuple[bool, int]:
        start.wait()
        made = storage.create(NamespaceRecord("one"), Order.NEWEST, fill)
        return made, len(storage.open("one", Order.NEWEST).conversations("A"))

    with ThreadPoolExecutor(PROCESSES) as pool:
        results = [*pool.map(make, storages)]
    assert sorted(results) == [(False, 20)] * (PROCESSES - 1) + [(True, 20)]
    assert len(filled) == 1


def test_a_namespace_that_is_dropped_while_others_write_is_gone_for_all(durable_url: str, opened: Callable[[str], Storage]) -> None:
    storages = [opened(durable_url) for _ in range(PROCESSES)]
    storages[0].create(NamespaceRecord("one"), Order.NEWEST, lambda _: None)
    stores = [storage.open("one", Order.NEWEST) for storage in storages]

    def create_many(store: Store, index: int) -> None:
        for number in range(10_000):
            create(store, f"{index}-{number}", body="x")

    def act(store: Store, index: int) -> bool:
        if index == 0:
            return storages[0].drop("one")
        with pytest.raises(NamespaceGoneError):
            create_many(store, index)
        return True

    assert all(at_once(stores, act))
    assert storages[1].namespace("one") is None
    assert storages[1].create(NamespaceRecord("one"), Order.NEWEST, lambda _: None)
    assert ids(storages[2].open("one", Order.NEWEST).conversations("A")) == []


def test_threads_of_one_process(store: Store) -> None:
    def create_some(store: Store, index: int) -> None:
        for number in range(25):
            create(store, f"{index}-{number}", f"person-{number % 3}")

    at_once([store] * PROCESSES, create_some)
    assert [item.number for item in store.conversations("A")] == [*range(25 * PROCESSES, 0, -1)]
    contents(store)
