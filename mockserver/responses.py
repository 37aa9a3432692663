"""Answers as Flask's responses."""

from flask import Response

from mockserver.answers import Answer


def response_of(answer: Answer) -> Response:
    """The response that is that answer and nothing else."""
    response = Response(answer.body, answer.status)
    # Not Flask's default: an answer says what it is, and one without a body says nothing.
    del response.headers["Content-Type"]
    response.headers.update(answer.headers)
    return response


def told(status: int, detail: str) -> Response:
    """The response that says that, in JSON."""
    return response_of(Answer.json(status, {"detail": detail}))
