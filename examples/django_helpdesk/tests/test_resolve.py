"""Resolving, and requests that must change nothing."""

from .base import CONVERSATIONS, CREATE, ApiTestCase


class ResolveTests(ApiTestCase):
    """Closing is the only change."""

    def test_resolving_closes_and_changes_nothing_else(self) -> None:
        """Get agrees, and a second time is no error."""
        made, other = self.create(metadata={"a": 1}), self.create()
        url = f"{CONVERSATIONS}{made['id']}/"
        response = self.post(url + "resolve/")
        closed = response.json()
        assert response.status_code == 200
        assert closed == {**made, "status": "closed", "updated_at": closed["updated_at"]}
        assert closed["updated_at"] >= made["updated_at"]
        assert self.post(url + "resolve/").json() == closed
        assert self.page()["results"] == [closed, other]

    def test_undocumented_methods_change_nothing(self) -> None:
        """They are answered 405, in JSON."""
        made = self.create()
        url = f"{CONVERSATIONS}{made['id']}/"
        for path in (CONVERSATIONS, CREATE, url, url + "messages/", url + "messages/create/", url + "resolve/"):
            for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
                headers = {"X-API-Key": self.server_key}
                response = self.client.generic(method, path, b'{"status":"closed"}', "application/json", headers=headers)
                assert (response.status_code, response["Content-Type"]) == (405, "application/json")
        assert self.page()["results"] == [made]

    def test_unknown_routes_answer_in_json(self) -> None:
        """And a missing slash is a redirect."""
        assert self.get("/nothing").json() == {"detail": "Not found."}
        self.assertRedirects(self.get(CONVERSATIONS[:-1]), CONVERSATIONS, 301, fetch_redirect_response=False)
