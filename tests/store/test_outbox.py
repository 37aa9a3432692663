"""Subscriptions and deliveries, as every store keeps them."""

import time
from dataclasses import replace

import pytest

from mockserver.model.deliveries import Attempt, Delivery, Subscription
from mockserver.store import outbox as outboxes
from mockserver.store.sql import outbox as sql_outboxes
from tests.store.conftest import default_store

HOOK = Subscription("a", "http://127.0.0.1/", "sécret\x00", ("message.created", "conversation.created"))
ATTEMPT = Attempt(1, 5, "http://127.0.0.1/", (("A", "b"),), None, "nobody there", "é\x00", 1.5, 7)


def delivery(due: int = 10, **more: object) -> Delivery:
    return replace(Delivery(0, "a", "message.created", "c", '{"é": "\\u0000"}'.encode(), 5, due), **more)  # type: ignore[arg-type]


def test_what_is_kept_comes_back_as_it_was(store):
    outbox = store.outbox
    outbox.keep_subscription(HOOK)
    outbox.keep_subscription(replace(HOOK, id="b", duplicate=True))
    outbox.keep_subscription(replace(HOOK, secret="another"))
    assert [one.id for one in outbox.subscriptions()] == ["a", "b"]
    assert outbox.subscription("a") == replace(HOOK, secret="another")
    assert outbox.subscription("c") is None
    (added,) = outbox.add([delivery(attempts=(ATTEMPT,), redelivery_of=3)])
    assert added.id > 0
    assert outbox.delivery(added.id) == added
    assert outbox.delivery(added.id + 1) is None


def test_what_is_due_comes_in_order_and_once_it_is_over_no_more(store):
    outbox = store.outbox
    late, soon, later = outbox.add([delivery(20), delivery(10), delivery(30)])
    assert (outbox.due(20, 10), outbox.next_at()) == ([soon, late], 10)
    assert outbox.due(20, 1) == [soon]
    outbox.record([replace(soon, next_at=None), replace(late, next_at=40, attempts=(ATTEMPT,))])
    assert (outbox.due(100, 10), outbox.next_at()) == ([later, replace(late, next_at=40, attempts=(ATTEMPT,))], 30)
    assert [one.id for one in outbox.deliveries(2)] == sorted([late.id, soon.id, later.id], reverse=True)[:2]


def test_dropping_a_subscription_drops_what_waits_for_it(store):
    outbox = store.outbox
    outbox.keep_subscription(HOOK)
    waiting, over, other = outbox.add([delivery(), delivery(), delivery(subscription="b")])
    outbox.record([replace(over, next_at=None)])
    assert outbox.drop_subscription("a")
    assert not outbox.drop_subscription("a")
    assert outbox.subscriptions() == ()
    assert [one.id for one in outbox.deliveries(10)] == [other.id, over.id]
    outbox.record([waiting])
    assert outbox.due(100, 10) == [other]


def test_old_ones_that_are_over_are_pruned(store, monkeypatch):
    monkeypatch.setattr(outboxes, "KEPT", 3)
    monkeypatch.setattr(sql_outboxes, "KEPT", 3)
    monkeypatch.setattr(sql_outboxes, "_PRUNED_AFTER", 1)
    outbox = store.outbox
    added = outbox.add([delivery() for _ in range(6)])
    outbox.record([replace(one, next_at=None) for one in added[1:]])
    assert [one.id for one in outbox.deliveries(10)] == [one.id for one in (*added[:2:-1], added[0])]


def test_clearing_forgets_all(store):
    store.outbox.keep_subscription(HOOK)
    store.outbox.add([delivery()])
    store.outbox.clear()
    assert (store.outbox.subscriptions(), store.outbox.deliveries(10), store.outbox.next_at()) == ((), [], None)


def test_what_is_added_is_there_only_if_the_transaction_is_kept(durable_store):
    with pytest.raises(ValueError), durable_store.transaction():  # noqa: PT012
        durable_store.outbox.add([delivery()])
        raise ValueError
    assert durable_store.outbox.deliveries(10) == []


def test_one_leads_until_it_ends(durable_url, opened):
    first, second = opened(durable_url), opened(durable_url)
    assert first.shared
    assert (first.leads(), second.leads(), first.leads()) == (True, False, True)
    first.close()
    # PostgreSQL may take a moment to notice that a connection has ended.
    end = time.monotonic() + 5
    while not second.leads():
        assert time.monotonic() < end


def test_namespaces_that_wait_are_known(durable_url, opened):
    storage = opened(durable_url)
    store = default_store(storage)
    assert storage.waiting() == []
    (added,) = store.outbox.add([delivery()])
    assert storage.waiting() == ["default"]
    store.outbox.record([replace(added, next_at=None)])
    assert storage.waiting() == []
