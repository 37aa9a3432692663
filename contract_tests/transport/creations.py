"""What a run leaves behind: how many conversations it may create, which it did, and a file that names them while it goes on.

All processes of a run share a count, in a file of SQLite: one that is killed takes nothing with it. One process alone counts in
memory, and needs no disk for it. A conversation is counted before the request that may create it is sent, and taken off again where
the server refused; so a run never has one too many.
"""

import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from contract_tests.transport.exchange import Exchange

_PATIENCE = 30.0
"""Seconds that a process waits for another that counts."""


class Exhausted(Exception):
    """A request that may create a conversation was not sent: the run has as many as it may."""


class Creations:
    """The count of a run, shared by its processes through the file `count`; None for a process by itself. Safe to use from threads.

    `most` is how many conversations the run may create, None for any number; `told` is the file that names them, empty for none.
    `redact` hides keys in what is written there.
    """

    def __init__(self, count: Path | None, most: int | None = None, told: str = "", redact: Callable[[str], str] = str) -> None:
        self._most = most
        self._redact = redact
        self._lock = threading.Lock()
        self._known: set[tuple[str, bool]] = set()
        self._mark: re.Pattern[str] | None = None
        self._data = _connected(count)
        self._data.execute("CREATE TABLE IF NOT EXISTS made (id TEXT, other INTEGER, PRIMARY KEY (id, other))")
        self._data.execute("CREATE TABLE IF NOT EXISTS spent (only INTEGER PRIMARY KEY, n INTEGER)")
        self._data.execute("INSERT OR IGNORE INTO spent VALUES (1, 0)")
        self._told = told
        self._file: int | None = None

    def share(self, count: Path) -> None:
        """Go on counting in a file, for the processes that are started now."""
        with self._lock:
            alone, self._data = self._data, _connected(count)
            alone.backup(self._data)
            alone.close()

    def close(self) -> None:
        """Let go of the files."""
        self._data.close()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def recognize(self, run_id: str, domain: str) -> None:
        """Know by its requester's address, from now on, a conversation of this run that is seen in a list."""
        self._mark = re.compile(rf".*\.{re.escape(run_id)}(gw\d+)?@{re.escape(domain)}", re.IGNORECASE)

    def reserve(self) -> None:
        """Count a conversation that is perhaps created now. Raises Exhausted where that would be one too many."""
        with self._lock:
            most = "" if self._most is None else f" AND n < {self._most:d}"
            counted = self._data.execute(f"UPDATE spent SET n = n + 1 WHERE only = 1{most}").rowcount
        if not counted:
            raise Exhausted(f"The run may create no more conversations than --max-conversations {self._most}.")

    def settle(self, exchange: Exchange, *, creates: bool, other: bool) -> None:
        """Subtract a create that was refused, and note one that succeeded. If the result is unknown, it stays counted."""
        conversation_id = exchange.members.get("id") if creates else None
        if conversation_id is not None:
            # Where somebody saw it in a list before, it was counted then.
            if not self._note(str(conversation_id), other=other):
                self._take_off(1)
        elif 300 <= exchange.status < 500:
            self._take_off(1)

    def seen(self, exchange: Exchange, *, other: bool) -> None:
        """Note conversations of this run in a list whose create was not acknowledged: they were created all the same."""
        results = exchange.members.get("results")
        if self._mark is None or not isinstance(results, list):
            return
        for item in results:
            if not isinstance(item, dict) or item.get("id") is None or (str(item["id"]), other) in self._known:
                continue
            requester = item.get("requester")
            email = requester.get("email") if isinstance(requester, dict) else None
            if isinstance(email, str) and self._mark.fullmatch(email) and self._note(str(item["id"]), other=other):
                self._take_off(-1)

    def made(self) -> Iterator[tuple[str, bool]]:
        """The ids that are known, each with whether it is of the other organisation, in the order in which they were noted."""
        with self._lock:
            rows: list[Any] = self._data.execute("SELECT id, other FROM made ORDER BY rowid").fetchall()
        for conversation_id, other in rows:
            yield conversation_id, bool(other)

    def _note(self, conversation_id: str, *, other: bool) -> bool:
        """Note a conversation before anything else is sent, and return whether it is new."""
        with self._lock:
            self._known.add((conversation_id, other))
            # Half of a surrogate pair has no UTF-8.
            stored = conversation_id.encode("utf-8", "backslashreplace").decode()
            new = self._data.execute("INSERT OR IGNORE INTO made VALUES (?, ?)", (stored, other)).rowcount > 0
        if new and self._told:
            line = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in self._redact(stored))
            # One call: what several processes append does not get mixed up.
            os.write(self._opened(), f"{line}\n".encode())
        return new

    def _opened(self) -> int:
        with self._lock:
            if self._file is None:
                self._file = os.open(self._told, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            return self._file

    def _take_off(self, number: int) -> None:
        with self._lock:
            self._data.execute("UPDATE spent SET n = n - ? WHERE only = 1", (number,))


def _connected(count: Path | None) -> sqlite3.Connection:
    data = sqlite3.connect(count or ":memory:", timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    # The count has to survive a killed process, but not a crash of the machine.
    data.execute("PRAGMA journal_mode = WAL")
    data.execute("PRAGMA synchronous = OFF")
    return data
