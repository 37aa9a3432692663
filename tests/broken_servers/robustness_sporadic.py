"""Servers that break down now and then, whatever they are sent."""

from collections.abc import Callable
from typing import Any

from broken_servers.crash_seams import ERROR, crashing
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, Counter, broken
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


@defect("robustness-500-at-the-first-list", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """The first list by status after the start is answered with 500: something is still being set up."""
    counter = Counter()
    return crashing(lambda operation, call: operation.id == LIST and "status=" in call.query and counter.next() == 1)


@defect("robustness-501-every-250th", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Every 250th answer is a 501 of the proxy, a page of HTML."""
    return answering_now_and_then(250, Answer(501, b"<h1>Not Implemented</h1>", {"Content-Type": "text/html"}))


def answering_now_and_then(times: int, instead: Answer) -> WsgiApp:
    """A server that gives another answer now and then, and has done what was asked."""
    counter = Counter()

    class NowAndThen(Pipeline):
        def answer(self, operation: Operation, call: Call) -> Answer:
            answer = super().answer(operation, call)
            return instead if counter.next() % times == 0 else answer

    return broken(pipeline=NowAndThen)


def after(upset: Callable[[Operation, Answer], bool]) -> WsgiApp:
    """A server that answers with 500 to the call after one that upset it."""
    state = {"upset": False}

    class Upset(Pipeline):
        def answer(self, operation: Operation, call: Call) -> Answer:
            if state["upset"]:
                state["upset"] = False
                return Answer.json(500, {"detail": "current transaction is aborted"})
            answer = super().answer(operation, call)
            state["upset"] = upset(operation, answer)
            return answer

    return broken(pipeline=Upset)


@defect("robustness-500-after-a-refusal", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """The call after a create that was refused is answered with 500: the transaction was not ended."""
    return after(lambda operation, answer: operation.id == CREATE and answer.status == 400)


@defect("robustness-500-after-an-unknown-id", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """The call after one for messages of an unknown id is answered with 500: the transaction was not ended."""
    return after(lambda operation, answer: operation.id == MESSAGES and answer.status == 404)


@defect("robustness-500-every-fiftieth-message", ERROR, "messages.accepted", difficulty=RARE)
def _() -> WsgiApp:
    """Every fiftieth message is answered with 500."""
    counter = Counter()
    return crashing(lambda operation, call: operation.id == SEND and counter.next() % 50 == 0)


@defect("robustness-500-every-thirtieth-resolve", ERROR, "resolve.answer", difficulty=RARE)
def _() -> WsgiApp:
    """Every thirtieth resolving is answered with 500."""
    counter = Counter()
    return crashing(lambda operation, call: operation.id == RESOLVE and counter.next() % 30 == 0)


@defect("robustness-empty-every-25th", "any.json", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """Every 25th conversation that is read is an answer without a body."""
    counter = Counter()

    class Empty(Pipeline):
        def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
            answer = super().succeeded(operation, call, value)
            return Answer(200, b"", answer.headers) if operation.id == GET and counter.next() % 25 == 0 else answer

    return broken(pipeline=Empty)


@defect("robustness-cut-every-80th-list", "any.json", "list.answer", difficulty=RARE)
def _() -> WsgiApp:
    """Every 80th list ends in its middle."""
    counter = Counter()

    class Cut(Pipeline):
        def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
            answer = super().succeeded(operation, call, value)
            cut = operation.id == LIST and counter.next() % 80 == 0
            return Answer(200, answer.body[: len(answer.body) // 2], answer.headers) if cut else answer

    return broken(pipeline=Cut)
