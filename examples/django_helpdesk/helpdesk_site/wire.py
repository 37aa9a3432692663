"""Adapt requests that HTTP allows but Django's request class does not accept."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import IO, Any

from django.conf import settings

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

DRAINED_BYTES = 64 * 1024 * 1024


def tidy(application: Application) -> Application:
    """Wrap a WSGI application so that it sees only requests Django can represent."""

    def tidied(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        # Django reads the parameters before any error handler is in place, and obeys every charset it has a codec for,
        # even for the query string. JSON is UTF-8 and has no parameters, so nothing is lost with them.
        environ["CONTENT_TYPE"] = environ.get("CONTENT_TYPE", "").partition(";")[0].strip()[:100]
        if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" in environ:
            # Under WSGI, Django takes a body without a length for no body at all.
            body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        response = application(environ, start_response)
        _drain(stream)
        return response

    return tidied


def _drain(stream: IO[bytes]) -> None:
    # A server closes a connection on which a body was left unread, and the client's next request is lost with it.
    left = DRAINED_BYTES
    while left > 0 and (chunk := stream.read(64 * 1024)):
        left -= len(chunk)
