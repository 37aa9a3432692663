"""Sending requests to the operations of the server under test."""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract_tests.contract.document import Contract, Operation
from contract_tests.transport.credentials import Credential, Forgery, Keys
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.sender import Target

Ask = Callable[[str, str, Mapping[str, Any]], Exchange]
"""Sends a read, by operationId, conversation id and query, without judging it."""

JSON = {"Content-Type": "application/json"}

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""A surrogate that is escaped: one without its other half has no UTF-8."""


def _parameters(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The parameters of a query, those with a list of values several times."""
    for name, values in query.items():
        for value in values if isinstance(values, list) else [values]:
            yield name, str(value)


class Api:
    """The operations of a server, and the keys that may call each. It checks nothing.

    `chance` decides the order of keys and how bodies are written; `keys` are those of the target, where no others are given.
    """

    def __init__(self, contract: Contract, target: Target, chance: random.Random, keys: Keys | None = None) -> None:
        self.contract = contract
        self.target = target
        self._keys = keys or target.keys
        self._random = chance
        self._credentials = {name: self._rotation(name) for name in contract.operations}

    def credentials(self, operation_id: str) -> list[Credential]:
        """Every key of the run's organisation that may call the operation, in both styles."""
        return self._keys.for_tiers(self.contract[operation_id].tiers)

    def next_credential(self, operation_id: str) -> Credential:
        """One of the credentials that may call the operation; all of them in turn."""
        return next(self._credentials[operation_id])

    def request(
        self,
        operation_id: str,
        *,
        id: str = "",
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        credential: Credential | None = None,
        headers: Mapping[str, str] | None = None,
        forgery: Forgery | None = None,
    ) -> Call:
        """Return a request to an operation. `body` is sent as JSON, `raw` as it is.

        Without a `credential`, each request uses the next credential that may call the operation. With a `forgery`, its headers
        replace the credential.
        """
        operation = self.contract[operation_id]
        own = forgery.headers if forgery is not None else {}
        content = JSON if operation.method == "POST" and (body is not None or raw is not None) else {}
        return Call(
            operation.method,
            operation.path_for(id),
            tuple(_parameters(query or {})),
            {**content, **own, **(headers or {})},
            raw if raw is not None else self._encoded(body),
            None if forgery is not None else credential or self.next_credential(operation_id),
            forgery=forgery,
        )

    def send(self, call: Call) -> Exchange:
        """Send a request and return what came of it."""
        return self.target.send(call)

    def ask(self, operation_id: str, conversation_id: str, query: Mapping[str, Any]) -> Exchange:
        """Send a read, by operationId, conversation id and query."""
        operation = self.contract[operation_id]
        parameters = tuple((name, str(value)) for name, value in query.items())
        credential = self.next_credential(operation_id)
        return self.send(Call(operation.method, operation.path_for(conversation_id), parameters, credential=credential))

    def call_without_slash(self, operation: Operation, conversation_id: str) -> Exchange:
        """Call an operation without the slash at the end of its path, which is no documented path."""
        path = operation.path_for(conversation_id).rstrip("/")
        return self.send(Call(operation.method, path, credential=self.next_credential(operation.id)))

    def _encoded(self, body: Any) -> bytes | None:
        if body is None:
            return None
        escaped = json.dumps(body)
        if self._random.random() < 0.3 or "\\u" not in escaped or _SURROGATE.search(escaped):
            return escaped.encode()
        return json.dumps(body, ensure_ascii=False).encode()

    def _rotation(self, operation_id: str) -> Iterator[Credential]:
        # In random order within each round: a fixed one could fall into step with what a test does.
        credentials = self.credentials(operation_id)
        while credentials:
            turns = list(credentials)
            self._random.shuffle(turns)
            yield from turns
