"""Sending: credentials, bodies and names, and what holds for every answer, whatever was asked."""

import itertools
import json
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contract_tests.consistency import wait_until_shown
from contract_tests.contract import Contract, Operation
from contract_tests.credentials import Credential, Forgery, Style
from contract_tests.effort import Effort
from contract_tests.exchange import DROPPED, Call, Exchange
from contract_tests.expectations import answers
from contract_tests.judge import Blocked, Judge
from contract_tests.ledger import Ledger
from contract_tests.target import Target
from contract_tests.twice import done_twice

ACCEPTED = {Style.HEADER: "auth.x-api-key", Style.BEARER: "auth.bearer"}
"""The requirement that a valid key is accepted, by the way in which it is sent."""

JSON = {"Content-Type": "application/json"}

_ANSWERS = {
    "createConversation": ("create.answer", "Conversation"),
    "listConversations": ("list.answer", "ConversationPage"),
    "getConversation": ("get.answer", "Conversation"),
    "listMessages": ("messages.answer", "MessagePage"),
    "resolveConversation": ("resolve.answer", "Conversation"),
}
"""What a success of an operation holds, and the requirement that says so; that of create message is open."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""A surrogate that is escaped: one without its other half has no UTF-8."""

_SCATTERING, _MARKS = 7_654_321, 10_000_000
"""A multiplier that has no divisor in common with the number of marks: no two messages get the same one."""

_LARGE = 64 * 1024
"""Bytes of a body from which on a server may refuse to read it."""

_LONGEST_LINE = 2_000
"""Characters of a path and query beyond which what reads requests may refuse one before the API is asked, by any body: stock
gunicorn does so from 4,094 on, with 400 and a page of HTML, and IIS from 2,048."""

