"""What is answered, at whatever route, where the state cannot be reached or something was asked for that cannot be done."""

from flask import Flask, Response

from accord.errors import AccordError
from mockserver.front import bad_request
from mockserver.problems import unreachable
from mockserver.responses import response_of
from mockserver.store import StoreUnavailableError
from mockserver.worlds import Worlds


def answer_errors(app: Flask, worlds: Worlds) -> None:
    """Let the application answer 503 to StoreUnavailableError and 400 to AccordError, instead of 500."""

    @app.errorhandler(StoreUnavailableError)
    def tell(error: StoreUnavailableError) -> Response:
        return response_of(worlds.problems.answer(unreachable(error)))

    @app.errorhandler(AccordError)
    def refuse(error: AccordError) -> Response:
        return response_of(bad_request(error))
