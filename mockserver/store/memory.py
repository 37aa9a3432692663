"""The state in memory: gone when the process ends."""

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from mockserver.records import Conversation, Message, User
from mockserver.store import Fixed, Order, Selection

type_key = tuple[str, str | None, str | None]


class MemoryStore:
    """Records in dictionaries, with an ordered index for each combination of filters, so that no query scans."""

    def __init__(self, order: Order = Order.NEWEST) -> None:
        self._order = order
        self._lock = threading.RLock()
        self.clear()

    def transaction(self) -> AbstractContextManager[object]:
        return self._lock

    def clear(self) -> None:
        self._numbers: dict[str, int] = {}
        self._users: dict[tuple[str, str], User] = {}
        self._conversations: dict[str, Conversation] = {}
        self._messages: dict[str, list[Message]] = {}
        # A conversation's rank is what the index sorts by: how many were added before it, or its id.
        self._ranks: dict[str, Any] = {}
        self._by_rank: dict[Any, str] = {}
        self._index: defaultdict[type_key, list[Any]] = defaultdict(list)

    def next_number(self, organisation: str, first: int) -> int:
        number = self._numbers.get(organisation, first)
        self._numbers[organisation] = number + 1
        return number

    def user_by_key(self, organisation: str, key: str) -> User | None:
        return self._users.get((organisation, key))

    def add_user(self, user: User, key: str | None) -> None:
        if key is not None:
            self._users[user.organisation, key] = user

    def conversation(self, conversation_id: str) -> Conversation | None:
        return self._conversations.get(conversation_id)

    def add_conversation(self, conversation: Conversation) -> None:
        rank = conversation.id if self._order is Order.BY_ID else len(self._conversations)
        self._conversations[conversation.id] = conversation
        self._messages[conversation.id] = []
        self._ranks[conversation.id] = rank
        self._by_rank[rank] = conversation.id
        for key in _index_keys(conversation):
            insort(self._index[key], rank)

    def replace_conversation(self, conversation: Conversation) -> None:
        before = self._conversations[conversation.id]
        self._conversations[conversation.id] = conversation
        if before.status != conversation.status:
            rank = self._ranks[conversation.id]
            for old, new in zip(_index_keys(before), _index_keys(conversation), strict=True):
                if old != new:
                    ranks = self._index[old]
                    del ranks[bisect_left(ranks, rank)]
                    insort(self._index[new], rank)

    def conversations(self, organisation: str, requester: str | None = None, status: str | None = None) -> Selection[Conversation]:
        ranks = self._index.get((organisation, requester, status), [])
        return _Indexed(self, ranks)

    def add_message(self, message: Message) -> None:
        self._messages[message.conversation].append(message)

    def messages(self, conversation_id: str) -> Selection[Message]:
        return Fixed(self._messages.get(conversation_id, ()))

    def at(self, rank: Any) -> Conversation:
        """The conversation of that rank."""
        return self._conversations[self._by_rank[rank]]

    @property
    def newest_first(self) -> bool:
        """Whether selections run from the highest rank to the lowest."""
        return self._order is Order.NEWEST


class _Indexed:
    """The conversations of one index."""

    def __init__(self, store: MemoryStore, ranks: list[Any]) -> None:
        self._store = store
        self._ranks = ranks

    def __len__(self) -> int:
        return len(self._ranks)

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self.page(0, len(self._ranks)))

    def page(self, offset: int, limit: int) -> list[Conversation]:
        ranks = self._ranks
        if self._store.newest_first:
            end = max(0, len(ranks) - offset)
            ranks = ranks[max(0, end - limit) : end][::-1]
        else:
            ranks = ranks[offset : offset + limit]
        return [self._store.at(rank) for rank in ranks]


def _index_keys(conversation: Conversation) -> tuple[type_key, ...]:
    organisation, requester, status = conversation.organisation, conversation.requester.id, conversation.status
    return (
        (organisation, None, None),
        (organisation, requester, None),
        (organisation, None, status),
        (organisation, requester, status),
    )
