"""Keys, tiers, origins, organisations."""

import pytest

from mockserver.contract.document import load_contract

BASE = "/api/v1/conversations/"
REFUSED = b'{"detail":"Invalid or revoked API key."}'


@pytest.fixture
def demo(make_api):
    return make_api(scenario="demo")


def calls(api):
    """Method, path and body of each operation, on a conversation that exists."""
    id = api.list().json["results"][0]["id"]
    message = {"body": "Hello", "user_email": "a@example.com"}
    return {
        "createConversation": ("POST", f"{BASE}create/", {"subject": "x"}),
        "listConversations": ("GET", BASE, None),
        "getConversation": ("GET", f"{BASE}{id}/", None),
        "listMessages": ("GET", f"{BASE}{id}/messages/", None),
        "createMessage": ("POST", f"{BASE}{id}/messages/create/", message),
        "resolveConversation": ("POST", f"{BASE}{id}/resolve/", None),
    }


def state(api):
    listed = api.list(limit=100).json
    return listed, [api.messages(item["id"]).json for item in listed["results"]]


OPERATIONS = [*load_contract().operations]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_bad_keys_are_refused_and_change_nothing(demo, operation):
    method, path, body = calls(demo)[operation]
    good = demo.keys.server
    before = state(demo)
    for headers in [
        {},
        {"X-API-Key": ""},
        {"X-API-Key": "bnc_sv_"},
        {"X-API-Key": good[:-1]},
        {"X-API-Key": good + "x"},
        {"X-API-Key": good.swapcase()},
        {"X-API-Key": good + ", " + good},
        {"X-API-Key": "Bearer " + good},
        {"X-API-Key": "bnc_sv_" + "A" * 32},
        {"X-API-Key": "ключ".encode().decode("latin-1")},
        {"X-API-Key": demo.keys.revoked},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": good},
        {"Authorization": f"Bearer{good}"},
        {"Authorization": f"Basic {good}"},
        {"Authorization": f"Token {good}"},
        {"Authorization": f"Bearer {good} {good}"},
        {"Authorization": f"Bearer {good},"},
        {"Authorization": f"Bearer {demo.keys.revoked}"},
    ]:
        response = demo.request(method, path, None, headers, json=body)
        assert (response.status_code, response.data) == (401, REFUSED), headers
        assert response.content_type == "application/json"
    assert state(demo) == before


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("tier", ["server", "client"])
def test_both_ways_of_sending_a_key_work(demo, operation, tier):
    key = getattr(demo.keys, tier)
    method, path, body = calls(demo)[operation]
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}, {"authorization": f"bearer {key}"}):
        response = demo.request(method, path, None, headers, json=body)
        if operation == "resolveConversation" and tier == "client":
            assert response.status_code == 403
        else:
            assert response.status_code in (200, 201)


def test_an_empty_header_beside_a_good_one_does_not_matter(demo):
    assert demo.request("GET", BASE, None, {"X-API-Key": "", "Authorization": f"Bearer {demo.keys.server}"}).status_code == 200


def test_a_client_key_does_not_resolve(demo):
    id = demo.list(status="open").json["results"][0]["id"]
    before = state(demo)
    for headers in ({"X-API-Key": demo.keys.client}, {"Authorization": f"Bearer {demo.keys.client}"}):
        assert demo.request("POST", f"{BASE}{id}/resolve/", None, headers).status_code == 403
    assert state(demo) == before


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "resolveConversation"])
def test_a_restricted_key_works_from_its_origin_only(demo, operation):
    method, path, body = calls(demo)[operation]
    key = demo.keys.origin_client
    before = state(demo)
    for origin in ("https://evil.example", "https://app.example.com.evil.example", "http://app.example.com", "https://app.example.com:8443",
                   "null", "", "https://app.example.com/"):  # fmt: skip
        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
            assert demo.request(method, path, None, {**headers, "Origin": origin}, json=body).status_code == 403, origin
    assert state(demo) == before
    assert demo.request(method, path, key, {"Origin": demo.keys.origin}, json=body).status_code in (200, 201)


def test_a_key_of_an_app_works_with_its_bundle_id_only(demo):
    key = demo.keys.bundle_client
    assert demo.request("GET", BASE, key, {"X-Bundle-Id": "com.example.app"}).status_code == 200
    assert demo.request("GET", BASE, key, {"X-Bundle-Id": "com.example.other"}).status_code == 403
    assert demo.request("GET", BASE, key).status_code == 403


def test_organisations_do_not_see_each_other(demo):
    id = demo.list().json["results"][0]["id"]
    before = state(demo)
    others = demo.list("other_server", limit=100).json
    assert others["count"] == 2
    assert id not in [item["id"] for item in others["results"]]
    for response in (
        demo.get(id, "other_server"),
        demo.messages(id, "other_server"),
        demo.send(id, "other_server"),
        demo.resolve(id, "other_server"),
    ):
        assert (response.status_code, response.json) == (404, {"detail": "No such conversation."})
    assert state(demo) == before
    assert demo.list("other_server", user_email="jane.doe@example.com").json["count"] == 0


def test_a_preflight_needs_no_key_and_every_answer_may_be_read(api):
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key",
    }
    response = api.request("OPTIONS", f"{BASE}create/", None, asked)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    for name in ("X-API-Key", "Authorization", "Content-Type", "X-Bundle-Id"):
        assert name in response.headers["Access-Control-Allow-Headers"]
    for response in (
        api.create(),
        api.create(key=None),
        api.list(limit="x"),
        api.request("GET", "/nowhere"),
        api.request("PUT", BASE),
    ):
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_cross_origin_requests_can_be_turned_off(make_api):
    closed = make_api(cors=False)
    assert "Access-Control-Allow-Origin" not in closed.create().headers
