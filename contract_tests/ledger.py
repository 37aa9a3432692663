"""What the suite did to the server, and what the server acknowledged: the model that every later answer is compared with."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

_MARK = re.compile(r"\[m\d+\.[^\]]*")


def mark_of(body: str) -> str:
    """What a text that the run marked is known again by, wherever in it that is; without the bracket at its end."""
    found = _MARK.search(body)
    return found[0] if found else body


@dataclass(slots=True)
class SentMessage:
    """A message that was acknowledged. `settled` is False where another call may have come between (concurrent sends).

    `shown` is what it was listed with first and keeps: its id, its time and its type.
    """

    body: str
    sender: str
    settled: bool = True
    shown: dict[str, Any] | None = None


@dataclass(slots=True)
class Record:
    """A conversation that was acknowledged, as the server showed it when it was created.

    `unsure` are members that were found wrong already, or that a test does not follow; later answers are not blamed for them.
    `last` is the last call that was made to it: created, message, or resolved. `statuses` are those that it may have now.
    """

    id: str
    email: str | None
    shown: dict[str, Any]
    unsure: set[str] = field(default_factory=set)
    messages: list[SentMessage] = field(default_factory=list)
    last: str = "created"
    statuses: frozenset[str] = frozenset({"open"})

    @property
    def status(self) -> str | None:
        """The status that it has, or None where that is open until it is read again."""
        return next(iter(self.statuses)) if len(self.statuses) == 1 else None

    @property
    def resolved(self) -> bool:
        """Whether it was resolved and nothing since could have reopened it."""
        return self.statuses == {"closed"}

    def was_resolved(self) -> None:
        self.last, self.statuses = "resolved", frozenset({"closed"})

    def was_messaged(self) -> None:
        """A message may set a conversation to pending or reopen a closed one, and never closes it."""
        self.last, self.statuses = "message", self.statuses | {"open", "pending"}

    def turned(self, status: Any) -> None:
        """It has a status that nothing explains: that is told once, and what follows is compared with the status it has."""
        self.unsure.add("status")
        if isinstance(status, str):
            self.statuses = frozenset({status})

    def was_read(self, status: Any) -> None:
        """What it is read to be, of what it may be, it stays until something is done to it."""
        if status in self.statuses:
            self.statuses = frozenset({status})


@dataclass(slots=True)
class Person:
    """A user who first appeared in a create, with the names that create gave; None for a name that it did not give."""

    first_name: str | None
    last_name: str | None
    renamed: bool = False


class Ledger:
    """All that one worker of a run has created."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.numbers: dict[int, str] = {}
        self.people: dict[str, Person] = {}
        self.strangers: set[str] = set()
        self.guarded: set[str] = set()
        """The ids of conversations that something was not to change, and did not at once."""
        self._by_email: defaultdict[str, list[Record]] = defaultdict(list)

    def add(self, record: Record) -> None:
        self.records[record.id] = record
        if record.email is not None:
            self._by_email[record.email].append(record)

    def of(self, email: str) -> list[Record]:
        """The conversations of a requester, in the order in which they were created."""
        return list(self._by_email[email])
