"""What any application costs in our server: one that reads the body and returns the same bytes to everybody.

python bench/floor.py --port 4010
"""

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from mockserver.serving.ports import DEFAULT_HOST, bind
from mockserver.serving.server import serve

SIZE = 572
"""Bytes of a conversation, as the mock shows one."""

BODY = b'{"id": "%s"}' % (b"0" * (SIZE - 10))
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(SIZE))]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Read the body, and return `SIZE` bytes of JSON: with 201 to a POST, else with 200."""
    environ["wsgi.input"].read()
    start_response("201 Created" if environ["REQUEST_METHOD"] == "POST" else "200 OK", list(_HEADERS))
    return [BODY]


def main() -> None:
    """Serve it until the process is told to end."""
    parser = argparse.ArgumentParser(description="Serve an application that does nothing.")
    parser.add_argument("--port", type=int, required=True)
    with bind(DEFAULT_HOST, parser.parse_args().port) as listener:
        serve(application, listener)


if __name__ == "__main__":
    main()
