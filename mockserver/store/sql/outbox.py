"""Subscriptions and deliveries of one namespace in a database, which other processes may read and write at the same time."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace

import orjson

from mockserver.model.deliveries import Attempt, Delivery, Subscription
from mockserver.store.outbox import KEPT
from mockserver.store.sql.text import from_database
from mockserver.store.sql.units import Database, Entered, Hold, Row

_KNOWN_FOR = 1.0
"""Seconds for which subscriptions are cached, since each change of a conversation asks for them."""

_PRUNED_AFTER = 100
"""After this many finished deliveries, old ones are deleted."""


class SqlOutbox:
    """Subscriptions and deliveries of one namespace. Safe to use from several threads."""

    def __init__(self, database: Database, namespace: int, *, lasting: bool) -> None:
        hold = Hold(namespace, lasting=lasting)
        self._sql = database.sql
        self._namespace = namespace
        self._reading = Entered(database, write=False, hold=hold)
        self._writing = Entered(database, write=True, hold=hold)
        self._known: tuple[Subscription, ...] = ()
        self._known_until = 0.0
        self._over = 0

    def subscriptions(self) -> tuple[Subscription, ...]:
        if time.monotonic() >= self._known_until:
            with self._reading as unit:
                rows = unit.all(self._sql.webhooks, namespace_=self._namespace)
            # There are few; their order is not worth an index.
            self._known = tuple(map(_subscription_of, sorted(rows, key=lambda row: (row[2], row[0]))))
            self._known_until = time.monotonic() + _KNOWN_FOR
        return self._known

    def subscription(self, subscription_id: str) -> Subscription | None:
        with self._reading as unit:
            row = unit.one(self._sql.webhook, namespace_=self._namespace, id_=subscription_id)
        return None if row is None else _subscription_of(row)

    def keep_subscription(self, subscription: Subscription) -> None:
        settings = {name: value for name, value in asdict(subscription).items() if name != "id"}
        with self._writing as unit:
            unit.run(
                self._sql.keep_webhook,
                namespace_=self._namespace,
                id_=subscription.id,
                settings_=orjson.dumps(settings).decode(),
                created_at_=time.time_ns() // 1000,
            )
        self._known_until = 0.0

    def drop_subscription(self, subscription_id: str) -> bool:
        with self._writing as unit:
            found = unit.run(self._sql.drop_webhook, namespace_=self._namespace, id_=subscription_id)
            unit.run(self._sql.drop_waiting, namespace_=self._namespace, subscription_=subscription_id)
        self._known_until = 0.0
        return found > 0

    def add(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        added = []
        with self._writing as unit:
            for delivery in deliveries:
                row = unit.one(
                    self._sql.add_delivery,
                    namespace_=self._namespace,
                    subscription_=delivery.subscription,
                    next_at_=delivery.next_at,
                    content_=_content(delivery),
                )
                assert row is not None
                added.append(replace(delivery, id=row[0]))
        return added

    def due(self, now: int, limit: int) -> list[Delivery]:
        with self._reading as unit:
            rows = unit.all(self._sql.due_deliveries, namespace_=self._namespace, now_=now, limit_=limit)
        return [_delivery_of(row) for row in rows]

    def next_at(self) -> int | None:
        with self._reading as unit:
            row = unit.one(self._sql.next_delivery_at, namespace_=self._namespace)
        return None if row is None else row[0]

    def record(self, deliveries: Sequence[Delivery]) -> None:
        with self._writing as unit:
            for delivery in deliveries:
                unit.run(
                    self._sql.record_delivery,
                    namespace_=self._namespace,
                    id_=delivery.id,
                    next_at_=delivery.next_at,
                    content_=_content(delivery),
                )
            self._over += sum(delivery.next_at is None for delivery in deliveries)
            if self._over >= _PRUNED_AFTER:
                self._over = 0
                unit.run(self._sql.prune_deliveries, namespace_=self._namespace, kept_=KEPT)

    def delivery(self, delivery_id: int) -> Delivery | None:
        with self._reading as unit:
            row = unit.one(self._sql.delivery, namespace_=self._namespace, id_=delivery_id)
        return None if row is None else _delivery_of(row)

    def deliveries(self, limit: int) -> list[Delivery]:
        with self._reading as unit:
            rows = unit.all(self._sql.latest_deliveries, namespace_=self._namespace, limit_=limit)
        return [_delivery_of(row) for row in rows]

    def clear(self) -> None:
        with self._writing as unit:
            unit.run(self._sql.clear_webhooks, namespace_=self._namespace)
            unit.run(self._sql.clear_deliveries, namespace_=self._namespace)
        self._known_until = 0.0


def _subscription_of(row: Row) -> Subscription:
    settings = orjson.loads(row[1])
    return Subscription(id=from_database(row[0]), **{**settings, "events": tuple(settings["events"])})


def _content(delivery: Delivery) -> str:
    members = {
        "event": delivery.event,
        "conversation": delivery.conversation,
        "body": delivery.body.decode(),
        "created_at": delivery.created_at,
        "redelivery_of": delivery.redelivery_of,
        "attempts": [asdict(attempt) for attempt in delivery.attempts],
    }
    return orjson.dumps(members).decode()


def _delivery_of(row: Row) -> Delivery:
    id_, subscription, next_at, content = row
    members = orjson.loads(content)
    attempts = tuple(Attempt(**{**one, "headers": tuple(map(tuple, one["headers"]))}) for one in members.pop("attempts"))
    body = members.pop("body").encode()
    return Delivery(id=id_, subscription=from_database(subscription), next_at=next_at, body=body, attempts=attempts, **members)
