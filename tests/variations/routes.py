"""Paths, methods and requests that are not documented, each answered in another way."""

import io
import json
from collections.abc import Iterable
from typing import Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

from mockserver.contract.document import Operation
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from tests.variations.registry import Conforming, variation
from tests.variations.seams import Environ, before, changing, mock

_PAGE = "<!doctype html>\n<html><head><title>Nothing here</title></head><body><h1>Nothing here</h1></body></html>\n"


@variation("html-where-nothing-is-documented")
def html_refusals() -> WsgiApp:
    """Unknown routes, malformed ids and undocumented methods are answered by a page of HTML, with 404."""

    class Routed(Validator):
        def read_id(self, text: str) -> str:
            try:
                return super().read_id(text)
            except Refusal:
                raise HttpRefusal(404, "ROUTE") from None

    def change(response: WerkzeugResponse, _: Environ) -> WerkzeugResponse:
        if response.status_code == 405 or (response.status_code == 404 and (b"path" in response.data or b"ROUTE" in response.data)):
            return WerkzeugResponse(_PAGE, 404, mimetype="text/html")
        return response

    return changing(mock(validator=Routed), change)


@variation("not-found-before-the-key", spare=True)
def not_found_first() -> WsgiApp:
    """Undocumented methods are 501 plain text, OPTIONS and HEAD are answered with bodies and without a key."""

    def instead(environ: Environ) -> WerkzeugResponse | None:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return WerkzeugResponse(
                json.dumps({"name": "Conversations", "actions": {}}), mimetype="application/json", headers={"Allow": "GET"}
            )
        if environ["REQUEST_METHOD"] in ("PUT", "PATCH", "DELETE"):
            return WerkzeugResponse("Not Implemented", 405, mimetype="text/plain")
        return None

    return before(mock(), instead)


@variation("methods-fall-through", spare=True)
def methods_fall_through() -> WsgiApp:
    """Undocumented methods are answered with 200 and an empty object, and do nothing."""

    def change(response: WerkzeugResponse, _: Environ) -> WerkzeugResponse:
        return WerkzeugResponse("{}", 200, mimetype="application/json") if response.status_code == 405 else response

    return changing(mock(), change)


@variation("get-of-create-is-a-conversation", spare=True)
def get_create() -> WsgiApp:
    """GET at the path of create is the conversation with the id "create", which does not exist, and needs a key."""

    def change(response: WerkzeugResponse, environ: Environ) -> WerkzeugResponse:
        if response.status_code == 405 and environ["REQUEST_METHOD"] == "GET":
            return WerkzeugResponse('{"detail": "No such conversation."}', 404, mimetype="application/json")
        return response

    return changing(mock(), change)


