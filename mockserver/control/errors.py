"""Responses of any route when the state cannot be reached, or when a request asks for something that cannot be done."""

from functools import partial

from flask import Flask, Response, request

from accord.base.errors import AccordError
from mockserver.control.bodies import ControlError
from mockserver.control.responses import detail_response
from mockserver.dispatcher import bad_request
from mockserver.handling.errors import unreachable
from mockserver.http.body_errors import STATUS_OF
from mockserver.http.flask_response import flask_response
from mockserver.namespaces.registry import Namespaces
from mockserver.store import StoreUnavailableError


def register_errors(app: Flask, namespaces: Namespaces) -> None:
    """Let the application respond with 503 to StoreUnavailableError and 400 to AccordError, instead of 500."""

    @app.errorhandler(StoreUnavailableError)
    def tell(error: StoreUnavailableError) -> Response:
        return flask_response(namespaces.errors.response_to(unreachable(error)))

    for kind, status in STATUS_OF.items():
        app.register_error_handler(kind, partial(_tell, status))

    @app.errorhandler(ControlError)
    def explain(error: ControlError) -> Response:
        return detail_response(error.status, error.detail)

    @app.errorhandler(AccordError)
    def refuse(error: AccordError) -> Response:
        return flask_response(bad_request(error, request.environ, namespaces.files))


def _tell(status: int, error: Exception) -> Response:
    return detail_response(status, str(error))
