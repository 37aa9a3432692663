"""The mock in the tests of code that calls the API: inside the process of the tests, or over a socket.

    from mockserver.testing import mocked_api

    def test_it():
        with mocked_api() as api:
            requests.get(f"{api.url}/api/v1/conversations/", headers={"X-API-Key": api.keys.server})

`mocked_api` responds to every request that is made with `requests`, wherever in the program; `MockAdapter` is for one session only.
As a fixture of pytest: `from mockserver.testing import support_api` in a conftest.py. For programs that need a socket:
`pytest_plugins = ["mockserver.testing.fixtures"]` there, and the fixture `support_namespace` in the tests.

| where | has |
|---|---|
| fixtures.py | what pytest hands to tests: a server, a namespace of it for each test, a receiver of webhooks |
| in_process.py | responses to `requests` without a socket |
| namespace.py | a namespace of a served mock, for one test |
| journal.py | what a test expects of the requests that were sent |
| steering.py | calls of the control API, over a socket or in-process |
| webhook_receiver.py | a receiver of webhooks for tests |
"""

from mockserver.testing.fixtures import support_api
from mockserver.testing.in_process import DEFAULT_URL, MockAdapter, MockedApi, answering, mocked_api
from mockserver.testing.journal import SentRequests
from mockserver.testing.namespace import MockNamespace
from mockserver.testing.webhook_receiver import ReceivedWebhook, WebhookReceiver

__all__ = [
    "DEFAULT_URL",
    "MockAdapter",
    "MockNamespace",
    "MockedApi",
    "ReceivedWebhook",
    "SentRequests",
    "WebhookReceiver",
    "answering",
    "mocked_api",
    "support_api",
]
