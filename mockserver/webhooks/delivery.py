"""The thread that delivers: it takes what is due from the outboxes, has it sent by others, and keeps what came of it.

The thread exists only while there are subscriptions. It alone reads and writes outboxes here; the threads that send only wait for
receivers. If its process is killed before a result is kept, the next process to deliver sends that event again: each is sent at
least once.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from mockserver.model.clock import Clock
from mockserver.model.deliveries import Attempt, Delivery, Subscription
from mockserver.store import NamespaceGoneError, StoreUnavailableError
from mockserver.store.outbox import Outbox
from mockserver.webhooks.schedule import next_attempt
from mockserver.webhooks.sending import Result, send
from mockserver.webhooks.targets import Targets

_log = logging.getLogger("mockserver")

_AT_ONCE = 8
"""How many receivers may be waited for at the same time."""

_MANY = 64
"""So many deliveries are looked at in one go, besides those under way."""

_LOOK_AGAIN = 0.1
"""Seconds after which a clock is read again, as somebody may have moved it on."""

_AFTER_FAILURE = 1.0


class Source(Protocol):
    """A namespace of which events are delivered."""

    @property
    def outbox(self) -> Outbox: ...

    @property
    def clock(self) -> Clock: ...


class Sources(Protocol):
    """Where deliveries come from."""

    shared: bool
    """Whether other processes write to the outboxes as well, so that they have to be looked at without being told."""

    def listening(self) -> bool:
        """Tell whether there may be subscriptions."""
        ...

    def leads(self) -> bool:
        """Tell whether this process is the one that delivers. Raises StoreUnavailableError."""
        ...

    def waiting(self) -> Sequence[tuple[str, Source]]:
        """Return the namespaces that may have something to deliver, by name. Raises StoreUnavailableError."""
        ...

    def forget(self, name: str) -> None:
        """Forget the namespace of that name, which was dropped and perhaps made anew."""
        ...


class _Task(NamedTuple):
    name: str
    source: Source
    delivery: Delivery
    subscription: Subscription
    at: int

    @property
    def key(self) -> tuple[str, int]:
        return self.name, self.delivery.id

    @property
    def lane(self) -> tuple[str, str, str]:
        """The lane of this task. Tasks in the same lane are sent one after another."""
        return self.name, self.delivery.subscription, self.delivery.conversation


class Deliverer:
    """Delivers what is due. `look_again` is after how many seconds it looks for what other processes wrote."""

    def __init__(self, sources: Sources, targets: Targets, look_again: float = 0.2) -> None:
        self._sources = sources
        self._targets = targets
        self._look_again = look_again
        self.send = send
        self.next_attempt = next_attempt
        self._changed = threading.Condition()
        self._poked = self._stopped = self._watches = False
        self._thread: threading.Thread | None = None
        self._senders = 0
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._under_way: dict[tuple[str, int], _Task] = {}
        self._done: deque[tuple[_Task, Result]] = deque()

    def wake(self) -> None:
        """Look what is due, now; a thread is started if there is none."""
        with self._changed:
            self._poked = True
            if self._thread is None and not self._stopped:
                self._thread = threading.Thread(name="mockserver webhooks", target=self._run, daemon=True)
                self._thread.start()
            else:
                self._changed.notify()

    def watch(self) -> None:
        """From now on look for what other processes leave to be delivered, as long as the process runs."""
        self._watches = self._sources.shared
        if self._watches:
            self.wake()

    def stop(self) -> None:
        """Send nothing any more. What is under way may arrive."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
            thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)

    def _run(self) -> None:
        pause: float | None = 0.0
        told = ""
        while True:
            with self._changed:
                if not self._poked and not self._stopped:
                    self._changed.wait(pause)
                self._poked = False
                if self._stopped:
                    break
            try:
                pause = self._step()
            except (StoreUnavailableError, NamespaceGoneError) as error:
                if str(error) != told:
                    told = str(error)
                    _log.warning("Webhooks wait: %s", told)
                pause = _AFTER_FAILURE
            if pause is None and not self._under_way and not self._sources.listening():
                with self._changed:
                    if not self._poked:
                        self._thread = None
                        break
        for _ in range(self._senders):
            self._tasks.put(None)
        self._senders = 0

    def _step(self) -> float | None:
        """Do what is due now, and return the seconds until the next step; None to wait until this thread is woken."""
        self._keep_results()
        usual = self._look_again if self._sources.shared and (self._watches or self._sources.listening()) else None
        if not self._sources.leads():
            return usual
        pauses = [usual] if usual is not None else []
        for name, source in self._sources.waiting():
            try:
                pauses += self._begin(name, source)
            except NamespaceGoneError:
                self._sources.forget(name)
        return min(pauses, default=None)

    def _keep_results(self) -> None:
        finished: dict[str, tuple[Source, list[tuple[_Task, Result]]]] = {}
        while self._done:
            task, result = self._done.popleft()
            finished.setdefault(task.name, (task.source, []))[1].append((task, result))
        for source, results in finished.values():
            try:
                source.outbox.record([self._after(task, result, source.clock.now()) for task, result in results])
            except NamespaceGoneError:
                self._sources.forget(results[0][0].name)
            finally:
                # A delivery whose result could not be kept is still due, and is sent again.
                for task, _ in results:
                    self._under_way.pop(task.key, None)

    def _begin(self, name: str, source: Source) -> list[float]:
        """Hand over what is due in a namespace, up to the limit, and return in how many seconds more is due."""
        now = source.clock.now()
        by_id = {subscription.id: subscription for subscription in source.outbox.subscriptions()}
        lanes = {task.lane for task in self._under_way.values()}
        due = source.outbox.due(now, _MANY + len(self._under_way))
        for delivery in due:
            if len(self._under_way) >= _AT_ONCE:
                return []
            subscription = by_id.get(delivery.subscription) or source.outbox.subscription(delivery.subscription)
            if subscription is None:
                # Another process kept it while this one dropped its subscription.
                source.outbox.record([replace(delivery, next_at=None)])
                continue
            task = _Task(name, source, delivery, subscription, now)
            if task.key not in self._under_way and task.lane not in lanes:
                lanes.add(task.lane)
                self._hand_over(task)
        first = source.outbox.next_at()
        if first is None or due:
            # Due deliveries that were not begun wait for one under way, and its sender wakes this thread.
            return []
        clock = source.clock
        return [_LOOK_AGAIN if clock.frozen else min(_LOOK_AGAIN, max(0.001, (first - now) / 1e6 / clock.speed))]

    def _hand_over(self, task: _Task) -> None:
        self._under_way[task.key] = task
        if len(self._under_way) > self._senders:
            self._senders += 1
            threading.Thread(name="mockserver webhook sender", target=self._send, daemon=True).start()
        self._tasks.put(task)

    def _send(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                result = self.send(task.delivery, task.subscription, self._targets)
            except Exception:  # noqa: BLE001  A defect of ours is no reason to lose a sender, and the delivery with it.
                _log.exception("A webhook could not be sent.")
                result = Result((), None, "The mock could not send it; its log says why.", "", 0.0)
            self._done.append((task, result))
            self.wake()

    def _after(self, task: _Task, result: Result, now: int) -> Delivery:
        """The delivery after an attempt."""
        delivery = task.delivery
        failed = len(delivery.attempts) + 1
        next_at = self.next_attempt(delivery, failed, now) if result.reason else None
        attempt = Attempt(failed, task.at, task.subscription.url, *result, next_at)
        return replace(delivery, next_at=next_at, attempts=(*delivery.attempts, attempt))
