"""Counts how many conversations each test of the suite creates at the effort `quick`, and writes contract_tests/run/creates.json.

python -m tests.harness.creates
"""

import json
from collections import Counter
from collections.abc import Mapping

from contract_tests.judging.check_log import Judge
from contract_tests.run.plan import TABLE
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.sender import Target
from mockserver.app import create_app
from tests.harness.trials import run_here


def measured() -> dict[str, int]:
    """The number of each test that creates any, by file and function."""
    found: Counter[str] = Counter()
    running = ["preflight"]
    send, begin = Target._send_once, Judge.begin

    def counting(self: Target, call: Call) -> Exchange:
        exchange = send(self, call)
        if exchange.succeeded and self.guard.creates(call):
            found[running[0]] += 1
        return exchange

    def beginning(self: Judge, test: str, since: int = 1, since_of: Mapping[str, int] | None = None) -> None:
        running[0] = test.partition("[")[0]
        begin(self, test, since, since_of)

    Target._send_once, Judge.begin = counting, beginning  # type: ignore[method-assign]
    try:
        run_here(create_app())
    finally:
        Target._send_once, Judge.begin = send, begin  # type: ignore[method-assign]
    return dict(sorted(found.items()))


if __name__ == "__main__":
    table = measured()
    TABLE.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    print(f"{sum(table.values())} conversations by {len(table)} tests")
