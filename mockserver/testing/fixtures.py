"""Fixtures of pytest: `pytest_plugins = ["mockserver.testing.fixtures"]` in the root conftest.py makes all of them known.

Redefine `support_server` to use a mock that already runs, and `support_settings` to begin
with another scenario.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.serving.server import serving
from mockserver.testing.in_process import MockedApi, mocked_api
from mockserver.testing.namespace import MockNamespace
from mockserver.testing.webhook_receiver import WebhookReceiver, receiving

_LONGEST = 60


@pytest.fixture
def support_api() -> Iterator[MockedApi]:
    """A mock of its own for each test, answering `requests` in-process under `support_api.url`."""
    with mocked_api() as api:
        yield api


@pytest.fixture(scope="session")
def support_server() -> Iterator[str]:
    """The URL of a mock on a free port of this machine: one for the session, or for each worker of xdist."""
    with serving(create_app(scenario="empty")) as url:
        yield url


@pytest.fixture
def support_settings() -> Mapping[str, Any]:
    """What the namespace of a test begins with: `scenario`, `seed`, `choices`."""
    return {"scenario": "empty"}


@pytest.fixture
def support_namespace(
    request: pytest.FixtureRequest, support_server: str, support_settings: Mapping[str, Any]
) -> Iterator[MockNamespace]:
    """A namespace of `support_server` for this test alone, named after the worker and the test."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    test = re.sub(r"[^A-Za-z0-9_-]+", "-", request.node.name)[:_LONGEST]
    # Several runs may share a mock, and so may tests of one name in several files.
    namespace = MockNamespace(support_server.rstrip("/"), f"{worker}.{test}.{secrets.token_hex(4)}", support_settings)
    try:
        yield namespace
    finally:
        namespace.drop()


@pytest.fixture
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """A receiver for `support_namespace.subscribe(webhook_receiver)`."""
    with receiving() as receiver:
        yield receiver