@variation("base-path")
def base_path() -> Conforming:
    """The API lies under /helpdesk/v2 of its host, and nothing is beside it."""
    app = mock()

    def mounted(environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith("/helpdesk/v2/") and not environ.get("SCRIPT_NAME", "").startswith("/helpdesk/v2"):
            return WerkzeugResponse(_PAGE, 404, mimetype="text/html")(environ, start_response)
        if path.startswith("/helpdesk/v2/"):
            environ = environ | {"PATH_INFO": path.removeprefix("/helpdesk/v2"), "SCRIPT_NAME": "/helpdesk/v2"}
        return app(environ, start_response)

    return Conforming(mounted, base_path="/helpdesk/v2")


@variation("base-path-with-slash-and-redirects", spare=True)
def base_path_and_redirects() -> Conforming:
    """The URL is given with a slash at its end; a missing slash is redirected to an absolute address, without a key."""

    def instead(environ: Environ) -> WerkzeugResponse | None:
        path = environ["PATH_INFO"]
        if path.startswith("/api/") and not path.endswith("/"):
            location = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{path}/"
            return WerkzeugResponse(_PAGE, 301, Headers({"Location": location}), mimetype="text/html")
        return None

    return Conforming(before(mock(), instead), base_path="/")


@variation("unknown-parameters-refused")
def unknown_parameters() -> WsgiApp:
    """Query parameters that are not documented, or are given twice, are refused, and so are undocumented members of bodies."""

    class Strict(Validator):
        def read(self, request: Request, operation: Operation) -> CheckedRequest:
            known = {parameter.name for parameter in self.parameters(operation)}
            strange = self.sent_parameters(request).keys() - known
            if strange:
                raise HttpRefusal(400, f"Unknown parameters: {', '.join(sorted(strange))}.")
            return super().read(request, operation)

    return mock(validator=Strict, choices={"unknown_body_fields": "refuse"})


@variation("other-content-types-refused")
def strict_content_type() -> WsgiApp:
    """A body that is not said to be application/json, in UTF-8, is refused with 415, and so is one of which nothing is said."""

    class Strict(Validator):
        def check_content_type(self, request: Request) -> None:
            sent = str(request.environ.get("CONTENT_TYPE") or "").lower().replace(" ", "").replace('"', "")
            if sent not in ("application/json", "application/json;charset=utf-8"):
                raise HttpRefusal(415, "Unsupported media type.")

    return mock(validator=Strict)


@variation("any-content-type-read-as-json", spare=True)
def lenient_content_type() -> WsgiApp:
    """Bodies are read as JSON whatever they are said to be."""

    class Lenient(Validator):
        def check_content_type(self, request: Request) -> None:
            """Accept any content type."""

    return mock(validator=Lenient)


@variation("request-read-before-the-key")
def request_first() -> WsgiApp:
    """What is asked is checked before who asks: a bad body or id with a bad key is a 400 or 404."""

    class RequestFirst(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            try:
                self.validate(request, operation)
                # The stream of a request can be read only once, and the pipeline has to read it again.
                request.environ["wsgi.input"] = io.BytesIO(request.data or b"")
            except Refusal as refusal:
                return self.refused(operation, request, refusal)
            return super().respond(operation, request)

    return mock(pipeline=RequestFirst)


@variation("unknown-ids-are-forbidden", spare=True)
def unknown_is_forbidden() -> WsgiApp:
    """An id that no conversation of the organisation has is refused with 403, and by resolve and messages with 410."""

    def change(response: WerkzeugResponse, environ: Environ) -> WerkzeugResponse:
        if response.status_code == 404:
            response.status_code = 403 if environ["REQUEST_METHOD"] == "GET" else 410
        return response

    return changing(mock(), change)


@variation("large-bodies-refused", spare=True)
def small_bodies() -> WsgiApp:
    """A body of more than 64 KiB is refused with 413 and a page of HTML, before anything else is looked at."""

    def instead(environ: Environ) -> WerkzeugResponse | None:
        return WerkzeugResponse(_PAGE, 413, mimetype="text/html") if int(environ.get("CONTENT_LENGTH") or 0) > 65536 else None

    return before(mock(), instead)


@variation("long-urls-refused", spare=True)
def short_urls() -> WsgiApp:
    """Paths and queries of more than 1,000 characters are refused with 414, NUL and other oddities in them with 400 and HTML."""

    def instead(environ: Environ) -> WerkzeugResponse | None:
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        if len(path) + len(query) > 1000:
            return WerkzeugResponse(_PAGE, 414, mimetype="text/html")
        if "\0" in path or not path.isascii():
            return WerkzeugResponse('{"detail": "Bad path."}', 400, mimetype="application/json")
        return None

    return before(mock(), instead)


@variation("limit-zero-is-an-empty-page", spare=True)
def limit_zero() -> WsgiApp:
    """limit=0 is a page without items, and blank parameters are as if they were not there."""

    class Lenient(Validator):
        def sent_parameters(self, request: Request) -> dict[str, str]:
            return {name: value for name, value in super().sent_parameters(request).items() if value.strip()}

        def invalid_number(self, parameter: Any, value: Any, violations: Any) -> Any:
            return 0 if value == 0 else super().invalid_number(parameter, value, violations)

    return mock(validator=Lenient)


@variation("malformed-filter-refused", spare=True)
def malformed_filter() -> WsgiApp:
    """Filtering by what is no e-mail address is refused with 400."""

    class Strict(Validator):
        def read_query(self, request: Request, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(request, operation)
            if values.get("user_email") is not None and not self.is_email(values["user_email"]):
                raise HttpRefusal(400, "user_email: This is not an address.")
            return values, impossible

    return mock(validator=Strict)
