"""The console in Chromium, and the mock that it shows: fixtures for the tests of what people see and do there."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page

from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.browsers import chromium

BASE = "/api/v1/conversations/"


class Mock:
    """A served mock and a session of a client of it."""

    def __init__(self, url: str, app: Any) -> None:
        self.url = url
        self.app = app
        self.keys = app.namespace.standard_keys
        self.client = requests.Session()
        self.client.headers["X-API-Key"] = self.keys.client

    def create(self, **members: Any) -> requests.Response:
        return self.client.post(f"{self.url}{BASE}create/", json={"subject": "Where is my parcel?"} | members)

    def control(self, method: str, path: str, **more: Any) -> Any:
        response = requests.request(method, f"{self.url}/__accord__{path}", timeout=10, **more)
        assert response.ok, response.text
        return response.json() if response.content else None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def mock() -> Iterator[Mock]:
    app = create_app(scenario="demo", journal=10_000)
    with serving(app) as url:
        yield Mock(url, app)


class Console:
    """The console in a page of its own, with whatever the browser complained of."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.url = url
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.set_default_timeout(5000)

    def open(self, view: str = "requests") -> Page:
        self.page.goto(f"{self.url}/__accord__/#/{view}")
        self.page.wait_for_selector(f'main[data-view="{view}"] :is(.section, .list, .detail-body, .token)')
        return self.page


@pytest.fixture
def console(browser: Browser, mock: Mock) -> Iterator[Console]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"])
    console = Console(context, mock.url)
    yield console
    context.close()
    assert console.complaints == []
