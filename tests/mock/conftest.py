"""A small client of the mock with one method for each operation, which returns responses as they are."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.test import Client, TestResponse

from accord.base.assets import OPENAPI
from mockserver.app import MockApp, create_app
from mockserver.contract.document import Contract, load_contract
from tests.mock.hooks import subscribe
from tests.mock.receiver import receiving

BASE = "/api/v1/conversations/"
UNKNOWN_ID = "11111111-2222-4333-8444-555555555555"


class Api:
    """Calls a mock in-process. Keys are named as in StandardKeys; `key=None` sends none."""

    def __init__(self, app: MockApp) -> None:
        self.app = app
        self.keys = app.namespace.standard_keys
        # Werkzeug's client calls as a server does. Flask's keeps contexts, with which calls do not take the shortcut.
        self.client = Client(app)

    def request(
        self, method: str, path: str, key: str | None = "server", headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-Key"] = getattr(self.keys, key, key)
        return self.client.open(path, method=method, headers=sent, **more)

    def create(self, key: str | None = "server", **body: Any) -> TestResponse:
        return self.request("POST", f"{BASE}create/", key, json={"subject": "Where is my parcel?"} | body)

    def made(self, key: str = "server", **body: Any) -> dict[str, Any]:
        response = self.create(key, **body)
        assert response.status_code == 201, response.text
        return response.json

    def list(self, key: str | None = "server", **query: Any) -> TestResponse:
        return self.request("GET", BASE, key, query_string=query)

    def get(self, id: str, key: str | None = "server") -> TestResponse:
        return self.request("GET", f"{BASE}{id}/", key)

    def messages(self, id: str, key: str | None = "server", **query: Any) -> TestResponse:
        return self.request("GET", f"{BASE}{id}/messages/", key, query_string=query)

    def send(self, id: str, key: str | None = "server", **body: Any) -> TestResponse:
        body = {"body": "Hello", "user_email": "agent@example.com"} | body
        return self.request("POST", f"{BASE}{id}/messages/create/", key, json=body)

    def resolve(self, id: str, key: str | None = "server") -> TestResponse:
        return self.request("POST", f"{BASE}{id}/resolve/", key)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def make_api(contract: Contract) -> Callable[..., Api]:
    """Makes a client of a new mock, from the arguments of create_app; the scenario is `empty` unless given."""

    def make(**settings: Any) -> Api:
        app = create_app(**{"scenario": "empty", "spec": contract, **settings})
        app.testing = True
        return Api(app)

    return make


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api()


@pytest.fixture
def edited_spec(tmp_path: Path) -> Callable[..., Path]:
    """Writes a copy of the contract document after a function changed it; returns its path."""
    document = yaml.load(OPENAPI.read_text(), Loader=yaml.CSafeLoader)

    def edit(change: Callable[[dict[str, Any]], object]) -> Path:
        change(document)
        path = tmp_path / "edited.yaml"
        path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
        return path

    return edit


@pytest.fixture
def faults(api):
    """Return the fault rules of the default namespace, which serves requests that name none."""
    return api.app.namespace.faults


@pytest.fixture
def stack():
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def hooked(make_api, stack):
    """Return a function that makes a mock and a receiver of its events: (api, receiver, the subscription in the response)."""

    def make(respond=lambda *_: 204, settings=None, **more):
        receiver = stack.enter_context(receiving(respond))
        api = make_api(**more)
        stack.callback(api.app.namespaces.close)
        return api, receiver, subscribe(api, url=receiver.url, **(settings or {}))

    return make
