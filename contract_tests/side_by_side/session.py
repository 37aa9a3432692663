"""One session with a server, by a script: each operation as a client uses it, and the refusals that every client meets.

Each request is sent once and nothing is judged; what comes back is brought into the form that it would have on another server.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from contract_tests.contract.document import Contract, load_contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.reproduction.likeness import form_of
from contract_tests.run.settings import Settings
from contract_tests.run.targets import target_of
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.sender import Target, Unanswered
from contract_tests.transport.stopping import Deadline

UNKNOWN = "00000000-0000-4000-8000-000000000000"
"""An id that no conversation has."""

_MARK = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back: the status (0: nothing came), the media type, and the body in a form that other servers have, too."""

    status: int
    media_type: str
    body: Any


@dataclass(frozen=True, slots=True)
class Step:
    """A request of the script. `call` gets the id of the conversation that the session created, empty where there is none."""

    title: str
    call: Callable[[str], Call]
    creates: bool = False


@dataclass(slots=True)
class _Script:
    """The steps, in their order, for one run of the session."""

    contract: Contract
    server: Credential
    client: Credential | None
    mark: str
    domain: str
    steps: list[Step] = field(default_factory=list)

    def written(self) -> list[Step]:
        """Return the steps."""
        ada, ben = f"ada.{self.mark}@{self.domain}", f"ben.{self.mark}@{self.domain}"
        whole = {
            "subject": f"Where is order 1234? {self.mark}",
            "user_email": ada,
            "user_first_name": "Ada",
            "user_last_name": "Obi",
            "description": "I have heard nothing since.",
            "priority": "high",
            "channel": "email",
            "metadata": {"order": "1234", "tags": ["late", 2, None]},
        }
        message = {"body": "It should be with you by Friday.", "user_email": ben}
        self._add("create with all members", CREATE_CONVERSATION, whole, creates=True)
        self._add("get it", GET_CONVERSATION)
        self._add("list its requester's", LIST_CONVERSATIONS, query={"user_email": ada})
        self._add("list its messages", LIST_MESSAGES)
        self._add("send a message", CREATE_MESSAGE, message)
        self._add("list its messages again", LIST_MESSAGES)
        self._add("resolve it", RESOLVE_CONVERSATION)
        self._add("get it when it is resolved", GET_CONVERSATION)
        self._add("send a message when it is resolved", CREATE_MESSAGE, message)
        self._add("resolve it again", RESOLVE_CONVERSATION)
        self._add("list its requester's closed ones", LIST_CONVERSATIONS, query={"user_email": ada, "status": "closed"})
        self._add("create with a subject alone", CREATE_CONVERSATION, {"subject": f"Hello {self.mark}"})
        self._add("create without a subject", CREATE_CONVERSATION, {"user_email": ada})
        self._add("create with a priority that is not documented", CREATE_CONVERSATION, {**whole, "priority": "soon"})
        self._add("get an unknown one", GET_CONVERSATION, id=UNKNOWN)
        self._add("list with a limit beyond the maximum", LIST_CONVERSATIONS, query={"user_email": ada, "limit": "1000"})
        self._add("list with a limit that is no number", LIST_CONVERSATIONS, query={"user_email": ada, "limit": "many"})
        self._add("list without a key", LIST_CONVERSATIONS, key=None)
        if self.client is not None:
            self._add("get it with a client key", GET_CONVERSATION, key=self.client)
            self._add("resolve it with a client key", RESOLVE_CONVERSATION, key=self.client)
        return self.steps

    def _add(
        self,
        title: str,
        operation_id: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        id: str = "",
        creates: bool = False,
        **key: Credential | None,
    ) -> None:
        operation, credential = self.contract[operation_id], key.get("key", self.server)
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}

        def call(created: str) -> Call:
            path = operation.path_for(id or quote(created, safe="-_.~"))
            return Call(operation.method, path, tuple((query or {}).items()), headers, data, credential)

        self.steps.append(Step(title, call, creates))


def session(settings: Settings, deadline: Deadline) -> list[tuple[str, Seen]]:
    """Hold the session with a server: what came back of each step, by its title, in their order. Raises Stopped."""
    contract = load_contract(settings.spec_path)
    target = target_of(settings, contract, deadline)
    mark = secrets.token_hex(_MARK // 2)
    script = _Script(contract, settings.keys.server, settings.keys.client, mark, settings.email_domain)
    try:
        return [*_held(target, script.written(), mark)]
    finally:
        target.close()


def _held(target: Target, steps: list[Step], mark: str) -> Iterator[tuple[str, Seen]]:
    created, names = "", {value: variable for variable, value in target.keys.variables().items()}
    for step in steps:
        call = step.call(created)
        if "//" in call.path:
            yield step.title, Seen(0, "", "It could not be asked for: the create gave no id.")
            continue
        try:
            exchange = target.send(call)
        except Unanswered as error:
            yield step.title, Seen(0, "", str(error))
            continue
        made = exchange.members.get("id")
        if step.creates and isinstance(made, str):
            created = made
            names[made] = "CONVERSATION"
        yield step.title, _seen(exchange, names, mark)


def _seen(exchange: Exchange, names: Mapping[str, str], mark: str) -> Seen:
    [[status, media_type]], [body] = json.loads(form_of([exchange], names, times=False).replace(mark, "<run>"))
    return Seen(status, media_type, body)
