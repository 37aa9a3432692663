"""Events to deliveries in the outbox: one for each receiver that asked for it, within the transaction of the change."""

from collections.abc import Callable
from hashlib import blake2b

from mockserver.contract.choices import Choices
from mockserver.model.clock import Clock
from mockserver.model.deliveries import Delivery, Subscription
from mockserver.model.events import Event
from mockserver.store.outbox import Outbox
from mockserver.webhooks.payload import payload
from mockserver.webhooks.schedule import held_back


class Publisher:
    """Keeps events of one namespace for its receivers. `first` is the organisation of those that name none.

    `wake` is told that there is something to deliver.
    """

    def __init__(self, outbox: Outbox, clock: Clock, first: str, wake: Callable[[], None], choices: Choices) -> None:
        self._first = first
        self._outbox = outbox
        self._clock = clock
        self._wake = wake
        self.payload = payload
        self.follow(choices)

    def follow(self, choices: Choices) -> None:
        """Take these options from now on."""
        self._copies = 2 if choices.takes("webhook_duplicates", "some") else 1
        self._has_id = choices.takes("webhook_event_id", "member")

    def are_there(self) -> bool:
        """Tell whether there are receivers."""
        return bool(self._outbox.subscriptions())

    def publish(self, event: Event) -> list[Delivery]:
        """Keep an event for whoever subscribed to it, and return its deliveries."""
        whose = event.conversation.organisation
        asking = [
            one for one in self._outbox.subscriptions() if event.name in one.events and (one.organisation or self._first) == whose
        ]
        if not asking:
            return []
        now, body = self._clock.now(), self.payload(event, _id_of(event) if self._has_id else None)
        new = [self._new(event, one, body, now, copy) for one in asking for copy in range(max(self._copies, 1 + one.duplicate))]
        added = self._outbox.add(new)
        self._wake()
        return added

    def send_again(self, delivery: Delivery) -> Delivery:
        """Keep the same bytes for the same receiver once more, to be sent at once."""
        now = self._clock.now()
        again = Delivery(
            *(0, delivery.subscription, delivery.event, delivery.conversation, delivery.body, now, now), redelivery_of=delivery.id
        )
        (added,) = self._outbox.add([again])
        self._wake()
        return added

    def _new(self, event: Event, to: Subscription, body: bytes, now: int, copy: int) -> Delivery:
        due = now + int(to.late * 1_000_000)
        if to.out_of_order:
            due += held_back(event.message.id if event.message else f"{event.name} {event.conversation.id}", copy)
        return Delivery(0, to.id, event.name, event.conversation.id, body, now, due)


def _id_of(event: Event) -> str:
    """Return the event's own id, from its name, conversation and message: without a message, it happens once per conversation."""
    about = f"{event.name} {event.conversation.id} {event.message.id if event.message else ''}"
    return f"evt_{blake2b(about.encode(), digest_size=12).hexdigest()}"
