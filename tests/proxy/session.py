"""What a plain client does: no more than an ordinary front end and its back end, in one session."""

from typing import Any

from werkzeug.test import Client, TestResponse

from mockserver.keys.model import StandardKeys

BASE = "/api/v1/conversations/"
KEYS = StandardKeys.of(1)


def plain_session(app: Any) -> int:
    """Create, list, read, write, resolve, and meet a few refusals; return how many requests that took."""
    client, count = Client(app), 0

    def send(method: str, path: str = "", key: str = KEYS.server, **more: Any) -> TestResponse:
        nonlocal count
        count += 1
        headers = {"Authorization": f"Bearer {key}"} if count % 2 else {"X-API-Key": key}
        return client.open(BASE + path, method=method, headers=headers if key else {}, **more)

    ids = []
    for number in range(25):
        body: dict[str, Any] = {"subject": f"Order {number} is late", "user_email": f"Person{number % 3}@Example.com"}
        if number % 3 == 0:
            body |= {"priority": ("low", "high", "urgent")[number % 9 // 3], "channel": "web", "description": "Where is it?"}
        if number % 4 == 0:
            body |= {"metadata": {"order": number, "tags": ["a", None, {"x": 1.5}]}, "user_first_name": "Ann"}
        if number % 5 == 4:
            del body["user_email"]
        found = send("POST", "create/", (KEYS.client, KEYS.server)[number % 2], json=body)
        shown = found.json if found.status_code < 300 and found.is_json else None
        ids += [str(shown["id"])] if isinstance(shown, dict) and "id" in shown else []
    for query in ("", "?limit=5", "?limit=10&offset=10", "?limit=100", "?status=open&limit=100", "?offset=1000"):
        send("GET", query)
    for id in ids[:6]:
        send("GET", f"{id}/")
        send("POST", f"{id}/messages/create/", KEYS.client, json={"body": "Any news?", "user_email": "person1@example.com"})
        send("POST", f"{id}/messages/create/", json={"body": "  On its way\n— Bö 😀", "user_email": "agent@example.com"})
        send("GET", f"{id}/messages/")
        send("GET", f"{id}/")
    for id in ids[:3]:
        send("POST", f"{id}/resolve/", KEYS.client)
        send("POST", f"{id}/resolve/")
        send("GET", f"{id}/")
    for query in ("?status=closed&limit=100", "?status=open", "?user_email=person1@example.com", "?limit=3&offset=2"):
        send("GET", query)
    send("GET", "", "")
    send("GET", "", "bnc_sv_nobody-has-this-key-000000")
    send("GET", "", KEYS.revoked)
    send("POST", "create/", "", json={"subject": "x"})
    for wrong in ({}, {"subject": "x" * 501}, {"subject": "x", "priority": "never"}):
        send("POST", "create/", json=wrong)
    send("POST", "create/", data="{", content_type="application/json")
    send("GET", "11111111-2222-4333-8444-555555555555/")
    send("GET", "?limit=500")
    if ids:
        send("POST", f"{ids[-1]}/messages/create/", json={"body": "No sender"})
    return count
