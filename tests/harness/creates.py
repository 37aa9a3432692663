"""Counts what each test of the suite creates and checks where few may be created, and writes contract_tests/run/creates.json.

python -m tests.harness.creates
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, cast
from unittest import mock

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.data.corpus import Corpus
from contract_tests.effort import EFFORTS
from contract_tests.judging.check_log import Judge
from contract_tests.run import fixtures
from contract_tests.run.plan import CORPUS, PREFLIGHT, TABLE, written_tests
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.sender import Target
from mockserver.app import create_app
from tests.harness.trials import run_here


def measured() -> dict[str, Any]:
    """Measure what each test and the corpus create, and how often each test checks what it cites."""
    created: Counter[str] = Counter()
    checked: defaultdict[str, Counter[str]] = defaultdict(Counter)
    running = [PREFLIGHT]

    def sent(send: Any, self: Target, call: Call) -> Exchange:
        exchange: Exchange = send(self, call)
        if exchange.succeeded and self.guard.creates(call):
            created[running[0]] += 1
        return exchange

    def begun(begin: Any, self: Judge, test: str, *since: Any) -> None:
        running[0] = test.partition("[")[0]
        begin(self, test, *since)

    def judged(check: Any, self: Judge, requirement_id: str, *rest: Any, **more: Any) -> bool:
        checked[running[0]][requirement_id] += 1
        found: bool = check(self, requirement_id, *rest, **more)
        return found

    def built(build: Any, desk: Helpdesk) -> Corpus:
        test, running[0] = running[0], CORPUS
        try:
            return cast(Corpus, build(desk))
        finally:
            running[0] = test

    with ExitStack() as stack:
        for owner, name, instead in (
            (Target, "_send_once", sent),
            (Judge, "begin", begun),
            (Judge, "check", judged),
            (fixtures, "build_corpus", built),
        ):
            original = getattr(owner, name)
            stack.enter_context(mock.patch.object(owner, name, _around(instead, original)))
        run_here(create_app(), max_conversations=EFFORTS["quick"].conversations - 1)
    catalogue = load_catalogue()
    tests = {
        test: {
            "creates": created[test],
            "exercises": {name: min(times, catalogue[name].exercise) for name in cited if (times := checked[test][name])},
        }
        for test, cited, _ in written_tests()
        if created[test] or checked[test]
    }
    return {CORPUS: created[CORPUS], PREFLIGHT: created[PREFLIGHT], "tests": tests}


def _around(instead: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    # A function, not a partial: only a function becomes a method of the class that it is put into.
    return lambda *values, **named: instead(original, *values, **named)


if __name__ == "__main__":
    table = measured()
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    total = sum(one["creates"] for one in table["tests"].values()) + table[CORPUS] + table[PREFLIGHT]
    print(f"{total} conversations by {len(table['tests'])} tests")
