"""Subscriptions of one namespace, and the events that are on their way to them."""

import threading
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Protocol

from mockserver.model.deliveries import Delivery, Subscription

KEPT = 1000
"""How many finished deliveries are kept of each namespace, to be looked at. Older ones are forgotten."""


class Outbox(Protocol):
    """Subscriptions and deliveries of one namespace. Any call may raise what those of a `Store` do.

    What is added within a transaction of the store is there if the transaction is kept.
    """

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All of them, in the order in which they were made.

        Where processes share a database, what another one changed is seen a second later.
        """
        ...

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The subscription with that id as it is now, or None."""
        ...

    def keep_subscription(self, subscription: Subscription) -> None:
        """Keep a subscription, in place of the one of that id if there is one."""
        ...

    def drop_subscription(self, subscription_id: str) -> bool:
        """Forget a subscription and what is on its way to it. False if there is none of that id."""
        ...

    def add(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Keep new deliveries, and return them with their ids."""
        ...

    def due(self, now: int, limit: int) -> list[Delivery]:
        """The deliveries that are due, at most `limit` of them; those that are due longest come first."""
        ...

    def next_at(self) -> int | None:
        """When the first of those that wait is due."""
        ...

    def record(self, deliveries: Sequence[Delivery]) -> None:
        """Keep the results of deliveries: replace those that still exist, and forget old ones that are finished."""
        ...

    def delivery(self, delivery_id: int) -> Delivery | None:
        """The delivery with that id, or None."""
        ...

    def deliveries(self, limit: int) -> list[Delivery]:
        """The latest deliveries, newest first."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...


class MemoryOutbox:
    """Subscriptions and deliveries in memory. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._empty()

    def _empty(self) -> None:
        self._subscriptions: tuple[Subscription, ...] = ()
        self._deliveries: dict[int, Delivery] = {}
        self._waiting: list[tuple[int, int]] = []
        self._over: dict[int, None] = {}

    def subscriptions(self) -> tuple[Subscription, ...]:
        return self._subscriptions

    def subscription(self, subscription_id: str) -> Subscription | None:
        return next((one for one in self._subscriptions if one.id == subscription_id), None)

    def keep_subscription(self, subscription: Subscription) -> None:
        with self._lock:
            known = {one.id: one for one in self._subscriptions} | {subscription.id: subscription}
            self._subscriptions = tuple(known.values())

    def drop_subscription(self, subscription_id: str) -> bool:
        with self._lock:
            left = tuple(one for one in self._subscriptions if one.id != subscription_id)
            found = len(left) < len(self._subscriptions)
            self._subscriptions = left
            for delivery in [one for one in self._deliveries.values() if one.subscription == subscription_id]:
                if delivery.next_at is not None:
                    self._forget(delivery)
            return found

    def add(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        with self._lock:
            return [self._add(delivery) for delivery in deliveries]

    def _add(self, delivery: Delivery) -> Delivery:
        self._last += 1
        delivery = replace(delivery, id=self._last)
        self._file(delivery)
        return delivery

    def _file(self, delivery: Delivery) -> None:
        self._deliveries[delivery.id] = delivery
        if delivery.next_at is None:
            self._over[delivery.id] = None
        else:
            insort(self._waiting, (delivery.next_at, delivery.id))

    def _forget(self, delivery: Delivery) -> None:
        del self._deliveries[delivery.id]
        self._over.pop(delivery.id, None)
        if delivery.next_at is not None:
            del self._waiting[bisect_left(self._waiting, (delivery.next_at, delivery.id))]

    def due(self, now: int, limit: int) -> list[Delivery]:
        with self._lock:
            return [self._deliveries[number] for at, number in self._waiting[:limit] if at <= now]

    def next_at(self) -> int | None:
        with self._lock:
            return self._waiting[0][0] if self._waiting else None

    def record(self, deliveries: Sequence[Delivery]) -> None:
        with self._lock:
            for delivery in deliveries:
                if delivery.id in self._deliveries:
                    self._forget(self._deliveries[delivery.id])
                    self._file(delivery)
            for old in list(islice(self._over, max(0, len(self._over) - KEPT))):
                self._forget(self._deliveries[old])

    def delivery(self, delivery_id: int) -> Delivery | None:
        with self._lock:
            return self._deliveries.get(delivery_id)

    def deliveries(self, limit: int) -> list[Delivery]:
        with self._lock:
            return [self._deliveries[number] for number in sorted(self._deliveries, reverse=True)[:limit]]

    def clear(self) -> None:
        with self._lock:
            self._empty()
