"""Where the state is kept: what every store can do, and the selections it answers with.

A store knows nothing of rules: it finds, adds and replaces records. Whatever is done between `with store.transaction():` and
its end is seen by others as a whole, after its end. Calls outside of one are not safe from other threads.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol, TypeVar

from mockserver.records import Conversation, Message, User

T = TypeVar("T")


class Order(Enum):
    """How a store lists conversations."""

    NEWEST = "newest"
    OLDEST = "oldest"
    BY_ID = "other"


class Selection(Protocol[T]):
    """The records that a query selects, in order, not yet read. To be used within the transaction in which it was made."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T]: ...

    def page(self, offset: int, limit: int) -> list[T]:
        """At most `limit` records, after skipping `offset` of them; both are at least 0 and of any size."""
        ...


class Fixed(Sequence[T]):
    """A selection of records that are at hand."""

    def __init__(self, records: Sequence[T]) -> None:
        self._records = list(records)

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int | slice) -> T | list[T]:  # type: ignore[override]
        return self._records[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._records)

    def page(self, offset: int, limit: int) -> list[T]:
        return self._records[offset : offset + limit]


class Store(Protocol):
    """The state of one world: users, conversations and messages of its organisations."""

    def transaction(self) -> AbstractContextManager[object]:
        """One unit of work. May be entered again within itself."""
        ...

    def next_number(self, organisation: str, first: int) -> int:
        """Take the next conversation number of the organisation, beginning with `first`."""
        ...

    def user_by_key(self, organisation: str, key: str) -> User | None:
        """The user filed under that key, which is what addresses are compared by."""
        ...

    def add_user(self, user: User, key: str | None) -> None:
        """File a user under a key, or an anonymous one under none. The key must be free."""
        ...

    def conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation with that id, of whatever organisation."""
        ...

    def add_conversation(self, conversation: Conversation) -> None:
        """Keep a new conversation. Its id must be free."""
        ...

    def replace_conversation(self, conversation: Conversation) -> None:
        """Keep a changed conversation in place of the one with its id. Organisation and requester stay the same."""
        ...

    def conversations(self, organisation: str, requester: str | None = None, status: str | None = None) -> Selection[Conversation]:
        """The organisation's conversations in the store's order, or those of the user with the id `requester`, of a status."""
        ...

    def add_message(self, message: Message) -> None:
        """Keep a new message, as the last of its conversation."""
        ...

    def messages(self, conversation_id: str) -> Selection[Message]:
        """The messages of the conversation in the order in which they were added."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...
