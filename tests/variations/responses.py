"""How answers are written: members nobody asked for, other JSON for the same values, other headers."""

import gzip
import json
import zlib
from collections.abc import Iterable
from typing import Any

from werkzeug.http import parse_cookie
from werkzeug.wrappers import Response

from mockserver.app import create_app
from mockserver.serving.server import WsgiApp, serving
from tests.variations.registry import Conforming, variation
from tests.variations.seams import Environ, changing, mock, rewriting

EXTRA = {
    "_links": {"self": "https://help.example.com/x"},
    "extra": None,
    "version": 3,
    "tags": ["vip"],
    "team": {"id": "t-1", "name": "Shop"},
}


@variation("extra-members-everywhere")
def extra_members() -> WsgiApp:
    """Every object has members that are not documented: pages, conversations, requesters, messages, refusals, the 401 too."""

    def rewrite(value: Any, response: Response) -> Any:
        if isinstance(value, list):
            return [rewrite(item, response) for item in value]
        if not isinstance(value, dict):
            return value
        return {name: member if name == "metadata" else rewrite(member, response) for name, member in value.items()} | EXTRA

    return rewriting(mock(), rewrite)


@variation("misleading-extra-members", spare=True)
def misleading_members() -> WsgiApp:
    """Undocumented members are called what careless checks look for: total, next of another kind, type, email, message."""

    def rewrite(value: Any, _: Response) -> Any:
        if "results" in value:
            more: dict[str, Any] = {"total": 10**6, "limit": 7, "page": 1, "next": None, "has_more": True, "data": []}
            return (
                value
                | more
                | {"results": [item | {"messages_count": 99, "created": 0, "deleted": False} for item in value["results"]]}
            )
        return value | {"email": "other@example.com", "message": "fine", "messages": [], "error": None, "title": "x", "code": 0}

    return rewriting(mock(), rewrite)


@variation("objects-with-the-members-of-others")
def members_of_others() -> WsgiApp:
    """Conversations and messages have what pages, refusals and each other have, with values of their own."""

    def rewrite(value: Any, response: Response) -> Any:
        if "results" in value:
            return value | {"results": [rewrite(item, response) for item in value["results"]]}
        before = {"id": value.get("id"), "status": "resolved", "subject": "before", "body": "before"}
        more = {"count": 7, "results": [before], "next": "/older", "detail": "fine", "previous": before}
        more |= {"conversation": before, "message": before, "sender_email": "other@example.com", "user_email": None, "body": None}
        more |= {"number": -1, "status": "pending", "subject": "other", "requester": before, "metadata": {"a": 1}}
        return more | value

    return rewriting(mock(), rewrite)


@variation("reversed-members", spare=True)
def reversed_members() -> WsgiApp:
    """Members come in the opposite order, results before count."""

    def rewrite(value: Any, response: Response) -> Any:
        if isinstance(value, list):
            return [rewrite(item, response) for item in value]
        return {name: rewrite(value[name], response) for name in reversed(value)} if isinstance(value, dict) else value

    return rewriting(mock(), rewrite)


@variation("pretty-and-escaped")
def pretty_and_escaped() -> WsgiApp:
    """JSON is indented, everything beyond ASCII is escaped, and a line end follows."""
    return rewriting(mock(), dumps=lambda value: json.dumps(value, indent=4) + "\n")


@variation("escapes-beyond-need", spare=True)
def escapes_beyond_need() -> WsgiApp:
    """Slashes, angle brackets and ampersands are escaped, as PHP and Rails do, and members are parted by line ends."""

    def dumps(value: Any) -> str:
        text = json.dumps(value, separators=(",\r\n\t", " :\t"))
        for character in "/<>&'":
            text = text.replace(character, f"\\u{ord(character):04x}" if character != "/" else "\\/")
        return text

    return rewriting(mock(), dumps=dumps)


@variation("whole-numbers-as-floats")
def whole_numbers_as_floats() -> WsgiApp:
    """Numbers in metadata come back as floats, as from a store that knows doubles only; count and number stay integers."""

    def floats(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: floats(member) for name, member in value.items()}
        if isinstance(value, list):
            return [floats(item) for item in value]
        whole = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if whole else value

    def rewrite(value: Any, _: Response) -> Any:
        if "results" in value:
            return value | {"results": [rewrite(item, _) for item in value["results"]]}
        return value | {"metadata": floats(value["metadata"])} if "metadata" in value else value

    return rewriting(mock(), rewrite)


