"""What the exchanges of a bundle say together: which conversations were created, and which messages were sent to each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from contract_tests.contract.document import Contract
from contract_tests.contract.json_text import parse
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.outcome.exchanges import KeptExchange
from contract_tests.transport.exchange import Call, Exchange

OWN, OTHER = "own", "other"
"""The organisations that a run has keys of."""

_OF_A_CONVERSATION = (GET_CONVERSATION, LIST_MESSAGES, CREATE_MESSAGE, RESOLVE_CONVERSATION)


@dataclass(frozen=True)
class Seen:
    """An exchange of a bundle, read: the operation that its path is of, the conversation that it names, and its query.

    `operation` is empty where the path, or the method, is none that is documented. `sent` is the body of the request as an object,
    empty where it is none.
    """

    kept: KeptExchange
    exchange: Exchange
    operation: str
    conversation: str
    query: Mapping[str, str]
    sent: Mapping[str, Any]

    @property
    def organisation(self) -> str:
        """Whose key was sent."""
        return OTHER if self.kept.role == "other_server" else OWN

    @property
    def results(self) -> list[dict[str, Any]]:
        """The objects of a list that was returned; none where none was."""
        results = self.exchange.members.get("results")
        return [item for item in results if isinstance(item, dict)] if isinstance(results, list) else []


@dataclass(frozen=True, slots=True)
class Created:
    """A conversation as its create was sent, and as the response showed it."""

    sent: Mapping[str, Any]
    shown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was acknowledged, with the worker that sent it and its number there."""

    body: str
    sender: str
    worker: str
    number: int


@dataclass
class World:
    """All exchanges by worker and number, and what they acknowledge."""

    contract: Contract
    exchanges: dict[tuple[str, int], Seen] = field(default_factory=dict)
    created: dict[tuple[str, str], Created] = field(default_factory=dict)
    """By organisation and id."""
    messages: defaultdict[tuple[str, str], list[Sent]] = field(default_factory=lambda: defaultdict(list))
    """By organisation and the conversation's id."""
    places: defaultdict[str, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """The conversations that a text was sent to, without the white space around it."""
    given: defaultdict[tuple[str, str, Any], set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    """The creates that were given an id or a number: by organisation, member and value."""
    addresses: set[str] = field(default_factory=set)
    """Those that were sent, in lower case."""
    anonymous_names: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Names that creates without an address sent, with the ids that these were given."""
    names: set[str] = field(default_factory=set)
    """Names that creates with an address sent."""

    @classmethod
    def of(cls, contract: Contract, kept: Iterable[KeptExchange]) -> "World":
        """Read the exchanges of a bundle, which may be anything."""
        world = cls(contract)
        for one in kept:
            world._add(seen_in(contract, one))
        return world

    def hidden_from(self, seen: Seen) -> Created | None:
        """The conversation that the request names and that only the other organisation has."""
        return self.created.get((OWN if seen.organisation == OTHER else OTHER, seen.conversation))

    def _add(self, seen: Seen) -> None:
        kept, shown = seen.kept, seen.exchange.members
        at = kept.worker, kept.number
        self.exchanges[at] = seen
        if seen.operation == CREATE_CONVERSATION:
            self._note_people(seen, shown)
        elif seen.operation == CREATE_MESSAGE:
            self._note_address(seen.sent.get("user_email"))
        if not seen.exchange.succeeded:
            return
        body, name = seen.sent.get("body"), shown.get("id")
        if seen.operation == CREATE_CONVERSATION and isinstance(name, str):
            self.created.setdefault((seen.organisation, name), Created(seen.sent, shown))
            self.given[seen.organisation, "id", name].add(at)
            if isinstance(shown.get("number"), int):
                self.given[seen.organisation, "number", shown["number"]].add(at)
        elif seen.operation == CREATE_MESSAGE and isinstance(body, str):
            sender = str(seen.sent.get("user_email"))
            self.messages[seen.organisation, seen.conversation].append(Sent(body, sender, *at))
            self.places[body.strip()].add((seen.organisation, seen.conversation))

    def _note_people(self, seen: Seen, shown: Mapping[str, Any]) -> None:
        names = [name for part in ("first", "last") if isinstance(name := seen.sent.get(f"user_{part}_name"), str)]
        self._note_address(seen.sent.get("user_email"))
        if seen.sent.get("user_email") is None:
            for name in names:
                self.anonymous_names[name].add(str(shown.get("id")))
        else:
            self.names.update(names)

    def _note_address(self, address: Any) -> None:
        if isinstance(address, str) and "@" in address:
            self.addresses.add(address.lower())


def seen_in(contract: Contract, kept: KeptExchange) -> Seen:
    """Return an exchange, read."""
    path, _, query = kept.target.partition("?")
    call = Call(kept.method, path, headers=kept.headers, body=kept.body, raw_query=query)
    headers = {name.lower(): value for name, value in kept.response_headers.items()}
    exchange = Exchange(call, kept.target, kept.status, headers, kept.response_body, 0.0, number=kept.number)
    operation, conversation = _place(contract, kept.method, path)
    try:
        parameters = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        parameters = {}
    return Seen(kept, exchange, operation, conversation, parameters, _object(kept.body))


def _place(contract: Contract, method: str, path: str) -> tuple[str, str]:
    """The operation that a request is of, and the id in its path."""
    for operation_id in (CREATE_CONVERSATION, LIST_CONVERSATIONS):
        if method == contract[operation_id].method and path == contract[operation_id].path:
            return operation_id, ""
    for operation_id in _OF_A_CONVERSATION:
        before, _, after = contract[operation_id].path.partition("{id}")
        name = path[len(before) : len(path) - len(after)]
        if method == contract[operation_id].method and path == before + name + after and name and "/" not in name:
            return operation_id, unquote(name)
    return "", ""


def _object(body: bytes | None) -> Mapping[str, Any]:
    try:
        found = parse(body or b"")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
