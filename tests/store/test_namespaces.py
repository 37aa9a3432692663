"""Namespaces: stores that know nothing of each other, and that other processes may drop."""

from collections.abc import Callable

import pytest

from mockserver.model.records import Message, User
from mockserver.store import NamespaceGoneError, NamespaceRecord, Order, Storage, Store
from tests.store.conftest import default_store
from tests.store.samples import contents, conversation, create, ids


def nothing(_: Store) -> None:
    pass


def test_made_found_listed_and_dropped(storage: Storage) -> None:
    assert storage.namespace("one") is None
    assert storage.namespaces() == []
    assert not storage.drop("one")
    with pytest.raises(NamespaceGoneError):
        storage.open("one", Order.NEWEST)
    for name, settings in (("two", {}), ("one", {"scenario": "demo", "seed": 7, "choices": {"a": ["\x00", None, 1.0]}})):
        assert storage.create(NamespaceRecord(name, settings), Order.NEWEST, nothing)
    assert storage.namespace("one") == NamespaceRecord(
        "one", {"scenario": "demo", "seed": 7, "choices": {"a": ["\x00", None, 1.0]}}
    )
    assert [namespace.name for namespace in storage.namespaces()] == ["one", "two"]
    assert not storage.create(NamespaceRecord("one"), Order.NEWEST, nothing)
    storage.open("one", Order.NEWEST).snapshot("s")
    assert [namespace.name for namespace in storage.namespaces()] == ["one", "two"]
    assert storage.drop("one")
    assert not storage.drop("one")
    assert [namespace.name for namespace in storage.namespaces()] == ["two"]


def test_filled_once(storage: Storage) -> None:
    def fill(store: Store) -> None:
        with store.transaction():
            create(store, "1")
            create(store, "2", "bo")

    assert storage.create(NamespaceRecord("one"), Order.OLDEST, fill)
    assert not storage.create(NamespaceRecord("one"), Order.OLDEST, fill)
    assert storage.create(NamespaceRecord("two"), Order.OLDEST, fill)
    one, two = storage.open("one", Order.OLDEST), storage.open("two", Order.OLDEST)
    assert contents(one) == contents(two)
    create(one, "3")
    assert ids(one.conversations("A")) == ["1", "2", "3"]
    assert ids(two.conversations("A")) == ["1", "2"]
    assert two.next_number("A", 1) == 3


def test_one_that_starts_like_another_is_not_filled_but_copied(storage: Storage) -> None:
    fillings = []

    def fill(store: Store) -> None:
        fillings.append(store)
        with store.transaction():
            create(store, "1")
            nobody = store.add_user(User("nobody", "B", None, "\x00", "Ünlü", anonymous=True), None)
            store.add_conversation(conversation("2", nobody, "closed", subject="\x00\\", metadata={"a": ["\x00", None, 1.5]}))
            store.add_message(Message("m", "2", None, "\x00", "reply", 2**53))

    for name, settings in (("one", {}), ("two", {}), ("other", {"seed": 2}), ("three", {})):
        assert storage.create(NamespaceRecord(name, settings), Order.NEWEST, fill)
        create(storage.open(name, Order.NEWEST), f"own of {name}")
        assert storage.drop(name)
        assert storage.create(NamespaceRecord(name, settings), Order.NEWEST, fill)
    assert len(fillings) == 2
    found = [contents(storage.open(name, Order.NEWEST)) for name in ("one", "two", "three", "other")]
    assert found == found[:1] * 4
    assert found[0]["B"]["2"][0].subject == "\x00\\"


def test_not_made_at_all_if_it_cannot_be_filled(storage: Storage) -> None:
    def fill(store: Store) -> None:
        create(store, "1")
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        storage.create(NamespaceRecord("one"), Order.OLDEST, fill)
    assert storage.namespace("one") is None
    assert storage.create(NamespaceRecord("one"), Order.OLDEST, nothing)
    assert ids(storage.open("one", Order.OLDEST).conversations("A")) == []


def test_what_is_in_one_is_in_no_other(storage: Storage) -> None:
    for name in ("one", "two"):
        storage.create(NamespaceRecord(name), Order.NEWEST, nothing)
    one, two = storage.open("one", Order.NEWEST), storage.open("two", Order.NEWEST)
    create(one, "1")
    one.snapshot("s")
    assert two.snapshots() == []
    assert not two.restore("s")
    assert two.conversation("1") is None
    assert two.user_by_key("A", "ada") is None
    assert ids(two.messages("1")) == []
    assert two.next_number("A", 1) == 1
    create(two, "1", "bo", body="other")
    two.clear()
    assert [message.body for message in one.messages("1")] == ["hi"]
    assert storage.drop("two")
    assert one.restore("s")
    assert ids(one.conversations("A")) == ["1"]


@pytest.mark.parametrize("again", [False, True])
def test_a_store_knows_that_its_namespace_was_dropped(durable_url: str, opened: Callable[[str], Storage], again: bool) -> None:
    here, there = opened(durable_url), opened(durable_url)
    here.create(NamespaceRecord("one"), Order.NEWEST, nothing)
    store = here.open("one", Order.NEWEST)
    create(store, "1")
    store.snapshot("s")
    assert there.drop("one")
    if again:
        assert there.create(NamespaceRecord("one"), Order.NEWEST, nothing)
    for act in (
        lambda: store.conversation("1"),
        lambda: store.user_by_key("A", "ada"),
        lambda: len(store.conversations("A")),
        lambda: store.next_number("A", 1),
        lambda: create(store, "2"),
        lambda: store.snapshots(),
        lambda: store.restore("s"),
        lambda: store.clear(),
    ):
        with pytest.raises(NamespaceGoneError):
            act()
    if again:
        assert ids(here.open("one", Order.NEWEST).conversations("A")) == []


def test_the_default_namespace_cannot_be_dropped(durable_url: str, opened: Callable[[str], Storage]) -> None:
    storage = opened(durable_url)
    store = default_store(storage)
    with pytest.raises(ValueError, match="always there"):
        storage.drop("default")
    create(store, "1")


def test_everything_is_there_for_the_next_process(durable_url: str, opened: Callable[[str], Storage]) -> None:
    first = opened(durable_url)
    store = default_store(first)
    create(store, "1")
    first.create(NamespaceRecord("other", {"seed": 3}), Order.NEWEST, nothing)
    create(first.open("other", Order.NEWEST), "2", body=None)
    store.snapshot("s")
    before = contents(store)
    first.close()
    second = opened(durable_url)
    assert [namespace.name for namespace in second.namespaces()] == ["default", "other"]
    assert second.namespace("other") == NamespaceRecord("other", {"seed": 3})
    assert contents(second.open("default", Order.NEWEST)) == before
    assert second.open("default", Order.NEWEST).snapshots() == ["s"]
    assert ids(second.open("other", Order.BY_ID).conversations("A")) == ["2"]
