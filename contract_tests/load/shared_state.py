"""What a process of a load run remembers of all its users: conversations that many write to, numbers, and who owns what."""

import random
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract_tests.load.ordering import Ack
from contract_tests.model.ledger import Record
from contract_tests.transport.credentials import Keys

KEPT_RECENT = 200
"""Conversations that were created last, of which users read each other's."""

MOST_MESSAGES = 100
"""Messages that one process writes to a shared conversation before it takes another: reading longer ones would become the load."""

CROWD = 5
"""Users who create for the same new address at the same time."""

MARKS = ("x", "y")
"""Marks that distinguish the names of the two organisations. Run ids are hexadecimal, so they contain neither mark."""


@dataclass(slots=True)
class SharedConversation:
    """A conversation to which many users write. `acks` are what was acknowledged to each process, by the process's name.

    `pending` counts messages that were sent but may not have arrived. Nobody writes to a conversation that is `closed`:
    it is there for the other organisation to try.
    """

    id: str
    email: str
    shown: dict[str, Any]
    acks: dict[str, list[Ack]] = field(default_factory=dict)
    pending: int = 0
    closed: bool = False

    def record(self) -> Record:
        """The conversation as it was created, for comparison: messages were sent to it since, or it was resolved."""
        found = Record(self.id, self.email, self.shown)
        if self.closed:
            found.note_resolved()
        else:
            found.note_message()
        return found

    def to_json(self) -> dict[str, Any]:
        acks = {process: [ack.to_json() for ack in found] for process, found in self.acks.items()}
        return {
            "id": self.id,
            "email": self.email,
            "shown": self.shown,
            "acks": acks,
            "pending": self.pending,
            "closed": self.closed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SharedConversation":
        acks = {process: [Ack.from_json(ack) for ack in found] for process, found in data["acks"].items()}
        return cls(**{**data, "acks": acks})


@dataclass(slots=True)
class SharedAddress:
    """An address for which many users create. `pending` counts creates of which nobody knows whether they happened."""

    email: str
    ids: set[str] = field(default_factory=set)
    pending: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"email": self.email, "ids": sorted(self.ids), "pending": self.pending}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SharedAddress":
        return cls(data["email"], set(data["ids"]), data["pending"])


@dataclass(slots=True)
class Organisation:
    """One organisation of the server, as the users of this process know it.

    `recent` are conversations with what was shown when they were created; `rival` is the other organisation, where there is one.
    """

    mark: str
    keys: Keys
    process: str
    numbers: dict[int, str] = field(default_factory=dict)
    conversations: dict[str, SharedConversation] = field(default_factory=dict)
    addresses: dict[str, SharedAddress] = field(default_factory=dict)
    owned: set[str] = field(default_factory=set)
    recent: deque[tuple[str, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=KEPT_RECENT))
    rival: "Organisation | None" = None
    crowd: SharedAddress | None = None
    places: int = 0
    _open: list[SharedConversation] = field(default_factory=list)

    def share(self, shared: SharedConversation) -> None:
        """Let users write to a conversation from now on."""
        self.conversations[shared.id] = shared
        if not shared.closed:
            self._open.append(shared)
        self.owned.add(shared.id)

    def own_acks(self, shared: SharedConversation) -> list[Ack]:
        """What was acknowledged to this process in a shared conversation."""
        return shared.acks.setdefault(self.process, [])

    def pick(self, chance: random.Random) -> SharedConversation | None:
        """One of the shared conversations that are written to, or None where another is needed."""
        self._open = [one for one in self._open if len(self.own_acks(one)) < MOST_MESSAGES]
        return chance.choice(self._open) if self._open else None

    def victim(self, chance: random.Random) -> SharedConversation | None:
        """A conversation for the other organisation to try: one that is written to, or one that is closed."""
        closed = [one for one in self.conversations.values() if one.closed]
        return chance.choice(closed) if closed and chance.random() < 0.3 else self.pick(chance)

    def call_together(self, email: str) -> SharedAddress:
        """Have the next users create for an address that is new, all in the same moment."""
        self.addresses[email] = self.crowd = SharedAddress(email)
        self.places = CROWD
        return self.crowd

    def join(self) -> SharedAddress | None:
        """The address for which users create in this moment, if there is one with a place left."""
        self.places -= 1
        return self.crowd if self.places >= 0 else None

    def to_json(self) -> dict[str, Any]:
        return {
            "conversations": [shared.to_json() for shared in self.conversations.values()],
            "addresses": [address.to_json() for address in self.addresses.values()],
            "numbers": list(self.numbers.items()),
        }

    def merge(self, data: Mapping[str, Any]) -> list[tuple[int, str, str]]:
        """Add what another process remembers, and return each number that both know, with two conversations that have it."""
        for found in map(SharedConversation.from_json, data["conversations"]):
            own = self.conversations.setdefault(found.id, found)
            if own is not found:
                own.acks.update(found.acks)
                own.pending += found.pending
        for address in map(SharedAddress.from_json, data["addresses"]):
            mine = self.addresses.setdefault(address.email, address)
            mine.ids |= address.ids
            mine.pending += address.pending if mine is not address else 0
        pairs = ((int(number), str(of)) for number, of in data["numbers"])
        return [(number, first, of) for number, of in pairs if (first := self.numbers.setdefault(number, of)) != of]


class Book:
    """All that one process of a load run knows. `process` is its name, part of every name that it makes."""

    def __init__(self, keys: Keys, process: str) -> None:
        self.process = process
        self.organisations = [Organisation(MARKS[0], keys, process)]
        if keys.other_server is not None:
            self.organisations.append(Organisation(MARKS[1], Keys(keys.other_server), process))
            first, second = self.organisations
            first.rival, second.rival = second, first
        self.problems: list[str] = []

    def problem(self, text: str) -> None:
        """Note what keeps the run from being whole, once."""
        if text not in self.problems:
            self.problems.append(text)

    def to_json(self) -> dict[str, Any]:
        return {"process": self.process, "problems": self.problems, "organisations": [one.to_json() for one in self.organisations]}

    def share(self, organisations: Iterable[Mapping[str, Any]]) -> None:
        """Take over the conversations that the master made for all."""
        for organisation, data in zip(self.organisations, organisations, strict=False):
            for shared in map(SharedConversation.from_json, data["conversations"]):
                organisation.share(shared)


def now() -> float:
    """Seconds of a clock that never goes back, the same for all users of a process."""
    return time.monotonic()
