"""What the suite did to the server, and what the server acknowledged: the model that every later response is compared with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from contract_tests.model.marks import Marks
from contract_tests.transport.exchange import Exchange


@dataclass(slots=True)
class SentMessage:
    """A message that was acknowledged. `settled` is False where another call may have come between (concurrent sends).

    `shown` is what it was listed with first and keeps: its id, its time and its type; `listing` is the exchange that showed that.
    """

    body: str
    sender: str
    settled: bool = True
    shown: dict[str, Any] | None = None
    listing: Exchange | None = None


@dataclass(slots=True)
class Record:
    """A conversation that was acknowledged, as the server showed it when it was created.

    `unsure` are members that were found wrong already, or that a test does not follow; later responses are not blamed for them.
    `last` is the last call that was made to it: created, message, or resolved. `statuses` are those that it may have now.
    """

    id: str
    email: str | None
    shown: dict[str, Any]
    unsure: set[str] = field(default_factory=set)
    messages: list[SentMessage] = field(default_factory=list)
    last: str = "created"
    statuses: frozenset[str] = frozenset({"open"})
    read: bool = False
    """Whether it was read by itself, and not only in lists."""

    @property
    def status(self) -> str | None:
        """The status that it has, or None where that is open until it is read again."""
        return next(iter(self.statuses)) if len(self.statuses) == 1 else None

    @property
    def resolved(self) -> bool:
        """Whether it was resolved and nothing since could have reopened it."""
        return self.statuses == {"closed"}

    def note_resolved(self) -> None:
        self.last, self.statuses = "resolved", frozenset({"closed"})

    def note_message(self) -> None:
        """A message may set a conversation to pending or resolved, or reopen a closed one, and never closes it."""
        self.last, self.statuses = "message", self.statuses | {"open", "pending", "resolved"}

    def note_status(self, status: Any) -> None:
        """Note a status that nothing explains. It is reported once; later responses are compared with this status."""
        self.unsure.add("status")
        if isinstance(status, str):
            self.statuses = frozenset({status})

    def note_read(self, status: Any) -> None:
        """Note a status that was read. If it is a possible one, it is the only possible one until the next write."""
        if status in self.statuses:
            self.statuses = frozenset({status})


@dataclass(slots=True)
class Person:
    """A user who first appeared in a create, with the names that create gave; None for a name that it did not give."""

    first_name: str | None
    last_name: str | None
    renamed: bool = False


class Ledger:
    """All that one worker of a run has created. `run_id` is the worker's own, part of every name that it makes.

    `addresses` are known from the start. `numbers` and `ids` are those that were given so far, where several share them, and
    `foreign_ids` those of another organisation.
    """

    def __init__(
        self,
        run_id: str,
        addresses: Iterable[str] = (),
        *,
        numbers: dict[int, str] | None = None,
        ids: set[str] | None = None,
        foreign_ids: Set[str] = frozenset(),
    ) -> None:
        self.run_id = run_id
        self.marks = Marks(run_id)
        self.records: dict[str, Record] = {}
        self.numbers = {} if numbers is None else numbers
        self.people: dict[str, Person] = {}
        self.strangers: set[str] = set()
        self.guarded: set[str] = set()
        """The ids of conversations that a request must not change, and did not change at once."""
        self.addresses = set(addresses)
        """Addresses that requests gave for somebody, in lower case."""
        self.given_names: defaultdict[str, set[str]] = defaultdict(set)
        """The names that creates sent for each address."""
        self.anonymous_names: defaultdict[str, set[str]] = defaultdict(set)
        """The names that creates sent without an address, each with the ids of these conversations."""
        self._by_email: defaultdict[str, list[Record]] = defaultdict(list)
        self._ids: set[str] = set() if ids is None else ids
        self._foreign_ids = foreign_ids

    def note_id(self, conversation_id: str) -> bool:
        """Note an id that a create was given. True where it was given before."""
        known = conversation_id in self._ids or conversation_id in self._foreign_ids
        self._ids.add(conversation_id)
        return known

    def is_own(self, item: Mapping[str, Any]) -> bool:
        """Whether the run created a conversation: it is in the ledger, or it has an address or a subject of the run.

        A message is judged in any case.
        """
        if "message_type" in item or str(item.get("id")) in self.records:
            return True
        requester = item.get("requester")
        email = requester.get("email") if isinstance(requester, dict) else None
        return self.run_id in str(email) or self.run_id in str(item.get("subject"))

    def add(self, record: Record) -> None:
        self.records[record.id] = record
        if record.email is not None:
            self._by_email[record.email].append(record)

    def note_names(self, record: Record, sent: Mapping[str, Any]) -> None:
        """Note the address and the names that an accepted create sent."""
        if record.email is not None:
            self.addresses.add(record.email.lower())
        for member in ("user_first_name", "user_last_name"):
            name = sent.get(member)
            if isinstance(name, str) and record.email is not None:
                self.given_names[record.email].add(name)
            elif isinstance(name, str) and not sent.get("user_email"):
                self.anonymous_names[name].add(record.id)

    def of(self, email: str) -> list[Record]:
        """The conversations of a requester, in the order in which they were created."""
        return list(self._by_email[email])
