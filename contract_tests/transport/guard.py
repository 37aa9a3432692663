"""What the suite may write to: it is a guest on a server that others use, and changes nothing that it did not create.

Every request passes through here before it is sent (`Target.send`). A write goes to a conversation that this run created, or to an
id that cannot be anybody's, and only after a read of it with the same key was refused. Any invented id may exist: servers
count from zero, issue words and short hashes, and a neighbour of an own id may be somebody else's.
"""

import random
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, GET_CONVERSATION, LIST_CONVERSATIONS
from contract_tests.transport.credentials import Keys
from contract_tests.transport.exchange import Call, Exchange

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_SLASHES = re.compile("/{2,}")
_UUID = re.compile("[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\\1){3}[0-9a-f]{12}", re.IGNORECASE)
_IDENTITY = ("number", "subject", "created_at")
"""Members that distinguish two conversations with the same id in two organisations."""

_UNAUTHORIZED, _TOO_MANY = 401, 429


class Unsafe(RuntimeError):
    """The suite was about to write to what may be somebody else's. This is a fault of the suite, and nothing was sent."""


class Withheld(Exception):
    """A write was not sent, because reading the same id was not refused: what is there may be somebody else's."""


class Guard:
    """Knows what a run created, in each organisation, and lets no write through that may touch anything else. Thread-safe."""

    def __init__(self, contract: Contract, keys: Keys) -> None:
        self._create = contract[CREATE_CONVERSATION]
        self._list = contract[LIST_CONVERSATIONS]
        self._read = contract[GET_CONVERSATION]
        self._of_one = [operation for operation in contract.operations.values() if "{id}" in operation.path]
        paths = [operation.path for operation in self._of_one]
        self._before = self._read.path.partition("{id}")[0]
        # Longest first: the path of a message ends in that of another operation.
        self._after = sorted({path.partition("{id}")[2].strip("/") for path in paths} - {""}, key=len, reverse=True)
        self._other_key = keys.other_server.key if keys.other_server is not None else None
        self._own: dict[bool, dict[str, tuple[Any, ...]]] = {False: {}, True: {}}
        self._own_paths: dict[bool, set[str]] = {False: set(), True: set()}
        self._invented: set[str] = set()
        self._readers: set[str] = set()

    def invent(self, chance: random.Random) -> str:
        """A UUID of no conversation, which may be written to once reading it is refused.

        It begins with a letter, so that a server that reads leading digits as a number finds none.
        """
        while not (made := str(uuid.UUID(int=chance.getrandbits(128), version=4)))[0].isalpha():
            pass
        self._invented.add(made)
        return made

    def own(self, conversation_id: str, shown: Mapping[str, Any], *, other: bool = False) -> None:
        """Take a conversation for one that this run created, in the other organisation where `other` says so."""
        self._own[other][conversation_id] = _identity(shown)
        # As the suite spells it: an id may hold what looks like an escape or a separator.
        self._own_paths[other] |= {operation.path_for(conversation_id) for operation in self._of_one}

    def noted(self, exchange: Exchange) -> Exchange:
        """Note what an exchange created as the run's own, and its key as one that can read; return the exchange."""
        call = exchange.call
        if exchange.succeeded and call.method == "GET" and call.credential is not None:
            self._readers.add(call.credential.key)
        if exchange.succeeded and self.creates(call):
            conversation_id = exchange.members.get("id")
            if conversation_id is not None:
                self.own(str(conversation_id), exchange.members, other=self.is_other(call))
        return exchange

    def may_create(self, call: Call) -> bool:
        """Whether a request could leave a conversation behind: each write but one to a conversation that is the run's already."""
        return call.method not in _READS and call.path not in self._own_paths[self.is_other(call)]

    def creates(self, call: Call) -> bool:
        """Whether a request is a create, as it is documented."""
        return call.method == self._create.method and _same_path(call.path, self._create.path)

    def names_own(self, call: Call) -> bool:
        """Whether a request is about a conversation that its organisation created in this run, or about none by name."""
        if call.path in self._own_paths[self.is_other(call)]:
            return True
        return _same_path(call.path, self._list.path) or _same_path(call.path, self._create.path)

    def lists(self, call: Call) -> bool:
        """Whether a request reads the list."""
        return call.method == self._list.method and _same_path(call.path, self._list.path)

    def admit(self, call: Call, ask: Callable[[Call], Exchange]) -> None:
        """Return where a request may be sent; `ask` sends a reading.

        Raises Withheld if a read of the id shows that it may be somebody else's, and Unsafe for an id that could be anybody's.
        """
        if call.method in _READS or self._names_none(call):
            return
        if call.path in self._own_paths[self.is_other(call)]:
            return
        written = self._written_to(call)
        spelled = list(spellings(written))
        organisation = self.is_other(call)
        if any(one in self._own[organisation] for one in spelled):
            return
        elsewhere = next((self._own[not organisation][one] for one in spelled if one in self._own[not organisation]), None)
        if elsewhere is None and not self._is_nobodys(written, spelled):
            raise Unsafe(f"{call.method} {call.path} would write to an id that may be somebody else's.")
        answer = ask(self._reading(call, written))
        if elsewhere is not None and answer.succeeded and _identity(answer.members) == elsewhere:
            return
        # The same id may exist in two organisations, so a 401 to a key that never read anything does not show that it is free.
        reads = call.credential is not None and call.credential.key in self._readers
        unsaid = (_TOO_MANY,) if elsewhere is None or reads else (_TOO_MANY, _UNAUTHORIZED)
        if not answer.refused or answer.status in unsaid:
            raise Withheld(
                f"{call.method} {call.path} was not sent: GET of the same id got {answer.status}, so that it may be "
                "somebody else's conversation."
            )

    def _reading(self, call: Call, written: str) -> Call:
        """The same id, read with the same key and from the same origin."""
        headers = {name: value for name, value in call.headers.items() if name.lower() != "content-type"}
        return Call(
            self._read.method, self._read.path_for(written), headers=headers, credential=call.credential, forgery=call.forgery
        )

    def _names_none(self, call: Call) -> bool:
        """Whether a write names no conversation, and can do no more than create one.

        Any other method on the list is not allowed: it may change everybody's conversations, and no read can tell that before.
        """
        return self.creates(call) or (call.method == self._create.method and _same_path(call.path, self._list.path))

    def _written_to(self, call: Call) -> str:
        """The id that a path names, as it is written there. Raises Unsafe for a path that is not beneath the list's."""
        path = _SLASHES.sub("/", call.path)
        if not path.lower().startswith(self._before.lower()):
            raise Unsafe(f"{call.method} {call.path} is no path of the API, and nobody knows what it would change.")
        rest = path[len(self._before) :].strip("/")
        after = next((one for one in self._after if rest.lower().endswith(f"/{one}")), None)
        return rest if after is None else rest[: -len(after) - 1]

    def _is_nobodys(self, written: str, spelled: list[str]) -> bool:
        """Return whether no server can have issued an id: it contains an invented UUID, or continues a whole UUID of the run.

        The word for creating in a path is no id either, if reading it is refused.
        """
        text = unquote(written)
        if "/" in text or "\\" in text:
            return False
        if any(made in text for made in self._invented) or _same_path(self._before + written, self._create.path):
            return True
        own = [one for ids in self._own.values() for one in tuple(ids)]
        return any(text.startswith(one) and len(text) > len(one) for one in own if is_uuid(one))

    def is_other(self, call: Call) -> bool:
        """Whether a call comes from the other organisation."""
        return call.credential is not None and call.credential.key == self._other_key


