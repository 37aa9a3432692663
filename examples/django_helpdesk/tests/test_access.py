"""Keys: which are taken, and what each may do."""

import uuid

from helpdesk.models import ApiKey

from .base import CONVERSATIONS, CREATE, ORIGIN, ApiTestCase


class AccessTests(ApiTestCase):
    """Every operation asks for a key, and for a good one."""

    def setUp(self) -> None:
        """Have a conversation to ask for."""
        self.conversation = self.create(user_email="jane@example.com")
        self.url = f"{CONVERSATIONS}{self.conversation['id']}/"
        self.operations = [
            ("GET", CONVERSATIONS, None),
            ("GET", self.url, None),
            ("GET", self.url + "messages/", None),
            ("POST", CREATE, {"subject": "Help"}),
            ("POST", self.url + "messages/create/", {"body": "Hi", "user_email": "jane@example.com"}),
            ("POST", self.url + "resolve/", None),
        ]

    def ask(self, method: str, url: str, body: object, headers: dict[str, str]) -> object:
        """Send one operation with just these headers."""
        return self.client.generic(method, url, b"" if body is None else str(body).replace("'", '"'), headers=headers)

    def test_bad_keys_are_refused_everywhere(self) -> None:
        """Missing, wrong, revoked, cut, extended, folded, or under another scheme: one and the same 401."""
        bad = [
            {},
            {"X-API-Key": ""},
            {"X-API-Key": self.revoked_key},
            {"X-API-Key": self.server_key[:-1]},
            {"X-API-Key": self.server_key + "x"},
            {"X-API-Key": self.server_key.upper()},
            {"X-API-Key": "bnc_sv_"},
            {"X-API-Key": "bnc_sv_é"},
            {"Authorization": self.server_key},
            {"Authorization": "Bearer"},
            {"Authorization": f"Basic {self.server_key}"},
            {"Authorization": f"Bearer {self.server_key} {self.server_key}"},
        ]
        for method, url, body in self.operations:
            for headers in bad:
                with self.subTest(method=method, url=url, headers=headers):
                    response = self.ask(method, url, body, headers)
                    assert response.status_code == 401
                    assert response.json() == {"detail": "Invalid or revoked API key."}
                    assert "WWW-Authenticate" in response.headers
        assert self.page()["results"] == [self.conversation]

    def test_both_headers_carry_both_kinds(self) -> None:
        """Each is enough by itself."""
        for key in (self.server_key, self.client_key):
            for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
                assert self.client.get(CONVERSATIONS, headers=headers).status_code == 200

    def test_a_client_key_does_all_but_resolve(self) -> None:
        """And a refused resolve leaves the conversation open."""
        for method, url, body in self.operations[:-1]:
            send = self.get if method == "GET" else self.post
            assert send(url, body, key=self.client_key).status_code in (200, 201)
        assert self.post(self.url + "resolve/", key=self.client_key).status_code == 403
        assert self.get(self.url).json()["status"] == "open"

    def test_a_restricted_key_works_from_its_origin_only(self) -> None:
        """From anywhere else, and from nowhere, it is refused and nothing happens."""
        assert self.post(CREATE, {"subject": "a"}, key=self.origin_key, Origin=ORIGIN).status_code == 201
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": ORIGIN + ".evil.example"}):
            assert self.post(CREATE, {"subject": "a"}, key=self.origin_key, **headers).status_code == 403
        assert self.page()["count"] == 2

    def test_another_organisation_sees_nothing(self) -> None:
        """Its requests find no such conversation, and change nothing."""
        assert self.get(CONVERSATIONS, key=self.other_key).json()["count"] == 0
        for method, url, body in self.operations:
            if str(self.conversation["id"]) in url:
                send = self.get if method == "GET" else self.post
                assert send(url, body, key=self.other_key).status_code == 404
        assert self.get(self.url).json() == self.conversation

    def test_unknown_and_malformed_ids_are_not_found(self) -> None:
        """In JSON, whatever the id looks like."""
        for identifier in (str(uuid.uuid4()), "42", "x", "%00", "%FF", "x" * 3000):
            for method, rest, body in [("GET", "", None), ("GET", "messages/", None), ("POST", "resolve/", None)]:
                send = self.get if method == "GET" else self.post
                response = send(f"{CONVERSATIONS}{identifier}/{rest}", body)
                assert (response.status_code, response["Content-Type"]) == (404, "application/json")

    def test_keys_are_stored_hashed(self) -> None:
        """Nobody can read a key from the database."""
        assert not ApiKey.objects.filter(digest__startswith="bnc_").exists()