_CONTROL = re.compile("%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
"""A control character in a path or a query, for which gateways refuse a request, too."""


def _parameters(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The parameters of a query, those with a list of values several times."""
    for name, values in query.items():
        for value in values if isinstance(values, list) else [values]:
            yield name, str(value)


def _reaches_the_api(call: Call) -> bool:
    """Whether the path and the query are such that nothing on the way to the API refuses them."""
    target = call.path + call.search
    return len(target) <= _LONGEST_LINE and not _CONTROL.search(target)


class Client:
    """The server under test, as one worker of a run calls it."""

    def __init__(
        self,
        contract: Contract,
        target: Target,
        judge: Judge,
        *,
        effort: Effort,
        run_id: str,
        seed: int,
        worker: str = "",
        consistency_window: float = 0.0,
    ) -> None:
        self.contract = contract
        self.target = target
        self.judge = judge
        self.effort = effort
        self.consistency_window = consistency_window
        self.ledger = Ledger()
        self.random = random.Random(f"{seed}{worker}")
        self.run_id = run_id + worker
        self._numbers = itertools.count(1)
        judge.ask_again = self._asked_again
        self._credentials = {name: self._rotation(name) for name in contract.operations}
        self._token = re.compile(rf"\[m\d+\.{re.escape(self.run_id)}\]")

    def email(self, hint: str = "user") -> str:
        """An address that nobody used before and that any validator accepts."""
        return f"{hint}{next(self._numbers)}.{self.run_id}@example.com"

    def subject(self, hint: str = "Order") -> str:
        """A subject that carries the run's id, short enough for any contract."""
        return f"{hint} {next(self._numbers)} {self.run_id}"[: self.contract.subject_maximum]

    def body(self, text: str = "Where is my parcel?", *, first: str = "") -> str:
        """The text of a message, marked so that it is known again wherever it turns up. `first` goes before the mark.

        The marks are in no order, so that messages sorted by their text are not in that in which they were sent.
        """
        return f"{first}{first and ' '}[m{next(self._numbers) * _SCATTERING % _MARKS}.{self.run_id}] {text}"

    def payload(self, **members: Any) -> dict[str, Any]:
        """A valid create: a subject, a requester of its own, and mostly metadata that can get lost. None leaves a member out."""
        number = next(self._numbers)
        metadata = {"number": number} if number % 3 else None
        filled = {"subject": self.subject(), "user_email": self.email(), "metadata": metadata, **members}
        return {name: value for name, value in filled.items() if value is not None}

    def credentials(self, operation_id: str) -> list[Credential]:
        """Every key of the run's organisation that may call the operation, in both styles."""
        return self.target.keys.for_tiers(self.contract[operation_id].tiers)

    def next_credential(self, operation_id: str) -> Credential:
        """One of the credentials that may call the operation; all of them in turn."""
        return next(self._credentials[operation_id])

    def call(
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
        documented: bool = True,
    ) -> Exchange:
        """Send one call and judge what holds for every answer.

        `body` is sent as JSON, `raw` as it is. Without a `credential`, each call takes another of those that may call the
        operation; with a `forgery`, its headers take their place. `documented=False` says that the path may be none of the
        API's, so that its refusal need not be JSON.
        """
        operation = self.contract[operation_id]
        own = forgery.headers if forgery is not None else {}
        content = JSON if operation.method == "POST" and (body is not None or raw is not None) else {}
        exchange = self.target.send(
            Call(
                operation.method,
                operation.path_for(id),
                tuple(_parameters(query or {})),
                {**content, **own, **(headers or {})},
                raw if raw is not None else self._encoded(body),
                None if forgery is not None else credential or self.next_credential(operation_id),
                forgery=forgery,
            )
        )
        self._remember(operation_id, id, exchange)
        if self.consistency_window and exchange.succeeded and operation.method == "POST":
            wait_until_shown(self._ask, operation_id, id, exchange, self.consistency_window)
        self._judge_any(exchange, documented=documented)
        if exchange.repeated and done_twice(self._ask, self.ledger, operation_id, id, exchange):
            raise Blocked(f"{exchange.call.method} {exchange.call.path} was done and not answered, and done again when sent again.")
        used = exchange.call.credential
        if exchange.status == 401 and used is not None and used in self.credentials(operation_id):
            self.judge.check(ACCEPTED[used.style], answers.is_accepted(exchange), exchange)
        return exchange

    def without_slash(self, operation: Operation, conversation_id: str) -> Exchange:
        """Call an operation without the slash at the end of its path, which is no documented path."""
        path = operation.path_for(conversation_id).rstrip("/")
        return self.target.send(Call(operation.method, path, credential=self.next_credential(operation.id)))

    def answered(self, operation_id: str, call: Call, *, documented: bool = True) -> None:
        """Send a call that may be anything, and judge what holds for every answer and for every success.

        `documented=False` says that it may be no call of the API at all, so that its refusal need not be JSON.
        """
        exchange = self.target.send(call)
        self._judge_any(exchange, documented=documented)
        if exchange.succeeded and operation_id in _ANSWERS:
            requirement, component = _ANSWERS[operation_id]
            self.judge.check(requirement, self.contract.mismatch(component, exchange.members), exchange)

    def _judge_any(self, exchange: Exchange, *, documented: bool = True) -> None:
        if exchange.hiccup is not None:
            self.judge.inconsistent("any.no-server-error", exchange)
        # A server may close the connection on a large body, rather than read it.
        if exchange.status != DROPPED or len(exchange.call.body or b"") <= _LARGE:
            self.judge.check("any.no-server-error", answers.no_server_error(exchange), exchange)
        if exchange.status != DROPPED and (exchange.succeeded or (documented and _reaches_the_api(exchange.call))):
            self.judge.check("any.json", answers.is_json(exchange), exchange)

    def _remember(self, operation_id: str, conversation_id: str, exchange: Exchange) -> None:
        if not exchange.succeeded or exchange.call.method != "POST":
            return
        if operation_id != "createConversation":
            self.judge.history.note(conversation_id, exchange)
        elif isinstance(exchange.members.get("id"), str):
            requester = exchange.members.get("requester")
            email = requester.get("email") if isinstance(requester, dict) else None
            self.judge.history.note(exchange.members["id"], exchange, email)

    def _ask(self, operation_id: str, conversation_id: str, query: Mapping[str, Any]) -> Exchange:
        operation = self.contract[operation_id]
        parameters = tuple((name, str(value)) for name, value in query.items())
        credential = self.next_credential(operation_id)
        return self.target.send(Call(operation.method, operation.path_for(conversation_id), parameters, credential=credential))

    def _asked_again(self, exchange: Exchange) -> str | None:
        """How the server answers the same read now, where it answers it differently."""
        if exchange.call.method != "GET":
            return None
        again = self.target.send(exchange.call)
        if again.status == exchange.status and self._documented(again.members) == self._documented(exchange.members):
            return None
        return f"asked again at once, the server answered differently, with {again.status}: it is inconsistent"

    def _documented(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """The members that are documented, of an answer and of the results that it holds."""
        known = {*self.contract.conversation_members, *self.contract.message_members, "count", "detail"}
        found = {name: value for name, value in members.items() if name in known}
        results = members.get("results")
        if isinstance(results, list):
            found["results"] = [self._documented(item) if isinstance(item, dict) else item for item in results]
        return found

    def _encoded(self, body: Any) -> bytes | None:
        if body is None:
            return None
        escaped = json.dumps(body)
        if self.random.random() < 0.3 or "\\u" not in escaped or _SURROGATE.search(escaped):
            return escaped.encode()
        return json.dumps(body, ensure_ascii=False).encode()

    def _rotation(self, operation_id: str) -> Iterator[Credential]:
        # In random order within each round: a fixed one could fall into step with what a test does.
        credentials = self.credentials(operation_id)
        while credentials:
            turns = list(credentials)
            self.random.shuffle(turns)
            yield from turns
