"""Mend what HTTP allows and Django's request class does not take."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def tidy(application: Application) -> Application:
    """Wrap a WSGI application so that it sees only requests Django can represent."""

    def tidied(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Django reads the parameters before any error handler is in place, and obeys every charset it has a codec for,
        # even for the query string. JSON is UTF-8 and has no parameters, so nothing is lost with them.
        environ["CONTENT_TYPE"] = environ.get("CONTENT_TYPE", "").partition(";")[0].strip()[:100]
        if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" in environ:
            # Under WSGI, Django takes a body without a length for no body at all.
            body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return application(environ, start_response)

    return tidied
