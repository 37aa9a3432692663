"""Requests that no client needs: what servers make of them where the documentation says nothing."""

import io
import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.http import parse_options_header
from werkzeug.wrappers import Response

from mockserver.contract.document import Body
from mockserver.handling.validation import Validator
from mockserver.serving.server import WsgiApp
from tests.variations.bodies import refusing
from tests.variations.registry import Conforming, variation
from tests.variations.seams import Environ, before, changing, mock
from tests.variations.traffic import speaking

_PAGE = "<html><head><title>Oops</title></head><body><h1>Oops</h1></body></html>"
_LEVELS = 100
_SURROGATE = re.compile(rb"(?i)(?<!\\)(?:\\\\)*\\ud[89a-f]")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PAIR = re.compile(rb"(?i)\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}")
_TEXTS = ("subject", "user_first_name", "user_last_name")


def _refuse_constant(name: str) -> float:
    raise OverflowError(name)


def _beyond(body: bytes) -> bool:
    """Tell whether a JSON body has NaN, Infinity, or a number that is too large for 64 bits or for a double."""

    def number(digits: str) -> int:
        if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
            raise OverflowError
        return 0

    def double(text: str) -> float:
        return float(text) if math.isfinite(float(text)) else _refuse_constant(text)

    try:
        json.loads(body, parse_int=number, parse_float=double, parse_constant=_refuse_constant)
    except OverflowError:
        return True
    except (ValueError, RecursionError):
        return False
    return False


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for byte in _TEXT.sub(b"", body):
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _pathological(environ: Environ) -> bool:
    body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    beyond = re.search("[0-9]{20}|9223372036854775808|%ED%A0%80", environ["QUERY_STRING"] + environ.get("RAW_URI", ""))
    line = len(environ["PATH_INFO"]) + len(environ["QUERY_STRING"]) > 8_000
    deep = _depth(body[:200_000]) > _LEVELS
    return bool(line or beyond or deep or _SURROGATE.search(_PAIR.sub(b"", body)) or _beyond(body))


@variation("pathological-input-is-a-server-error")
def pathological() -> WsgiApp:
    """More than 100 levels, half surrogates, numbers beyond 64 bits or a double, NaN, what is no UTF-8: 500 and a page of HTML."""
    return before(mock(), lambda environ: Response(_PAGE, 500, mimetype="text/html") if _pathological(environ) else None)


@variation("surrogates-replaced", spare=True)
def surrogates_replaced() -> WsgiApp:
    """Half of a surrogate pair becomes a question mark wherever it is."""

    def instead(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read()
            if _SURROGATE.search(body):
                kept = _PAIR.findall(body)
                body = _PAIR.sub(b"\x00", body)
                body = re.sub(rb"(?i)\\ud[89a-f][0-9a-f]{2}", b"?", body)
                for pair in kept:
                    body = body.replace(b"\x00", pair, 1)
                environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)

    return before(mock(), instead)


@variation("unparsable-bodies-answered-by-html")
def unparsable() -> WsgiApp:
    """A body that is not JSON at all is refused with 400 and a page of HTML, before anybody asks for a key."""

    def instead(environ: Environ) -> Response | None:
        body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            if body:
                json.loads(body)
        except (ValueError, RecursionError):
            return Response(_PAGE, 400, mimetype="text/html")
        return None

    return before(mock(), instead)


@variation("single-values-answered-by-html")
def single_values() -> WsgiApp:
    """A body that is neither an object nor an array is refused with 400 and a page of HTML, as by the strict parser of Express."""

    def instead(environ: Environ) -> Response | None:
        body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
        environ["wsgi.input"] = io.BytesIO(body)
        return Response(_PAGE, 400, mimetype="text/html") if body and not body.lstrip().startswith((b"{", b"[")) else None

    return before(mock(), instead)


@variation("bodies-read-by-their-charset")
def by_charset() -> WsgiApp:
    """A body is read in the charset that its type names; where that is none, or makes no JSON of it: 400 and a page of HTML."""

    def instead(environ: Environ) -> Response | None:
        body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
        environ["wsgi.input"] = io.BytesIO(body)
        _, options = parse_options_header(environ.get("CONTENT_TYPE"))
        try:
            if "charset" in options:
                json.loads(body.decode(options["charset"]))
        except (ValueError, RecursionError, LookupError):
            return Response(_PAGE, 400, mimetype="text/html")
        return None

    return before(mock(), instead)


@variation("odd-urls-normalised")
def normalised() -> WsgiApp:
    """Slashes that follow each other are one, what follows a semicolon or a NUL is cut off, broken escapes are left out."""

    def instead(environ: Environ) -> None:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "ignore")
        parts = [part.partition(";")[0].partition("\0")[0] for part in path.split("/")]
        environ["PATH_INFO"] = re.sub("/{2,}", "/", "/".join(parts)).encode().decode("latin-1")

    return before(mock(), instead)


