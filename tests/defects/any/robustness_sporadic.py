"""Servers that break down now and then, whatever they are sent."""

from collections.abc import Callable
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.serving.server import WsgiApp
from tests.defects.kit.crashing import ERROR, crashing
from tests.defects.kit.parts import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, Counter, broken
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect(ERROR, difficulty=EASY)
def robustness_500_every_25th() -> WsgiApp:
    """Every 25th answer is a 500."""
    counter = Counter()
    return crashing(lambda operation, request: counter.next() % 25 == 0)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_every_300th() -> WsgiApp:
    """Every 300th answer is a 500."""
    counter = Counter()
    return crashing(lambda operation, request: counter.next() % 300 == 0)


@defect(ERROR, difficulty=RARE)
def robustness_500_after_300_creates() -> WsgiApp:
    """From the 300th on, a create is answered with 500: something is full."""
    counter = Counter()
    return crashing(lambda operation, request: operation.id == CREATE and counter.next() > 300)


@defect(ERROR, "create.status", difficulty=RARE)
def robustness_500_although_done() -> WsgiApp:
    """Every 40th create is done and answered with 500."""
    counter = Counter()

    class Failing(Pipeline):
        def succeeded(self, operation: Operation, request: Request, value: Any) -> Response:
            if operation.id == CREATE and counter.next() % 40 == 0:
                return Response.json(500, {"detail": "Mail could not be sent."})
            return super().succeeded(operation, request, value)

    return broken(pipeline=Failing)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_at_the_first_list() -> WsgiApp:
    """The first list by status after the start is answered with 500: something is still being set up."""
    counter = Counter()
    return crashing(lambda operation, request: operation.id == LIST and "status=" in request.query and counter.next() == 1)


@defect(ERROR, difficulty=RARE)
def robustness_501_every_250th() -> WsgiApp:
    """Every 250th answer is a 501 of the proxy, a page of HTML."""
    return answering_now_and_then(250, Response(501, b"<h1>Not Implemented</h1>", {"Content-Type": "text/html"}))


def answering_now_and_then(times: int, instead: Response) -> WsgiApp:
    """Make a server that now and then sends another response, although it has done what was asked."""
    counter = Counter()

    class NowAndThen(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            response = super().respond(operation, request)
            return instead if counter.next() % times == 0 else response

    return broken(pipeline=NowAndThen)


def after(upset: Callable[[Operation, Response], bool]) -> WsgiApp:
    """Make a server that responds with 500 to the call after one for which `upset` is true."""
    state = {"upset": False}

    class Upset(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            if state["upset"]:
                state["upset"] = False
                return Response.json(500, {"detail": "current transaction is aborted"})
            response = super().respond(operation, request)
            state["upset"] = upset(operation, response)
            return response

    return broken(pipeline=Upset)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_after_a_refusal() -> WsgiApp:
    """The call after a create that was refused is answered with 500: the transaction was not ended."""
    return after(lambda operation, response: operation.id == CREATE and response.status == 400)


@defect(ERROR, difficulty=RARE)
def robustness_500_after_an_unknown_id() -> WsgiApp:
    """The call after one for messages of an unknown id is answered with 500: the transaction was not ended."""
    return after(lambda operation, response: operation.id == MESSAGES and response.status == 404)


@defect(ERROR, "messages.accepted", difficulty=RARE)
def robustness_500_every_fiftieth_message() -> WsgiApp:
    """Every fiftieth message is answered with 500."""
    counter = Counter()
    return crashing(lambda operation, request: operation.id == SEND and counter.next() % 50 == 0)


@defect(ERROR, "resolve.answer", difficulty=RARE)
def robustness_500_every_thirtieth_resolve() -> WsgiApp:
    """Every thirtieth resolving is answered with 500."""
    counter = Counter()
    return crashing(lambda operation, request: operation.id == RESOLVE and counter.next() % 30 == 0)


@defect("any.json", "get.answer", difficulty=RARE)
def robustness_empty_every_25th() -> WsgiApp:
    """Every 25th conversation that is read is an answer without a body."""
    counter = Counter()

    class Empty(Pipeline):
        def succeeded(self, operation: Operation, request: Request, value: Any) -> Response:
            response = super().succeeded(operation, request, value)
            return Response(200, b"", response.headers) if operation.id == GET and counter.next() % 25 == 0 else response

    return broken(pipeline=Empty)


@defect("any.json", "list.answer", difficulty=RARE)
def robustness_cut_every_80th_list() -> WsgiApp:
    """Every 80th list ends in its middle."""
    counter = Counter()

    class Cut(Pipeline):
        def succeeded(self, operation: Operation, request: Request, value: Any) -> Response:
            response = super().succeeded(operation, request, value)
            cut = operation.id == LIST and counter.next() % 80 == 0
            return Response(200, response.body[: len(response.body) // 2], response.headers) if cut else response

    return broken(pipeline=Cut)
