"""Sending under load: every request is counted and timed, and none that writes is ever sent twice.

A read that gets no response is sent again. A write is not: it may have happened, so its sender must allow for both cases.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from contract_tests.contract.document import Contract
from contract_tests.transport.credentials import Keys
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import Guard
from contract_tests.transport.sender import GATEWAY, LONGEST_WAIT, Target, Unanswered, Unavailable, pause_asked_for
from contract_tests.transport.stopping import Stopped

Report = Callable[[str, str, float, int, Exception | None], None]
"""Told of every request: method, operation, milliseconds, bytes of the response, and what went wrong."""

_READ_AGAIN = 3
"""Times that a read is tried, and gateway errors in a row after which such an error counts as the server's response to a write."""

_GIVEN_UP_AFTER = 40
"""Requests in a row without a response, after which the server counts as gone."""

_PAUSE = 0.1


class ServerError(Exception):
    """What Locust's statistics are told where a response is a 5xx."""


@dataclass(slots=True)
class Traffic:
    """What happened to requests besides being answered."""

    waits: int = 0
    waited_s: float = 0.0
    unanswered: int = 0
    lost_writes: int = 0
    gateway_errors: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class LoadTarget(Target):
    """The server under load, for all users of a process; each has a connection of its own."""

    def __init__(self, contract: Contract, base_url: str, keys: Keys, *, report: Report, **options: Any) -> None:
        super().__init__(base_url, keys, guard=Guard(contract, keys), **options)
        self.traffic = Traffic()
        self.gone = False
        self.measured = True
        self._report = report
        self._in_a_row = 0
        self._gateway: Counter[str] = Counter()
        operations = contract.operations.values()
        self._words = {part for operation in operations for part in operation.path.split("/")} - {"{id}"}
        self._names = {(operation.method, self._shape(operation.path)): operation.id for operation in operations}

    def deliver(self, call: Call) -> Exchange:
        """Send a call that the guard admitted, after as many waits as the server asks for, and return the response.

        Raises Unanswered where no response comes, and for a write that leaves open whether it happened; Unavailable where the
        server never stops asking to wait. Where the run is over, it is Unanswered as well, and no user sends anything any more.
        """
        try:
            return self._past_waits(call)
        except Stopped as stopped:
            self.gone = True
            raise Unanswered(call, str(stopped)) from stopped

    def _past_waits(self, call: Call) -> Exchange:
        waited = 0.0
        for attempt in range(1000):
            exchange = self._answered(call)
            pause = pause_asked_for(exchange, attempt)
            if pause is None:
                return exchange
            self.traffic.waits += 1
            if waited + pause > LONGEST_WAIT:
                raise Unavailable(exchange)
            self.traffic.waited_s += pause
            self.deadline.sleep(pause)
            waited += pause
        raise Unavailable(exchange)

    def _answered(self, call: Call) -> Exchange:
        """The response to a call; a read is asked again where none came, or one of a gateway."""
        for attempt in range(_READ_AGAIN if call.method == "GET" else 1):
            last = attempt == _READ_AGAIN - 1 or call.method != "GET"
            try:
                exchange = self._told(call)
            except Unanswered:
                if last or self.gone:
                    raise
                continue
            if exchange.status not in GATEWAY or "retry-after" in exchange.headers:
                self._gateway[self.name_of(call)] = 0
                return exchange
            self.traffic.gateway_errors += 1
            if call.method != "GET":
                self._gateway[self.name_of(call)] += 1
                if self._gateway[self.name_of(call)] >= _READ_AGAIN:
                    return exchange
                # It came from something before the server, or from one that was overwhelmed: the write may have happened.
                self.traffic.lost_writes += 1
                raise Unanswered(call, f"{call.method} {call.path} got {exchange.status}")
            self.deadline.sleep(_PAUSE * (attempt + 1))
        return exchange

    def _told(self, call: Call) -> Exchange:
        name, began = self.name_of(call), time.perf_counter()
        try:
            exchange = self._send_once(call)
        except Unanswered as error:
            if self.measured:
                self._report(call.method, name, (time.perf_counter() - began) * 1000, 0, error)
            self.traffic.unanswered += 1
            self.traffic.lost_writes += call.method != "GET"
            self._in_a_row += 1
            self.gone = self.gone or self._in_a_row >= _GIVEN_UP_AFTER
            self.deadline.sleep(_PAUSE)
            raise
        self._in_a_row = 0
        if self.measured and pause_asked_for(exchange, 0) is None:
            wrong = ServerError(str(exchange.status)) if exchange.status >= 500 else None
            self._report(call.method, name, exchange.elapsed * 1000, len(exchange.body), wrong)
        return exchange

    def name_of(self, call: Call) -> str:
        """The operation that a call is of."""
        return self._names.get((call.method, self._shape(call.path)), call.method)

    def _shape(self, path: str) -> tuple[str, ...]:
        """A path without what stands for an id."""
        return tuple(part if part in self._words else "" for part in path.split("/"))
