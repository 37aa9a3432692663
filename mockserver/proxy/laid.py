"""Fault rules that are laid over a server: which of them a request meets, and what the proxy responds in the server's place."""

from pathlib import Path

from mockserver.contract.document import Contract
from mockserver.faults.active import Faults, Fired
from mockserver.faults.header import FAULT_HEADER
from mockserver.faults.rules import Known, read_rules
from mockserver.http.cors import headers_for
from mockserver.http.messages import Request, Response, environ_name
from mockserver.members import read_file
from mockserver.model.caller import ApiKey
from mockserver.model.clock import Clock
from mockserver.proxy.asked import Reader, environ_of
from mockserver.proxy.exchange import Exchange


class LaidFaults:
    """The rules of a file, for requests to documented operations. Chance is drawn from the seed, times are the machine's.

    Raises AccordError for a file that cannot be used.
    """

    def __init__(self, path: Path, contract: Contract, seed: int | str) -> None:
        # Only the mock that issued the keys knows their names.
        known = Known([operation.id for operation in contract], None)
        rules = read_file(path, "faults file", lambda value: read_rules(value, known))
        self._faults = Faults(seed, Clock(), lambda: known, rules)
        self._reader = Reader(contract)

    def decide(self, exchange: Exchange) -> Fired | None:
        """Return the fault that a request meets, or None."""
        asked = self._reader.read(exchange)
        if asked.operation is None:
            return None
        environ = environ_of(exchange)
        # This header asks the server, which may be a mock, for a fault, and not this proxy.
        environ.pop(environ_name(FAULT_HEADER), None)
        request = Request(environ, {})
        request.data = exchange.body
        key = ApiKey(asked.key, asked.tier, "") if asked.key else None
        return self._faults.decide(asked.operation.id, request, lambda: key)


def own_response(exchange: Exchange, fired: Fired) -> Response:
    """Return the response in the place of the server's. Pages of the request's origin may read it: what it says is no secret."""

    def refusal(status: int, detail: str) -> Response:
        return Response.json(status, {"detail": detail})

    def unasked() -> Response:
        raise AssertionError("A fault that takes the place of the response needs none.")

    response = fired.carry_out(unasked, refusal)
    origin = exchange.header("origin")
    return response if origin is None else response._replace(headers={**response.headers, **headers_for(origin)})
