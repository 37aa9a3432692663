"""Calls of the control API: over a socket, or of an application in the same process.

Neither goes through `requests`, so that whatever a test has put in its place does not see them.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from werkzeug.test import Client

from accord.base.errors import AccordError
from mockserver.app import MockApp
from mockserver.control.guard import IN_PROCESS
from mockserver.namespaces.addressing import PREFIX

Steer = Callable[..., Any]
"""`steer("POST", "/faults", {…})` returns the JSON value of the response, None without one. It raises AccordError if refused."""

_SECONDS = 30.0


def over_socket(url: str) -> Steer:
    """Return what steers the mock, or the namespace of it, at the URL. Calls raise OSError if nothing responds there."""
    # A mock of this machine is not behind the proxy that the environment may name.
    opener = build_opener(ProxyHandler({}))

    def steer(method: str, path: str, value: object = None) -> Any:
        data = None if value is None else json.dumps(value).encode()
        request = Request(f"{url}{PREFIX}{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with opener.open(request, timeout=_SECONDS) as response:
                return _value(response.status, response.read())
        except HTTPError as error:
            with error:
                return _value(error.code, error.read())

    return steer


def in_process(app: MockApp) -> Steer:
    """Return what steers the default namespace of the application."""

    def steer(method: str, path: str, value: object = None) -> Any:
        given: dict[str, Any] = {} if value is None else {"json": value}
        response = Client(app).open(f"{PREFIX}{path}", method=method, environ_overrides={IN_PROCESS: True}, **given)
        return _value(response.status_code, response.get_data())

    return steer


def _value(status: int, body: bytes) -> Any:
    value = json.loads(body) if body else None
    if status >= 400:
        raise AccordError(str(value.get("detail", value) if isinstance(value, dict) else value))
    return value
