"""The contract, kept by the helpdesk in Flask: `pytest -p accord.pytest_plugin`."""

import pytest
from flask_app import create_app
from helpdesk import Helpdesk

from accord.pytest_plugin import Api


@pytest.fixture(scope="session")
def conversations_api() -> Api:
    """A WSGI application and its keys."""
    helpdesk = Helpdesk()
    return Api(wsgi=create_app(helpdesk), **helpdesk.keys)
