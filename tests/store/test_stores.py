"""What every store does, wherever it keeps the state."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from mockserver.model.records import Message, User
from mockserver.store import Order, Storage, Store
from tests.store.conftest import default_store
from tests.store.samples import contents, conversation, create, ids, message, user


@pytest.mark.parametrize(("order", "expected"), [(Order.NEWEST, "bcXa"), (Order.OLDEST, "aXcb"), (Order.BY_ID, "Xabc")])
def test_the_order_is_kept_when_a_status_changes(storage: Storage, order: Order, expected: str) -> None:
    store = default_store(storage, order)
    ada = store.add_user(user("ada"), "ada")
    for id in "aXcb":
        store.add_conversation(conversation(id, ada))
    assert ids(store.conversations("A")) == list(expected)
    for id in "baXc":
        store.replace_conversation(conversation(id, ada, "closed"))
    for requester, status in product((None, ada.id), (None, "closed")):
        assert ids(store.conversations("A", requester, status)) == list(expected)
    assert ids(store.conversations("A", status="open")) == []
    store.replace_conversation(conversation("c", ada, "open"))
    assert ids(store.conversations("A", status="open")) == ["c"]
    assert ids(store.conversations("A", status="closed")) == [id for id in expected if id != "c"]


def test_filters(storage: Storage) -> None:
    store = default_store(storage, Order.OLDEST)
    ada, bo, eve = (
        store.add_user(user(name, organisation), name) for name, organisation in (("ada", "A"), ("bo", "A"), ("eve", "B"))
    )
    for item in (conversation("1", ada), conversation("2", bo, "closed"), conversation("3", ada, "closed")):
        store.add_conversation(item)
    store.add_conversation(conversation("4", eve))
    assert ids(store.conversations("A")) == ["1", "2", "3"]
    assert ids(store.conversations("A", requester=ada.id)) == ["1", "3"]
    assert ids(store.conversations("A", status="closed")) == ["2", "3"]
    assert ids(store.conversations("A", ada.id, "closed")) == ["3"]
    assert ids(store.conversations("A", eve.id)) == []
    assert ids(store.conversations("A", "nobody", "open")) == []
    assert ids(store.conversations("B")) == ["4"]
    assert ids(store.conversations("C")) == []


def test_many_conversations_in_pages(storage: Storage) -> None:
    store = default_store(storage, Order.NEWEST)
    statuses = ("open", "closed", "waiting")
    with store.transaction():
        people = [store.add_user(user(name), name) for name in ("ada", "bo")]
        made = [conversation(f"{number:03}", people[number % 7 == 0], statuses[number % 3]) for number in range(90)]
        for item in made:
            store.add_conversation(item)
    for requester, status in product((None, people[0], people[1]), (None, *statuses)):
        expected = [item.id for item in reversed(made) if requester in (None, item.requester) and status in (None, item.status)]
        selection = store.conversations("A", requester and requester.id, status)
        assert ids(selection) == expected
        assert [item.id for item in selection.page(3, 5)] == expected[3:8]


@pytest.mark.parametrize("order", Order)
def test_pages_far_down(storage: Storage, order: Order) -> None:
    store = default_store(storage, order)
    with store.transaction():
        ada, bo = (store.add_user(user(name), name) for name in ("ada", "bo"))
        made = [conversation(f"{number * 7919 % 1000:03}", (ada, ada, bo)[number % 3], "open") for number in range(450)]
        for item in made:
            store.add_conversation(item)
        for number in range(0, 450, 5):
            made[number] = made[number]._replace(status="closed")
            store.replace_conversation(made[number])
    listed = sorted(made, key=lambda item: item.id) if order is Order.BY_ID else made[:: -1 if order is Order.NEWEST else 1]
    for requester, status in product((None, ada.id), (None, "open")):
        expected = [item for item in listed if requester in (None, item.requester.id) and status in (None, item.status)]
        for offset in (195, 200, 201, 210, len(expected) - 3, len(expected), len(expected) + 1):
            assert store.conversations("A", requester, status).page(offset, 20) == expected[offset : offset + 20]


def test_users_numbers_and_messages(store: Store) -> None:
    ada = user("ada")
    assert store.add_user(ada, "ada") == ada
    nameless = User("x", "A", None, "Ada", "", anonymous=True)
    assert store.add_user(nameless, None) == nameless
    assert store.add_user(nameless._replace(id="y"), None).id == "y"
    assert store.user_by_key("A", "ada") == ada
    assert store.user_by_key("B", "ada") is None
    assert store.user_by_key("A", "Ada") is None
    assert [store.next_number("A", 5), store.next_number("A", 5), store.next_number("B", 7)] == [5, 6, 7]
    store.add_conversation(conversation("1", ada))
    store.add_conversation(conversation("2", nameless))
    for id in "zab":
        store.add_message(message(id, "1"))
    store.add_message(Message("0", "2", None, "", "description", 2**53))
    assert ids(store.messages("1")) == ["z", "a", "b"]
    assert [*store.messages("2")] == [Message("0", "2", None, "", "description", 2**53)]
    assert ids(store.messages("3")) == []
    assert store.conversation("1") == conversation("1", ada)
    assert store.conversation("2") == conversation("2", nameless)
    assert store.conversation("3") is None
    store.clear()
    assert store.conversation("1") is None
    assert ids(store.messages("1")) == []
    assert ids(store.conversations("A")) == []
    assert store.next_number("A", 5) == 5
    assert store.user_by_key("A", "ada") is None


def test_a_number_is_asked_for_first_or_not_at_all(store: Store) -> None:
    ada = store.add_user(user("ada"), "ada")
    store.add_conversation(conversation("1", ada))
    assert store.next_number("A", 1000) == 1000
    store.add_conversation(conversation("2", ada))
    assert store.next_number("A", 1) == 1001
    assert ids(store.conversations("A")) == ["2", "1"]


@pytest.mark.parametrize("replaced", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " a\n\r\t",
        "\x00",
        "\x1a",
        "\x1an\x00s\x1a\x1a",
        "é" * 500,
        "👩‍👩‍👧 \u202e\uffff\U0010ffff",
        "%s %(x)s :name_ ? ' \" \\",
        "a\x00b" * 9,
    ],
)
def test_text_comes_back_as_it_was(store: Store, text: str, replaced: bool) -> None:
    ada = store.add_user(User("ada" + text, "A" + text, text, text, text), text)
    assert store.user_by_key("A" + text, text) == ada
    made = conversation("1" + text, ada, text, subject=text, priority=text, channel=text, metadata={text: [text, {"": text}]})
    store.add_conversation(made._replace(subject="", metadata={}, status="") if replaced else made)
    if replaced:
        store.replace_conversation(made)
    assert store.conversation("1" + text) == made
    assert [*store.conversations("A" + text, ada.id, text)] == [made]
    sent = Message("2" + text, made.id, text, text, text, 1)
    store.add_message(sent)
    assert [*store.messages(made.id)] == [sent]
    store.snapshot("s" + text)
    assert store.snapshots() == ["s" + text]
    store.clear()
    assert store.restore("s" + text)
    assert [*store.conversations("A" + text)] == [made]


def test_different_text_stays_different(store: Store) -> None:
    keys = ["\x00", "\x1an", "\x1as", "\x1a", "n", "\x1a\x1an", "a", "A", "á", "a\u0301", "ａ", "ß", "ss"]
    for key in keys:
        store.add_user(User("id" + key, "A", key, None, None), key)
    for key in keys:
        found = store.user_by_key("A", key)
        assert found is not None
        assert found.email == key


@pytest.mark.parametrize(
    "metadata",
    [
        {
            "int": 2**53,
            "large": 2**64 - 1,
            "small": -(2**63),
            "one": 1.0,
            "zero": -0.0,
            "third": 1 / 3,
            "huge": 1.7e308,
            "tiny": 5e-324,
        },
        {"z": None, "a": True, "m": [], "b": {}, "": [[], [{}], ""]},
        {"nul\x00": "\ud7ff\ue000\x00\x1a\x7f"},
    ],
)
def test_metadata_comes_back_as_it_was(store: Store, metadata: dict[str, Any]) -> None:
    create(store, "0")
    ada = store.user_by_key("A", "ada")
    assert ada is not None
    store.add_conversation(conversation("1", ada, metadata=metadata))
    found = store.conversation("1")
    assert found is not None
    # repr also shows the types of numbers and the order of members.
    assert repr(found.metadata) == repr(metadata)


def test_numbers_of_any_size(store: Store) -> None:
    ada = store.add_user(user("ada"), "ada")
    made = conversation("1", ada, number=2**53, created_at=-(2**62), updated_at=2**62)
    store.add_conversation(made)
    assert store.conversation("1") == made


def test_a_transaction_may_be_entered_again(store: Store) -> None:
    with store.transaction(), store.transaction():
        assert store.next_number("A", 1) == 1
        with store.transaction(write=False):
            assert store.user_by_key("A", "ada") is None
    with store.transaction(write=False), store.transaction(write=False):
        assert len(store.conversations("A")) == 0
    assert store.next_number("A", 1) == 2


def test_what_a_transaction_wrote_it_reads(store: Store) -> None:
    with store.transaction():
        made = create(store, "1")
        assert store.conversation("1") == made
        closed = made._replace(status="closed", updated_at=5)
        store.replace_conversation(closed)
        assert store.conversation("1") == closed
        assert ids(store.conversations("A", status="closed")) == ["1"]
        assert ids(store.conversations("A", made.requester.id, "open")) == []
        assert ids(store.messages("1")) == ["message-1"]


def test_a_conversation_that_is_not_there_cannot_be_replaced(store: Store) -> None:
    ada = store.add_user(user("ada"), "ada")
    with pytest.raises(KeyError):
        store.replace_conversation(conversation("1", ada))
    assert ids(store.conversations("A")) == []


def test_snapshots(store: Store) -> None:
    assert store.snapshots() == []
    assert not store.restore("none")
    assert not store.drop_snapshot("none")
    for id, name, organisation in (("1", "ada", "A"), ("2", "bo", "A"), ("3", "ada", "B")):
        create(store, id, name, organisation)
    closed = create(store, "4")._replace(status="closed")
    store.replace_conversation(closed)
    before = contents(store)
    store.snapshot("b")
    create(store, "5", "eve")
    store.replace_conversation(closed._replace(status="open"))
    store.add_message(message("more", "1"))
    later = contents(store)
    store.snapshot("a")
    assert store.snapshots() == ["a", "b"]
    assert store.restore("b")
    assert contents(store) == before
    assert store.user_by_key("A", "eve") is None
    assert store.next_number("A", 1) == 4
    store.clear()
    assert store.snapshots() == ["a", "b"]
    assert store.restore("a")
    assert contents(store) == later
    store.clear()
    store.snapshot("a")
    assert store.restore("b")
    assert store.restore("a")
    assert contents(store) == {"A": {}, "B": {}}
    assert store.drop_snapshot("a")
    assert store.snapshots() == ["b"]
    assert not store.restore("a")


def test_a_restored_store_goes_on(store: Store) -> None:
    create(store, "1")
    store.snapshot("s")
    create(store, "2")
    store.restore("s")
    with store.transaction():
        again = create(store, "2")
        assert again.number == 2
        store.add_message(message("x", "1"))
        store.restore("s")
        create(store, "3")
    assert ids(store.conversations("A")) == ["3", "1"]
    assert ids(store.messages("1")) == ["message-1"]
    assert ids(store.messages("3")) == ["message-3"]


def test_a_store_is_filled_as_a_namespace_is_made(storage: Storage, opened: Callable[[str], Storage]) -> None:
    store = default_store(storage)
    with store.transaction():
        store.clear()
        create(store, "1")
    with store.transaction():
        store.clear()
        create(store, "1", "bo")
    assert ids(store.conversations("A")) == ["1"]
