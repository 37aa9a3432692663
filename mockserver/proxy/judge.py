"""What is wrong with each exchange, on either side."""

from collections.abc import Iterator

from mockserver.contract.document import Contract
from mockserver.handling.decisions import DECISIONS
from mockserver.model.refusal import Kind
from mockserver.proxy.asked import Asked, Reader
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.findings import CLIENT, SERVER, Finding
from mockserver.proxy.responses import response_findings
from mockserver.proxy.traffic import Traffic

_HARMLESS = ("OPTIONS", "HEAD")


class Judge:
    """Judges exchanges in the order in which they ended."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._reader = Reader(contract)
        self._traffic = Traffic(contract.schemes)

    def forget(self) -> None:
        """Forget all earlier traffic, since the server went away."""
        self._traffic.forget()

    def judge(self, exchange: Exchange) -> tuple[Asked, list[Finding]]:
        """Return what was asked for, and what is wrong with the exchange."""
        asked = self._reader.read(exchange)
        found = [*self._of_client(exchange, asked)]
        if exchange.is_made_up:
            return asked, found
        wrong = [*response_findings(self._contract, exchange, asked), *self._traffic.findings(exchange, asked)]
        found += [Finding(SERVER, one.requirement, one.sentence) for one in wrong]
        if asked.operation is not None and asked.operation.id == "createMessage" and 200 <= exchange.status < 300 and asked.key:
            self._traffic.sent(exchange, asked)
        return asked, found

    def _of_client(self, exchange: Exchange, asked: Asked) -> Iterator[Finding]:
        operation = asked.operation
        if operation is None:
            if exchange.method not in _HARMLESS:
                there = self._reader.is_documented_path(exchange.path)
                what = f"{exchange.method} is not documented for this path" if there else "nothing is documented at this path"
                yield Finding(CLIENT, "any.undocumented-methods" if there else "", what)
            return
        if asked.lacks_slash:
            yield Finding(CLIENT, "missing_trailing_slash", "the path lacks its final slash")
        if asked.key_problem is not None:
            yield Finding(CLIENT, str(DECISIONS[asked.key_problem]), asked.key_problem.name.lower().replace("_", " "))
        elif not asked.may_call:
            yield Finding(CLIENT, str(DECISIONS[Kind.FORBIDDEN_TIER]), f"a {asked.tier} key may not call {operation.id}")
        elif exchange.is_made_up:
            pass  # This response is not the server's.
        elif exchange.status == 401:
            yield Finding(CLIENT, str(DECISIONS[Kind.UNKNOWN_KEY]), "the server refused the key")
        elif exchange.status == 403 and asked.tier == "client":
            kind = Kind.MISSING_ORIGIN if exchange.header("origin") is None else Kind.OTHER_ORIGIN
            yield Finding(CLIENT, str(DECISIONS[kind]), "the server refused the key from this origin or app")
        if asked.refusal is not None:
            yield Finding(CLIENT, asked.decision, asked.refusal.detail)
