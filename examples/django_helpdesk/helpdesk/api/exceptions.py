"""Errors that are not the REST framework's own, in its form."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler


class TooLarge(exceptions.APIException):
    """The body is larger than the server takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request body is too large."


class Busy(exceptions.APIException):
    """The database was locked for longer than a client should wait; nothing was written."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The service is busy. Try again in a moment."
    wait = 1


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error, or leave it to the 500 handler."""
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError()
    elif isinstance(error, OperationalError) and "locked" in str(error):
        error = Busy()
    return exception_handler(error, context)