def spellings(written: str) -> Iterator[str]:
    """The ids that the part of a path can stand for: itself, without escapes, and what servers make of separators and of case."""
    yield written
    text = unquote(written)
    yield text
    parts = _without_dots(part.strip() for part in re.split(r"[/\\]", text))
    if not parts:
        return
    # An id may itself hold what separates parameters: any number of them may be its own.
    pieces = parts[0].partition("\0")[0].split(";")
    yield from (";".join(pieces[:end]).strip() for end in range(len(pieces), 1, -1))
    plain = pieces[0].strip()
    yield plain
    with suppress(ValueError):
        # In small letters or capitals, with hyphens or without, or in braces.
        meant = uuid.UUID(plain)
        yield from (str(meant), str(meant).upper(), meant.hex, meant.hex.upper())


def other_spellings(conversation_id: str) -> list[str]:
    """Return other spellings of an id in a path if it is a UUID; none for any other id, whose spellings nobody knows.

    `spellings` finds the id from each of them, so they count as the run's own if the id does.
    """
    if not is_uuid(conversation_id):
        return []
    found = (conversation_id.swapcase(), conversation_id.replace("-", ""), f"%7B{conversation_id}%7D")
    return [one for one in found if one != conversation_id]


def _without_dots(parts: Iterable[str]) -> list[str]:
    """The segments of a path with `.` and `..` carried out (RFC 3986, section 5.2.4); none where they lead out of it."""
    found: list[str] = []
    for part in parts:
        if part == "..":
            if not found:
                return []
            found.pop()
        elif part not in ("", "."):
            found.append(part)
    return found


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID, with or without its dashes, other than that of zeros."""
    return _UUID.fullmatch(text) is not None and text.strip("0-") != ""


def _identity(shown: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(str(shown.get(name)) for name in _IDENTITY)


def _same_path(one: str, other: str) -> bool:
    return one.strip("/").lower() == other.strip("/").lower()
