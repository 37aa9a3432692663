"""A page of a public site that calls the mock: Chromium asks the user first (Local Network Access), as docs/mock.md says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.serving.server import serving
from tests.browsers import chromium
from tests.sampling import chosen

DOCUMENT = (Path(__file__).parents[2] / "docs" / "mock.md").read_text(encoding="utf-8")
ASKS_SINCE = 142
PERMISSION = "local-network-access"
SWITCH = "--disable-features=LocalNetworkAccessChecks"
CALL = "async ([url, init]) => { try { return (await fetch(url, init)).status; } catch (error) { return error.name; } }"


class Empty(BaseHTTPRequestHandler):
    """A page without anything."""

    def do_GET(self) -> None:
        """Return it, at each path."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[int]:
    """The port of a site that the browser is told to take for a public one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def mock() -> Iterator[str]:
    with serving(create_app()) as url:
        yield url


@pytest.mark.parametrize(
    ("switches", "permissions", "init", "found"),
    chosen(
        [
            ([], [], {}, "TypeError"),
            ([], [PERMISSION], {}, 200),
            ([], [PERMISSION], {"targetAddressSpace": "loopback"}, 200),
            ([SWITCH], [], {}, 200),
        ],
        {0, 1},
    ),
)
def test_what_opens_the_way(
    site: int, mock: str, switches: list[str], permissions: list[str], init: dict[str, Any], found: object
) -> None:
    requests.delete(f"{mock}/__accord__/requests", timeout=10).raise_for_status()
    with chromium(f"--ip-address-space-overrides=127.0.0.1:{site}=public", *switches) as browser:
        if int(browser.version.partition(".")[0]) < ASKS_SINCE:
            pytest.skip(f"Chromium asks since {ASKS_SINCE}")
        context = browser.new_context(permissions=permissions)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{site}/")
        headers = {"X-API-Key": StandardKeys.of(1).client}
        assert page.evaluate(CALL, [f"{mock}/api/v1/conversations/", {"headers": headers, **init}]) == found
    seen = requests.get(f"{mock}/__accord__/requests", timeout=10).json()["results"]
    assert (seen == []) == (found == "TypeError")


def test_the_page_names_them() -> None:
    for name in (f'["{PERMISSION}"]', SWITCH, 'targetAddressSpace: "loopback"'):
        assert name in DOCUMENT