@variation("odd-urls-refused-by-a-page")
def odd_urls_refused() -> WsgiApp:
    """A path with %2F, %00, a second slash, a semicolon or a broken escape is refused with 400 and a page of HTML."""

    def instead(environ: Environ) -> Response | None:
        path = environ["PATH_INFO"]
        try:
            path.encode("latin-1").decode()
        except UnicodeDecodeError:
            path = "//"
        plain = re.fullmatch(r"/api/v1/conversations/[^/\0;]*/?((messages|resolve)/)?(create/)?", path)
        odd = "//" in path or not plain or any(one in path for one in "\0;\\")
        return Response(_PAGE, 400, mimetype="text/html") if odd else None

    return before(mock(), instead)


@variation("line-ends-refused-in-names")
def line_ends_refused() -> WsgiApp:
    """A subject or a name with a tab or a line end is refused."""

    def broken(members: dict[str, Any]) -> Iterator[str]:
        return (name for name in _TEXTS if isinstance(members.get(name), str) and re.search("[\t\n\r]", members[name]))

    return mock(validator=refusing(broken))


@variation("line-ends-become-spaces")
def line_ends_become_spaces() -> WsgiApp:
    """A tab or a line end in a subject or a name becomes a space."""

    class Single(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            members = super().tidy(value, body)
            single = {name: re.sub("[\t\n\r]", " ", members[name]) for name in _TEXTS if isinstance(members.get(name), str)}
            return members | single

    return mock(validator=Single)


@variation("guarded-names-left-out")
def guarded_names_left_out() -> WsgiApp:
    """Members of metadata called __proto__, constructor or prototype are left out, at any depth."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            left = ("__proto__", "constructor", "prototype")
            return {name: without(member) for name, member in value.items() if name not in left}
        return [without(item) for item in value] if isinstance(value, list) else value

    class Guarded(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            members = super().tidy(value, body)
            return members | {"metadata": without(members["metadata"])} if "metadata" in members else members

    return mock(validator=Guarded)


@variation("huge-metadata-kept-as-text")
def huge_kept() -> WsgiApp:
    """Metadata of thousands of digits or levels is kept as the text that it is, and shown so."""
    app, kept = mock(), dict[bytes, bytes]()
    huge = re.compile(rb'\{"subject": "[^"]*", (?:"user_email": "([^"]*)", )?"metadata": (.{300,})\}', re.DOTALL)

    def serve(environ: Environ, start_response: Any) -> Any:
        body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
        found = huge.fullmatch(body)
        if found and (re.search(rb"[0-9]{300}", found[2]) or _depth(found[2]) > _LEVELS):
            body = body.replace(found[2], b"{}")
            environ = environ | {"CONTENT_LENGTH": str(len(body))}
        else:
            found = None
        response = Response.from_app(app, environ | {"wsgi.input": io.BytesIO(body)}, buffered=True)
        data = response.data
        if found and response.status_code == 201:
            kept[data.split(b'"')[3]] = found[2]
        for one in kept:
            if one in data:
                start = data.index(b'"metadata":', data.index(one))
                end = data.index(b"{}", start)
                data = data[:end] + kept[one] + data[end + 2 :]
        response.data = data
        return response(environ, start_response)

    return serve


# --- without a response -----------------------------------------------------------------------------------------------


@variation("some-requests-are-dropped")
def dropped() -> Conforming:
    """The root, unknown routes, undocumented methods and bodies over 64 KiB end the connection without a response."""
    documented = re.compile(
        r"GET /api/v1/conversations/(?!create/)([^/]+/(messages/)?)?"
        r"|POST /api/v1/conversations/(create|[^/]+/(resolve|messages/create))/"
    )

    def framing(environ: Environ) -> str:
        asked = documented.fullmatch(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        return "whole" if asked and int(environ.get("CONTENT_LENGTH") or 0) <= 65_536 else "dropped"

    @contextmanager
    def serve(app: WsgiApp) -> Iterator[str]:
        with speaking(app, "HTTP/1.1", framing) as url:
            yield url

    return Conforming(mock(), serve=serve)


@variation("methods-are-server-errors", spare=True)
def methods_fail() -> WsgiApp:
    """Undocumented methods and unknown routes are 500 and 501 and pages of HTML."""

    def change(response: Response, environ: Environ) -> Response:
        if response.status_code == 405:
            return Response(_PAGE, 501, mimetype="text/html")
        known = environ["PATH_INFO"].startswith("/api/v1/conversations/")
        return response if known else Response(_PAGE, 500, mimetype="text/html")

    return changing(mock(), change)
