"""Where the state is kept: what every store can do, and the selections that it returns.

A `Storage` keeps namespaces, which know nothing of each other; a `Store` is the state of one of them. Neither knows any
rules: a store finds, adds and replaces records. Whatever is done between `with store.transaction():` and its end is seen by
others as a whole, after its end. If it ends with an exception a database takes it back, and memory does not: the rules refuse
before they write.

| where | has |
|---|---|
| urls.py | which store a URL names |
| memory.py | the state in memory |
| outbox.py | subscriptions to events, and what is on its way to them |
| sql/ | the state in a database |
| migrations/ | the schemas of databases, each from the one before |
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol, TypeVar

from mockserver.model.records import Conversation, Message, User
from mockserver.store.outbox import Outbox

T = TypeVar("T")

DEFAULT_NAMESPACE = "default"
"""The namespace of requests that name none. It is always there."""


class Order(Enum):
    """How a store lists conversations."""

    NEWEST = "newest"
    OLDEST = "oldest"
    BY_ID = "other"


class StoreUnavailableError(Exception):
    """The state cannot be reached just now, and may be again later. What was asked for was not done."""


class NamespaceGoneError(Exception):
    """The namespace of a store was dropped, and perhaps made anew, since the store was opened."""


class Selection(Protocol[T]):
    """The records that a query selects, in order, not yet read. To be used within the transaction in which it was made."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T]: ...

    def page(self, offset: int, limit: int) -> list[T]:
        """At most `limit` records, after skipping `offset` of them; both are at least 0 and of any size."""
        ...


class Fixed(Sequence[T]):
    """A selection of records in memory. The sequence is not copied, and must not change meanwhile."""

    def __init__(self, records: Sequence[T]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:  # type: ignore[override]
        return self._records[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._records)

    def page(self, offset: int, limit: int) -> list[T]:
        return list(self._records[offset : offset + limit])


class Store(Protocol):
    """The state of one namespace: users, conversations and messages of its organisations.

    Any call may raise StoreUnavailableError, and NamespaceGoneError where namespaces are shared with other processes.
    """

    @property
    def durable(self) -> bool:
        """Whether the state outlives the process, and other processes may write to it as well."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Subscriptions to events of this namespace, and what is on its way to them. Neither is part of a snapshot."""
        ...

    def transaction(self, *, write: bool = True) -> AbstractContextManager[object]:
        """One unit of work. May be entered again within itself. With `write=False` nothing may be changed in it."""
        ...

    def next_number(self, organisation: str, first: int) -> int:
        """Take the next conversation number of the organisation, beginning with `first`.

        Until the end of the transaction nobody else takes one of that organisation.
        """
        ...

    def user_by_key(self, organisation: str, key: str) -> User | None:
        """The user filed under that key, which is what addresses are compared by."""
        ...

    def add_user(self, user: User, key: str | None) -> User:
        """File a user under a key, or an anonymous one under none. Return the user that is filed there now.

        That is another user if somebody else was faster.
        """
        ...

    def users(self, organisation: str) -> list[tuple[str, User]]:
        """The users of the organisation that are filed under a key, with it, sorted by it code point by code point."""
        ...

    def conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation with that id, of whatever organisation.

        In a transaction that writes nobody else changes it, or adds a message to it, before the end of the transaction.
        """
        ...

    def add_conversation(self, conversation: Conversation) -> None:
        """Keep a new conversation. Its id must be free, and its requester was added."""
        ...

    def replace_conversation(self, conversation: Conversation) -> None:
        """Keep a changed conversation in place of the one with its id. Organisation and requester stay the same."""
        ...

    def conversations(self, organisation: str, requester: str | None = None, status: str | None = None) -> Selection[Conversation]:
        """Return the organisation's conversations in the store's order: all, or those of the user `requester`, or of a status."""
        ...

    def add_message(self, message: Message) -> None:
        """Keep a new message, as the last of its conversation."""
        ...

    def messages(self, conversation_id: str) -> Selection[Message]:
        """The messages of the conversation in the order in which they were added."""
        ...

    def clear(self) -> None:
        """Forget everything but the snapshots."""
        ...

    def snapshot(self, name: str) -> None:
        """Keep the whole state under a name, in place of an older one of that name."""
        ...

    def restore(self, name: str) -> bool:
        """Go back to a snapshot, which is kept. False, and nothing is changed, if there is none of that name."""
        ...

    def snapshots(self) -> list[str]:
        """The names of the snapshots, sorted."""
        ...

    def drop_snapshot(self, name: str) -> bool:
        """Forget a snapshot. False if there is none of that name."""
        ...


@dataclass(frozen=True, slots=True)
class NamespaceRecord:
    """A namespace and the settings it was made with, as JSON values. Every process that opens it uses them."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


class Steered(NamedTuple):
    """What control requests changed of a namespace besides its data, as JSON, and how often that was written."""

    version: int = 0
    document: dict[str, Any] | None = None


class Storage(Protocol):
    """All namespaces of one mock, or of many that share a database. Safe to use from several threads."""

    def namespace(self, name: str) -> NamespaceRecord | None:
        """The namespace of that name, or None."""
        ...

    def namespaces(self) -> list[NamespaceRecord]:
        """All of them, sorted by name."""
        ...

    def create(self, namespace: NamespaceRecord, order: Order, fill: Callable[[Store], None]) -> bool:
        """Make a namespace and let `fill` put in what it starts with, as one unit of work.

        False, and nothing is done, if the name is taken. The same settings and an equal `fill` make the same state.
        """
        ...

    def open(self, name: str, order: Order) -> Store:
        """The state of a namespace that is there, listing conversations in that order. Raises NamespaceGoneError."""
        ...

    def drop(self, name: str) -> bool:
        """Forget a namespace with all that is in it, snapshots too. False if there is none of that name."""
        ...

    def steered(self, name: str) -> Steered:
        """What was last written of a namespace by `steer`."""
        ...

    def versions(self) -> Mapping[str, int]:
        """Return, by name, how often `steer` wrote of each namespace, except those it never wrote of; empty unless shared."""
        ...

    def steer(self, name: str, change: Callable[[Steered], dict[str, Any] | None]) -> int:
        """Write what `change` makes of what was last written, while nobody else can write. Return the new version.

        Raises NamespaceGoneError, and whatever `change` raises; nothing is written then.
        """
        ...

    @property
    def shared(self) -> bool:
        """Whether other processes may use the namespaces at the same time."""
        ...

    def leads(self) -> bool:
        """Whether this process is the one that delivers events. Raises StoreUnavailableError.

        That is the first one that asks, until it ends.
        """
        ...

    def waiting(self) -> list[str]:
        """Return the names of the namespaces with subscriptions or waiting deliveries, or of all namespaces where that is cheap."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
