"""Two organisations, their keys, and short ways to ask."""

import json
from typing import Any

from django.test import TestCase
from helpdesk.models import ApiKey, Organisation
from helpdesk.services import keys

CONVERSATIONS = "/api/v1/conversations/"
CREATE = CONVERSATIONS + "create/"
ORIGIN = "https://app.example.com"


class ApiTestCase(TestCase):
    """A test that talks to the API over Django's test client."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Issue one key of every sort."""
        ours = Organisation.objects.create(name="Ours")
        theirs = Organisation.objects.create(name="Theirs")
        cls.server_key = keys.issue(ours, ApiKey.Kind.SERVER)
        cls.client_key = keys.issue(ours, ApiKey.Kind.CLIENT)
        cls.revoked_key = keys.issue(ours, ApiKey.Kind.SERVER, revoked=True)
        cls.origin_key = keys.issue(ours, ApiKey.Kind.CLIENT, allowed_origins=[ORIGIN])
        cls.other_key = keys.issue(theirs, ApiKey.Kind.SERVER)

    def get(self, path: str, query: dict[str, Any] | None = None, key: str | None = None, **headers: str) -> Any:
        """Send a GET, with the server key unless another is named."""
        return self.client.get(path, query, headers={"X-API-Key": key or self.server_key, **headers})

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> Any:
        """Send a POST; bytes go as they are, everything else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.post(
            path, raw, content_type="application/json", headers={"X-API-Key": key or self.server_key, **headers}
        )

    def create(self, **body: Any) -> dict[str, Any]:
        """Create a conversation and return it."""
        response = self.post(CREATE, {"subject": "Help", **body})
        assert response.status_code == 201, response.content
        return response.json()

    def page(self, **query: Any) -> dict[str, Any]:
        """Return a page of the conversation list."""
        return self.get(CONVERSATIONS, query).json()

    def messages(self, conversation: dict[str, Any], **query: Any) -> dict[str, Any]:
        """Return a page of a conversation's messages."""
        return self.get(f"{CONVERSATIONS}{conversation['id']}/messages/", query).json()
