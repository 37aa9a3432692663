"""The state in memory: gone when the process ends."""

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

import orjson

from mockserver.model.records import Conversation, Message, User
from mockserver.store import DEFAULT_NAMESPACE, Fixed, NamespaceGoneError, NamespaceRecord, Order, Selection, Steered, Store
from mockserver.store.outbox import MemoryOutbox

_FEW = 32
"""Up to this many conversations of a requester are searched for a status; more get an index. Most requesters have few."""

_PROTOTYPES = 16
"""How many different initial states of namespaces are kept, to be copied."""

_SMALL = 10_000
"""An initial state with more conversations than this is not worth keeping twice."""


class MemoryStore:
    """Records in dictionaries, with ordered indexes for the filters, so that no query's time grows with the rows."""

    durable = False

    def __init__(self, order: Order = Order.NEWEST) -> None:
        self._order = order
        self._lock = threading.RLock()
        self._snapshots: dict[str, Snapshot] = {}
        self.outbox = MemoryOutbox()
        self.clear()

    def transaction(self, *, write: bool = True) -> AbstractContextManager[object]:
        return self._lock

    def clear(self) -> None:
        self._numbers: dict[str, int] = {}
        self._users: dict[str, dict[str, User]] = {}
        self._entries: dict[str, _Entry] = {}
        self._messages: dict[str, list[Message]] = {}
        self._organisations: dict[str, _Listing] = {}
        self._requesters: dict[str, dict[str, _Listing]] = {}

    def next_number(self, organisation: str, first: int) -> int:
        number = self._numbers.get(organisation, first)
        self._numbers[organisation] = number + 1
        return number

    def user_by_key(self, organisation: str, key: str) -> User | None:
        users = self._users.get(organisation)
        return None if users is None else users.get(key)

    def add_user(self, user: User, key: str | None) -> User:
        if key is not None:
            self._users.setdefault(user.organisation, {})[key] = user
        return user

    def users(self, organisation: str) -> list[tuple[str, User]]:
        return sorted(self._users.get(organisation, {}).items(), key=itemgetter(0))

    def conversation(self, conversation_id: str) -> Conversation | None:
        entry = self._entries.get(conversation_id)
        return None if entry is None else entry.conversation

    def add_conversation(self, conversation: Conversation) -> None:
        entry = _Entry(conversation.id if self._order is Order.BY_ID else len(self._entries), conversation)
        self._entries[conversation.id] = entry
        organisation = conversation.organisation
        if organisation not in self._organisations:
            self._organisations[organisation] = _Listing(indexed=True)
            self._requesters[organisation] = {}
        self._organisations[organisation].add(entry)
        requesters, requester = self._requesters[organisation], conversation.requester.id
        if requester not in requesters:
            requesters[requester] = _Listing()
        requesters[requester].add(entry)

    def replace_conversation(self, conversation: Conversation) -> None:
        entry = self._entries[conversation.id]
        before, entry.conversation = entry.conversation.status, conversation
        if before != conversation.status:
            self._organisations[conversation.organisation].move(entry, before)
            self._requesters[conversation.organisation][conversation.requester.id].move(entry, before)

    def conversations(self, organisation: str, requester: str | None = None, status: str | None = None) -> Selection[Conversation]:
        if requester is None:
            listing = self._organisations.get(organisation)
        else:
            listing = self._requesters.get(organisation, {}).get(requester)
        return _Selected([] if listing is None else listing.of(status), self._order is Order.NEWEST)

    def add_message(self, message: Message) -> None:
        messages = self._messages.get(message.conversation)
        if messages is None:
            self._messages[message.conversation] = [message]
        else:
            messages.append(message)

    def messages(self, conversation_id: str) -> Selection[Message]:
        return Fixed(self._messages.get(conversation_id, ()))

    def snapshot(self, name: str) -> None:
        self._snapshots[name] = self.state()

    def restore(self, name: str) -> bool:
        if name not in self._snapshots:
            return False
        self.take(self._snapshots[name])
        return True

    def snapshots(self) -> list[str]:
        return sorted(self._snapshots)

    def drop_snapshot(self, name: str) -> bool:
        return self._snapshots.pop(name, None) is not None

    def list_in(self, order: Order) -> None:
        """List conversations in that order from now on."""
        if order is not self._order:
            with self._lock:
                state, self._order = self.state(), order
                self.take(state)

    @property
    def size(self) -> int:
        """How many conversations there are."""
        return len(self._entries)

    def state(self) -> "Snapshot":
        """All that is there now."""
        return Snapshot(
            dict(self._numbers),
            {organisation: dict(users) for organisation, users in self._users.items()},
            [entry.conversation for entry in self._entries.values()],
            {conversation: tuple(messages) for conversation, messages in self._messages.items()},
        )

    def take(self, state: "Snapshot") -> None:
        """Hold what that state holds, and nothing else."""
        self.clear()
        self._numbers = dict(state.numbers)
        self._users = {organisation: dict(users) for organisation, users in state.users.items()}
        for conversation in state.conversations:
            self.add_conversation(conversation)
        self._messages = {conversation: list(messages) for conversation, messages in state.messages.items()}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole state. It shares its records, which never change, with the store it was taken of."""

    numbers: dict[str, int]
    users: dict[str, dict[str, User]]
    conversations: list[Conversation]
    messages: dict[str, tuple[Message, ...]]


class _Entry:
    """A conversation as it is now, and its rank, by which indexes are sorted: the number of earlier conversations, or its id."""

    __slots__ = ("conversation", "rank")

    def __init__(self, rank: Any, conversation: Conversation) -> None:
        self.rank = rank
        self.conversation = conversation


_rank = attrgetter("rank")


class _Listing:
    """The entries of one organisation or one requester by rank, and those of each status once there are more than a few."""

    __slots__ = ("_by_status", "_entries")

    def __init__(self, *, indexed: bool = False) -> None:
        self._entries: list[_Entry] = []
        self._by_status: dict[str, list[_Entry]] | None = {} if indexed else None

    def of(self, status: str | None) -> list[_Entry]:
        """The entries with that status, or all."""
        if status is None:
            return self._entries
        if self._by_status is None:
            return [entry for entry in self._entries if entry.conversation.status == status]
        return self._by_status.get(status, [])

    def add(self, entry: _Entry) -> None:
        _insert(self._entries, entry)
        if self._by_status is not None:
            _insert(self._by_status.setdefault(entry.conversation.status, []), entry)
        elif len(self._entries) > _FEW:
            self._by_status = {}
            for known in self._entries:
                self._by_status.setdefault(known.conversation.status, []).append(known)

    def move(self, entry: _Entry, before: str) -> None:
        """File an entry under its status, no longer under the one before."""
        if self._by_status is not None:
            entries = self._by_status[before]
            del entries[bisect_left(entries, entry.rank, key=_rank)]
            _insert(self._by_status.setdefault(entry.conversation.status, []), entry)


def _insert(entries: list[_Entry], entry: _Entry) -> None:
    if not entries or entries[-1].rank < entry.rank:
        entries.append(entry)
    else:
        insort(entries, entry, key=_rank)


class _Selected:
    """The conversations of an index."""

    __slots__ = ("_entries", "_newest_first")

    def __init__(self, entries: list[_Entry], newest_first: bool) -> None:
        self._entries = entries
        self._newest_first = newest_first

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self.page(0, len(self._entries)))

    def page(self, offset: int, limit: int) -> list[Conversation]:
        entries = self._entries
        if self._newest_first:
            end = max(0, len(entries) - offset)
            entries = entries[max(0, end - limit) : end][::-1]
        else:
            entries = entries[offset : offset + limit]
        return [entry.conversation for entry in entries]


class MemoryStorage:
    """Namespaces in memory. One that starts like an earlier one shares its records, so that thousands of them cost little.

    `default` is the store of the default namespace, if it is to be another than is made here.
    """

    def __init__(self, default: Store | None = None) -> None:
        self._lock = threading.RLock()
        self._default = default
        self._namespaces: dict[str, NamespaceRecord] = {}
        self._stores: dict[str, Store] = {}
        self._prototypes: dict[tuple[Order, bytes, Callable[[Store], None]], Snapshot] = {}

    def namespace(self, name: str) -> NamespaceRecord | None:
        return self._namespaces.get(name)

    def namespaces(self) -> list[NamespaceRecord]:
        with self._lock:
            return [self._namespaces[name] for name in sorted(self._namespaces)]

    def create(self, namespace: NamespaceRecord, order: Order, fill: Callable[[Store], None]) -> bool:
        with self._lock:
            if namespace.name in self._namespaces:
                return False
            self._stores[namespace.name] = self._filled(namespace, order, fill)
            self._namespaces[namespace.name] = namespace
            return True

    def _filled(self, namespace: NamespaceRecord, order: Order, fill: Callable[[Store], None]) -> Store:
        if namespace.name == DEFAULT_NAMESPACE and self._default is not None:
            fill(self._default)
            return self._default
        store = MemoryStore(order)
        # `fill` is a method of the plan, and tells apart plans whose scenario file was read again, which the settings do not.
        start = (order, orjson.dumps(namespace.settings, option=orjson.OPT_SORT_KEYS), fill)
        if start in self._prototypes:
            store.take(self._prototypes[start])
            return store
        fill(store)
        if store.size <= _SMALL:
            if len(self._prototypes) >= _PROTOTYPES:
                del self._prototypes[next(iter(self._prototypes))]
            self._prototypes[start] = store.state()
        return store

    def open(self, name: str, order: Order) -> Store:
        if name not in self._stores:
            raise NamespaceGoneError(name)
        store = self._stores[name]
        # A store that was passed in already has its order.
        if isinstance(store, MemoryStore) and store is not self._default:
            store.list_in(order)
        return store

    def drop(self, name: str) -> bool:
        with self._lock:
            self._namespaces.pop(name, None)
            return self._stores.pop(name, None) is not None

    shared = False

    def steered(self, name: str) -> Steered:
        # No other process shares this state.
        return Steered()

    def versions(self) -> dict[str, int]:
        return {}

    def steer(self, name: str, change: Callable[[Steered], dict[str, Any] | None]) -> int:
        change(Steered())
        return 0

    def leads(self) -> bool:
        return True

    def waiting(self) -> list[str]:
        with self._lock:
            return [name for name, store in self._stores.items() if store.outbox.subscriptions()]

    def close(self) -> None:
        """Nothing is held open."""
