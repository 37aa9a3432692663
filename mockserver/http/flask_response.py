"""Responses as Flask sends them."""

from flask import Response as FlaskResponse
from flask import request

from mockserver.http.delivery import request_delivery
from mockserver.http.messages import Response


def flask_response(response: Response) -> FlaskResponse:
    """Return Flask's response, to the current request, that is that response and nothing else."""
    request_delivery(request.environ, response.delivery)
    found = FlaskResponse(response.body, response.status)
    # Not Flask's default: a response says what it is, and one without a body says nothing.
    del found.headers["Content-Type"]
    found.headers.update(response.headers)
    return found
