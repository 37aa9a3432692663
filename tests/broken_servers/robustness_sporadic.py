"""Servers that break down now and then, whatever they are sent."""

from typing import Any

from broken_servers.crash_seams import ERROR, crashing
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, Counter, broken
from mockserver.answers import Answer, Call
from mockserver.contract import Operation
from mockserver.pipeline import Pipeline
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("robustness-500-every-25th", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """Every 25th answer is a 500."""
    counter = Counter()
    return crashing(lambda operation, call: counter.next() % 25 == 0)


@defect("robustness-500-every-300th", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every 300th answer is a 500."""
    counter = Counter()
    return crashing(lambda operation, call: counter.next() % 300 == 0)


@defect("robustness-500-after-300-creates", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """From the 300th on, a create is answered with 500: something is full."""
    counter = Counter()
    return crashing(lambda operation, call: operation.id == CREATE and counter.next() > 300)


@defect("robustness-500-although-done", ERROR, "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """Every 40th create is done and answered with 500."""
    counter = Counter()

    class Failing(Pipeline):
        def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
            if operation.id == CREATE and counter.next() % 40 == 0:
                return Answer.json(500, {"detail": "Mail could not be sent."})
            return super().succeeded(operation, call, value)

    return broken(pipeline=Failing)