@variation("metadata-as-jsonb", spare=True)
def metadata_as_jsonb() -> WsgiApp:
    """Members of metadata are sorted by length and then by bytes, and whole floats lose their point, as in PostgreSQL."""

    def sort(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: sort(value[name]) for name in sorted(value, key=lambda name: (len(name.encode()), name.encode()))}
        if isinstance(value, list):
            return [sort(item) for item in value]
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value

    return rewriting(mock(), lambda value, _: sort(value))


@variation("charset-in-content-type", spare=True)
def charset() -> WsgiApp:
    """The content type names a charset, quoted and in capitals."""

    def change(response: Response, _: Environ) -> Response:
        if response.data:
            response.headers["Content-Type"] = 'Application/JSON ; Charset="UTF-8"'
        return response

    return changing(mock(), change)


@variation("json-suffix-media-types")
def json_suffixes() -> WsgiApp:
    """Answers are application/hal+json; refusals, the 401 among them, application/problem+json with its members."""

    def change(response: Response, _: Environ) -> Response:
        if not response.data:
            return response
        response.headers["Content-Type"] = "application/hal+json"
        if response.status_code >= 400:
            response.headers["Content-Type"] = "application/problem+json; charset=utf-8"
            detail = json.loads(response.data).get("detail", "refused")
            response.data = json.dumps({"type": "about:blank", "title": "No", "status": response.status_code, "detail": detail})
        return response

    return changing(mock(), change)


@variation("compressed")
def compressed() -> Conforming:
    """Answers are compressed by gzip or deflate where the client accepts that, whatever their size."""

    def change(response: Response, environ: Environ) -> Response:
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        if response.data and "gzip" in accepted:
            deflated = response.status_code >= 400 and "deflate" in accepted
            response.data = zlib.compress(response.data) if deflated else gzip.compress(response.data, 1)
            response.headers["Content-Encoding"] = "deflate" if deflated else "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    return Conforming(changing(mock(), change), serve=serving)


@variation("many-headers", spare=True)
def many_headers() -> Conforming:
    """Answers set cookies and carry headers of security, caching, rates and tracing."""

    def change(response: Response, environ: Environ) -> Response:
        for number in range(3):
            response.set_cookie(f"session{number}", "x" * 200, httponly=True)
        response.headers.extend(
            {
                "Strict-Transport-Security": "max-age=63072000",
                "Cache-Control": "no-store",
                "X-RateLimit-Remaining": "0",
                "RateLimit": "limit=10, remaining=0, reset=50",
                "Link": '<https://example.com/>; rel="next"',
                "X-Request-Id": "0" * 300,
                "Server": "nginx/0.0",
                "ETag": 'W/"1"',
                "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT",
            }
        )
        return response

    return Conforming(changing(mock(), change), serve=serving)


@variation("cookies-open-sessions")
def cookie_sessions() -> Conforming:
    """A call with a valid key opens a session, whose cookie is as good as the key: whoever sends no cookies notices nothing."""
    app = create_app(scenario="empty")
    keys = app.namespace.keys

    def session(environ: Environ, start_response: Any) -> Iterable[bytes]:
        cookie = parse_cookie(environ).get("session", "")
        if cookie and "HTTP_X_API_KEY" not in environ and "HTTP_AUTHORIZATION" not in environ:
            environ = environ | {"HTTP_X_API_KEY": cookie}
        response = Response.from_app(app, environ, buffered=True)
        if response.status_code < 300:
            key = environ.get("HTTP_X_API_KEY") or environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
            if keys.get(key):
                response.set_cookie("session", key, httponly=True)
        return response(environ, start_response)

    return Conforming(session, serve=serving)


@variation("www-authenticate", spare=True)
def www_authenticate() -> WsgiApp:
    """A 401 names several schemes, and other refusals tell a scheme too; the 401 says more than its detail."""

    def change(response: Response, _: Environ) -> Response:
        if response.status_code in (401, 403):
            response.headers["WWW-Authenticate"] = 'Bearer realm="api", error="invalid_token", ApiKey realm="api", charset="UTF-8"'
            body = json.loads(response.data) | {"code": "not_authenticated", "messages": [{"token": "bad"}]}
            response.data = json.dumps(body)
        return response

    return changing(mock(), change)


@variation("answers-without-a-body")
def no_body_for_messages() -> WsgiApp:
    """A message is acknowledged by 204 and no body, and refusals other than 401 have none either."""

    def change(response: Response, environ: Environ) -> Response:
        if response.status_code == 201 and environ["PATH_INFO"].endswith("/messages/create/"):
            return Response(status=204)
        return Response(status=response.status_code) if response.status_code in (400, 403, 404, 405, 415) else response

    return changing(mock(), change)
