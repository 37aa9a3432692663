"""The same values written otherwise: numbers, times, media types, and what travels around them."""

import re
import zlib
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from mockserver.model.clock import to_datetime
from mockserver.serving.server import WsgiApp, serving
from tests.variations.records import with_times
from tests.variations.registry import Conforming, variation
from tests.variations.seams import Environ, changing, mock

_COUNTED = re.compile(rb'("(?:count|number)":)(\d+)')


def with_numbers(write: Callable[[int], str]) -> WsgiApp:
    """A mock that writes counts and numbers of conversations in its own way."""

    def change(response: Response, _: Environ) -> Response:
        if (response.is_json and b'"metadata"' not in response.data) or b'"subject"' in response.data:
            response.data = _COUNTED.sub(lambda found: found[1] + write(int(found[2])).encode(), response.data)
        return response

    return changing(mock(), change)


@variation("counts-as-floats")
def floats() -> WsgiApp:
    """Counts and numbers are written with a point: 5.0, 42.0."""
    return with_numbers(lambda number: f"{number}.0")


@variation("counts-as-powers-of-ten")
def powers() -> WsgiApp:
    """Counts and numbers are written with an exponent: 1E+1, 4.2E+1."""

    def write(number: int) -> str:
        digits = str(number)
        return f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}E+{len(digits) - 1}"

    return with_numbers(write)


@variation("text-json", spare=True)
def text_json() -> WsgiApp:
    """Responses are text/json, as they were before there was a standard."""

    def change(response: Response, _: Environ) -> Response:
        if response.mimetype == "application/json":
            response.headers["Content-Type"] = "text/json; charset=utf-8"
        return response

    return changing(mock(), change)


@variation("space-for-the-t")
def space_for_t() -> WsgiApp:
    """A space stands between the day and the time, as RFC 3339 lets people write."""
    return with_times(lambda at: f"{to_datetime(at):%Y-%m-%d %H:%M:%S.%f}+00:00")


@variation("compressed-by-small-windows")
def small_windows() -> Conforming:
    """Responses are zlib streams whose windows have 512 bytes to 16 KiB, and come with 150 headers."""

    def change(response: Response, _: Environ) -> Response:
        if response.data:
            bits = 9 + len(response.data) % 6
            packer = zlib.compressobj(wbits=bits)
            response.data = packer.compress(response.data) + packer.flush()
            response.headers["Content-Encoding"] = "deflate"
        for number in range(150):
            response.headers[f"X-Trace-{number}"] = "0123456789abcdef"
        return response

    return Conforming(changing(mock(), change), serve=serving)


@variation("refusals-are-problems-of-any-kind", spare=True)
def refusals() -> WsgiApp:
    """Refusals other than 401 are a text, a list or an object per member, by their lengths, and always JSON."""

    def change(response: Response, _: Environ) -> Response:
        if 400 <= response.status_code < 500 and response.status_code != 401 and response.data:
            shapes: tuple[Any, ...] = (b'"no"', b'["no", "never"]', b'{"subject": ["no"]}', b"null")
            response.data = shapes[len(response.data) % 4]
        return response

    return changing(mock(), change)
