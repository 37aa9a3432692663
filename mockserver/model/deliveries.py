"""Receivers of events, and the deliveries to them, as a store keeps them. Times are microseconds since 1970, UTC."""

from dataclasses import dataclass

MOST_ATTEMPTS = 6
"""After so many failed attempts a delivery is given up (webhooks page)."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A receiver: its URL, the secret that signs, and the events of one organisation that it gets.

    An empty `organisation` means the first one that has keys.
    `timeout` is the seconds it has for each response. The other members make it harder for the receiver: each event is sent twice
    (`duplicate`), `late` by so many seconds, or `out_of_order`.
    """

    id: str
    url: str
    secret: str
    events: tuple[str, ...]
    organisation: str = ""
    timeout: float = 10.0
    duplicate: bool = False
    late: float = 0.0
    out_of_order: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to a receiver, without its body, and what came of it.

    `status` is None if there was no response. `reason` says why the attempt failed, also after a response that is no success; it is
    empty after a success. `body` is the beginning of the response's body. `next_at` is when the next attempt is due; None after the
    last one.
    """

    number: int
    at: int
    url: str
    headers: tuple[tuple[str, str], ...]
    status: int | None
    reason: str
    body: str
    latency_ms: float
    next_at: int | None

    @property
    def succeeded(self) -> bool:
        """Whether the receiver has it."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to one receiver. `id` is positive, and larger than those before; 0 until a store has it.

    `body` is what is sent, byte for byte, by each attempt. `next_at` is when the next one is due; None if it is over.
    """

    id: int
    subscription: str
    event: str
    conversation: str
    body: bytes
    created_at: int
    next_at: int | None
    attempts: tuple[Attempt, ...] = ()
    redelivery_of: int | None = None

    @property
    def state(self) -> str:
        """`waiting`, `delivered` or `given_up`."""
        if self.next_at is not None:
            return "waiting"
        return "delivered" if self.attempts and self.attempts[-1].succeeded else "given_up"
