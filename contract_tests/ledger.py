"""What the suite did to the server, and what the server acknowledged: the model that every later answer is compared with."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class SentMessage:
    """A message that was acknowledged. `settled` is False where another call may have come between (concurrent sends)."""

    body: str
    sender: str
    settled: bool = True


@dataclass(slots=True)
class Record:
    """A conversation that was acknowledged, as the server showed it last.

    `unsure` are members whose value was wrong already when it was created, which later answers are not blamed for; `last` is the
    last call that was made to it: created, message, or resolved.
    """

    id: str
    email: str | None
    shown: dict[str, Any]
    description: str | None = None
    unsure: set[str] = field(default_factory=set)
    messages: list[SentMessage] = field(default_factory=list)
    resolved: bool = False
    last: str = "created"
    reply_after_close: bool = False

    @property
    def expected_status(self) -> str | None:
        """The status that it must have, or None where that is open: a reply may reopen a closed conversation, or set pending."""
        if self.reply_after_close:
            return None
        if self.resolved:
            return "closed"
        return None if self.messages else "open"


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
        self._by_email: defaultdict[str, list[Record]] = defaultdict(list)

    def add(self, record: Record) -> None:
        self.records[record.id] = record
        if record.email is not None:
            self._by_email[record.email].append(record)

    def of(self, email: str) -> list[Record]:
        """The conversations of a requester, in the order in which they were created."""
        return list(self._by_email[email])
