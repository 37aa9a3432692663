"""The contract, kept by the helpdesk in FastAPI: `pytest -p accord.pytest_plugin`."""

import pytest
from fastapi_app import create_app
from helpdesk import Helpdesk

from accord.pytest_plugin import Api


@pytest.fixture(scope="session")
def conversations_api() -> Api:
    """An ASGI application and its keys."""
    helpdesk = Helpdesk()
    return Api(asgi=create_app(helpdesk), **helpdesk.keys)
