"""Small things of the WSGI interface that both ways of a response need."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from mockserver.http.messages import Response

StartResponse = Callable[..., Any]


class _StatusLines(dict[int, str]):
    def __missing__(self, status: int) -> str:
        return f"{status} Unknown"


_STATUS_LINES = _StatusLines({status.value: f"{status.value} {status.phrase}" for status in HTTPStatus})
_CORS = "access-control-"
_ALLOWED_ORIGIN = "access-control-allow-origin"


REQUEST_ID_HEADER = "X-Accord-Request-Id"
"""The header of every response with the id that its request has in the journal."""


def send(response: Response, start_response: StartResponse, id: str, more: Mapping[str, str]) -> Iterable[bytes]:
    """Send a response to the request of that id, with the headers in `more` that it does not have itself."""
    headers = {"Content-Length": str(len(response.body)), REQUEST_ID_HEADER: id, **more, **response.headers}
    if response.status == 204:
        del headers["Content-Length"]
    start_response(_STATUS_LINES[response.status], list(headers.items()))
    return [response.body]


def adding(more: Mapping[str, str], start_response: StartResponse) -> StartResponse:
    """Wrap a `start_response` so that it sends, besides, the headers in `more` that the response does not have itself.

    A response that says which origins may read it keeps its own CORS headers; values of `Vary` are joined.
    """

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        own = {name.lower() for name, _ in headers}
        vary = [value for name, value in headers if name.lower() == "vary"]
        added = [(name, value) for name, value in headers if name.lower() != "vary"]
        for name, value in more.items():
            lower = name.lower()
            if lower == "vary":
                vary.append(value)
            elif lower not in own and not (lower.startswith(_CORS) and _ALLOWED_ORIGIN in own):
                added.append((name, value))
        if vary:
            added.append(("Vary", joined(*vary)))
        return start_response(status, added, exc_info)

    return start


def joined(*lists: str) -> str:
    """Join comma-separated lists of names, each name once."""
    names = (name.strip() for text in lists for name in text.split(","))
    return ", ".join({name.lower(): name for name in names if name}.values())
