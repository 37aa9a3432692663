"""What every store does. (One store for now; the others are to pass the same.)"""

import pytest

from mockserver.records import Conversation, Message, User
from mockserver.store import Order, Store
from mockserver.store.memory import MemoryStore


@pytest.fixture(params=[MemoryStore])
def make_store(request):
    return request.param


def user(name, organisation="A"):
    return User(f"user-{name}", organisation, f"{name}@example.com", None, None)


def conversation(id, requester, status="open", organisation="A"):
    return Conversation(id, organisation, 1, "s", status, "normal", "web", {}, requester, 0, 0)


def ids(selection):
    found = [item.id for item in selection]
    assert len(selection) == len(found)
    for limit in (1, 2, 100):
        assert [item.id for offset in range(0, len(found), limit) for item in selection.page(offset, limit)] == found
    assert selection.page(len(found), 5) == []
    assert selection.page(10**30, 10**30) == []
    return found


@pytest.mark.parametrize(("order", "expected"), [(Order.NEWEST, "bca"), (Order.OLDEST, "acb"), (Order.BY_ID, "abc")])
def test_the_order_is_kept_when_a_status_changes(make_store, order, expected):
    store: Store = make_store(order)
    ada = user("ada")
    for id in "acb":
        store.add_conversation(conversation(id, ada))
    assert ids(store.conversations("A")) == list(expected)
    for id in "bac":
        store.replace_conversation(conversation(id, ada, "closed"))
    assert ids(store.conversations("A", ada.id, "closed")) == list(expected)
    assert ids(store.conversations("A", status="open")) == []
    store.replace_conversation(conversation("c", ada, "open"))
    assert ids(store.conversations("A", status="open")) == ["c"]
    assert ids(store.conversations("A", status="closed")) == [id for id in expected if id != "c"]


def test_filters(make_store):
    store: Store = make_store(Order.OLDEST)
    ada, bo, eve = user("ada"), user("bo"), user("eve", "B")
    for item in (conversation("1", ada), conversation("2", bo, "closed"), conversation("3", ada, "closed")):
        store.add_conversation(item)
    store.add_conversation(conversation("4", eve, organisation="B"))
    assert ids(store.conversations("A")) == ["1", "2", "3"]
    assert ids(store.conversations("A", requester=ada.id)) == ["1", "3"]
    assert ids(store.conversations("A", status="closed")) == ["2", "3"]
    assert ids(store.conversations("A", ada.id, "closed")) == ["3"]
    assert ids(store.conversations("A", eve.id)) == []
    assert ids(store.conversations("C")) == []


def test_users_numbers_and_messages(make_store):
    store: Store = make_store(Order.NEWEST)
    ada = user("ada")
    store.add_user(ada, "ada")
    store.add_user(User("x", "A", None, None, None, anonymous=True), None)
    assert store.user_by_key("A", "ada") == ada
    assert store.user_by_key("B", "ada") is None
    assert [store.next_number("A", 5), store.next_number("A", 5), store.next_number("B", 5)] == [5, 6, 5]
    store.add_conversation(conversation("1", ada))
    for id in "zab":
        store.add_message(Message(id, "1", "ada@example.com", "hi", "reply", 0))
    assert ids(store.messages("1")) == ["z", "a", "b"]
    assert store.conversation("1").requester == ada
    assert store.conversation("2") is None
    store.clear()
    assert store.conversation("1") is None
    assert store.next_number("A", 5) == 5
    assert store.user_by_key("A", "ada") is None


def test_a_transaction_may_be_entered_again(make_store):
    store: Store = make_store(Order.NEWEST)
    with store.transaction(), store.transaction():
        assert store.next_number("A", 1) == 1
