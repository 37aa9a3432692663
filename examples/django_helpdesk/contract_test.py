"""The contract, kept by this helpdesk: `pytest -p accord.pytest_plugin contract_test.py`, without a server."""

import json
import os
from io import StringIO

import django
import pytest
from django.core.management import call_command

from accord.pytest_plugin import Api


@pytest.fixture(scope="session")
def conversations_api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """The WSGI application on a database of its own, and its keys."""
    # A file: of a database in memory, each thread would have its own.
    os.environ["HELPDESK_DATABASE"] = str(tmp_path_factory.mktemp("helpdesk") / "helpdesk.sqlite3")
    os.environ["DJANGO_SETTINGS_MODULE"] = "helpdesk_site.settings"
    django.setup()
    seeded = StringIO()
    call_command("migrate", verbosity=0)
    call_command("seed_keys", stdout=seeded)
    from helpdesk_site.wsgi import application

    # By a name that is among ALLOWED_HOSTS.
    return Api(wsgi=application, url="http://localhost", **json.loads(seeded.getvalue()))
