"""Cross-origin requests: what browsers ask first, and what they must find in every answer."""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.answers import Answer

ALLOWED_HEADERS = "X-API-Key, Authorization, Content-Type, X-Bundle-Id"
EXPOSED_HEADERS = "Allow, Location, Retry-After, WWW-Authenticate"
_SECONDS_TO_REMEMBER = "600"


def is_preflight(environ: Mapping[str, Any]) -> bool:
    """Whether the request is a browser's question about the one that it wants to send."""
    return (
        environ.get("REQUEST_METHOD") == "OPTIONS" and "HTTP_ORIGIN" in environ and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    )


def preflight(methods: Iterable[str]) -> Answer:
    """The answer to it: any origin, since keys, not cookies, tell who calls."""
    return Answer(
        204,
        b"",
        {
            "Access-Control-Allow-Methods": ", ".join(sorted(methods)),
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": _SECONDS_TO_REMEMBER,
        },
    )


def headers() -> Mapping[str, str]:
    """What every answer carries."""
    return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": EXPOSED_HEADERS}
