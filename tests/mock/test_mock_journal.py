"""The journal: filters, one whole exchange, sending again, verification, and HAR."""

import json

import pytest
from haralyzer import HarParser

from tests.mock.conftest import BASE, UNKNOWN_ID

JOURNAL = "/__accord__/requests"


@pytest.fixture
def ask(api):
    """Return a function that sends a request to the control API, checks its status (200 by default), and returns the JSON."""

    def ask(path="", method="GET", status=200, **more):
        response = api.request(method, f"{JOURNAL}{path}", key=None, **more)
        assert response.status_code == status, response.text
        return response.json

    return ask


def ids(found):
    return [entry["id"] for entry in found["results"]]


# --- the id of each response ----------------------------------------------------------------------------------------------


def test_every_response_names_its_entry(api, ask):
    responses = [
        api.create(),
        api.create(key=None),
        api.request("GET", "/nowhere"),
        api.request("PUT", BASE),
        api.request("GET", BASE, headers={"X-Accord-Namespace": "other"}),
    ]
    named = [response.headers["X-Accord-Request-Id"] for response in responses]
    assert len(set(named)) == 5
    assert ids(ask()) == named[3::-1]
    # Responses that the journal does not keep have an id, too.
    assert api.request("GET", JOURNAL, key=None).headers["X-Accord-Request-Id"] not in named
    assert api.request("GET", JOURNAL, None, {"Origin": "https://else.example"}).headers["X-Accord-Request-Id"]
    preflight = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET"}
    assert api.request("OPTIONS", BASE, None, preflight).headers["X-Accord-Request-Id"]


def test_requests_that_go_through_flask_have_one_id_as_well(make_api):
    api = make_api()
    api.app.before_request(lambda: None)
    id = api.create().headers["X-Accord-Request-Id"]
    assert api.request("GET", f"{JOURNAL}/{id}", None).json["operation"] == "createConversation"


# --- filters --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def traffic(api):
    """Send seven requests, and return their ids, oldest first."""
    first = api.create(subject="Broken Käfer")
    sent = [
        first,
        api.list(key="client", status="open"),
        api.get(UNKNOWN_ID),
        api.resolve(first.json["id"], key="client"),
        api.list(key=None),
        api.request("GET", "/nowhere"),
        api.resolve(first.json["id"]),
    ]
    return [response.headers["X-Accord-Request-Id"] for response in sent]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [6, 5, 4, 3, 2, 1, 0]),
        ("?limit=2", [6, 5]),
        ("?limit=0", []),
        ("?operation=resolveConversation", [6, 3]),
        ("?operation=", [5]),
        ("?status=404", [5, 2]),
        ("?status=4XX", [5, 4, 3, 2]),
        ("?key=client", [3, 1]),
        ("?key=revoked", []),
        ("?requirement=tier.refused", [3]),
        ("?requirement=get.unknown-id-status", [2]),
        ("?q=K%C3%84FER", [6, 1, 0]),
        ("?q=status%3Dopen", [1]),
        ("?operation=resolveConversation&status=200", [6]),
    ],
)
def test_what_is_selected(ask, traffic, query, expected):
    assert ids(ask(query)) == [traffic[index] for index in expected]


def test_what_a_fault_decided_is_selected_by_its_id(api, ask):
    response = api.request("POST", "/__accord__/faults", None, json={"then": {"status": 503}})
    fault = response.json["id"]
    id = api.list().headers["X-Accord-Request-Id"]
    assert ids(ask(f"?requirement={fault}")) == [id]
    assert ask("/verify", "POST", json={"match": {"requirement": fault, "status": 503}}) == {"ok": True, "count": 1}


def test_what_is_new_comes_oldest_first(api, ask, traffic):
    assert ids(ask(f"?after={traffic[3]}")) == traffic[4:]
    assert ids(ask(f"?after={traffic[3]}&limit=1")) == [traffic[4]]
    assert ids(ask(f"?after={traffic[0]}&key=client")) == [traffic[1], traffic[3]]
    assert ids(ask(f"?after={traffic[6]}")) == []
    ask(method="DELETE", status=204)
    assert ids(ask()) == []
    new = api.list().headers["X-Accord-Request-Id"]
    # The journal no longer has the request that `after` names, so it returns all that it has.
    assert ids(ask(f"?after={traffic[2]}")) == [new]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?limit=-1", "limit"),
        ("?status=4", "status"),
        ("?status=600", "status"),
        ("?operation=createConversations", "createConversation"),
        ("?key=nobody", "other_server"),
        ("?requirement=%20", "requirement"),
        ("?after=1", "after"),
        ("?after=00000000-1", "after"),
        ("?limit=1&limit=2", "twice"),
        ("?limits=1", "limits"),
    ],
)
def test_queries_that_cannot_be_meant(ask, query, said):
    assert said in ask(query, status=400)["detail"]
    assert said in ask(f".har{query}", status=400)["detail"]


# --- one exchange ---------------------------------------------------------------------------------------------------------


def test_one_exchange_with_its_key(api, ask):
    id = api.create(key="client").headers["X-Accord-Request-Id"]
    found = ask(f"/{id}")
    assert (found["id"], found["key"], found["repeats"]) == (id, {"name": "client", "tier": "client"}, None)
    assert json.loads(found["request"]["body"]) == {"subject": "Where is my parcel?"}
    api.list(key="revoked")
    api.list(key="bnc_sv_unknown-unknown-unknown")
    assert [entry["key"] for entry in ask("?limit=2")["results"]] == [None, {"name": "revoked", "tier": "server"}]


def test_exchanges_that_are_not_there(api, ask):
    id = api.create().headers["X-Accord-Request-Id"]
    assert "no request" in ask("/1-2", status=404)["detail"]
    assert "no request" in ask("/1-2/replay", "POST", 404)["detail"]
    # The id belongs to another namespace.
    assert api.request("GET", f"/__accord__/in/other{JOURNAL}/{id}", None).status_code == 404


# --- sending again --------------------------------------------------------------------------------------------------------


def test_a_request_is_sent_again(api, ask):
    first = api.create(subject="Once more", user_email="ann@example.com")
    id = first.headers["X-Accord-Request-Id"]
    new = ask(f"/{id}/replay", "POST")
    assert (new["repeats"], new["response"]["status"], new["key"]["name"]) == (id, 201, "server")
    assert json.loads(new["response"]["body"])["number"] == first.json["number"] + 1
    assert json.loads(new["request"]["body"])["subject"] == "Once more"
    assert ids(ask()) == [new["id"], id]
    again = ask(f"/{new['id']}/replay", "POST")
    assert again["repeats"] == new["id"]


def test_a_request_is_sent_again_in_its_namespace(api):
    created = api.request("POST", f"/__accord__/in/other{BASE}create/", json={"subject": "There"})
    id = created.headers["X-Accord-Request-Id"]
    new = api.request("POST", f"/__accord__/in/other{JOURNAL}/{id}/replay", None).json
    assert (new["namespace"], new["response"]["status"]) == ("other", 201)
    assert api.list().json["count"] == 0


def test_a_request_is_mended_and_sent_again(api, ask):
    """The request was refused for its key before its body was read, but the journal has kept the body."""
    id = api.create(key="bnc_sv_wrong-wrong-wrong-wrong", subject="Mended").headers["X-Accord-Request-Id"]
    new = ask(f"/{id}/replay", "POST", json={"headers": {"x-api-key": None, "Authorization": f"Bearer {api.keys.server}"}})
    assert new["response"]["status"] == 201
    assert json.loads(new["response"]["body"])["subject"] == "Mended"
    assert "X-Api-Key" not in new["request"]["headers"]


@pytest.mark.parametrize(("body", "status"), [({"subject": "Other"}, 201), ('{"subject": "Text"}', 201), ("{", 400), ([], 400)])
def test_a_request_is_sent_again_with_another_body(api, ask, body, status):
    id = api.create().headers["X-Accord-Request-Id"]
    new = ask(f"/{id}/replay", "POST", json={"body": body})
    assert new["response"]["status"] == status
    assert new["request"]["body"] == (body if isinstance(body, str) else json.dumps(body, separators=(",", ":")))


def test_a_body_that_was_cut_is_not_sent(api, ask):
    id = api.create(metadata={"text": "x" * 20_000}).headers["X-Accord-Request-Id"]
    assert "Give one" in ask(f"/{id}/replay", "POST", 409)["detail"]
    assert ask(f"/{id}/replay", "POST", json={"body": {"subject": "Short"}})["response"]["status"] == 201
    assert api.list().json["count"] == 2


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"header": {}}, "header"),
        ({"headers": []}, "headers"),
        ({"headers": {"X_API_KEY": "a"}}, "X_API_KEY"),
        ({"headers": {"Content-Length": "3"}}, "Content-Length"),
        ({"headers": {"X-One": "a\r\nb"}}, "X-One"),
        ({"headers": {"X-One": 1}}, "X-One"),
        ({"headers": {"X-Accord-Namespace": "other"}}, "X-Accord-Namespace"),
    ],
)
def test_edits_that_cannot_be_made(api, ask, edits, said):
    id = api.create().headers["X-Accord-Request-Id"]
    assert said in ask(f"/{id}/replay", "POST", 400, json=edits)["detail"]
    assert api.list().json["count"] == 1


# --- verification ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "count"),
    [
        ({"operation": "createConversation"}, 2),
        ({"operation": "createConversation", "body": {"metadata": {"order": 7}}}, 1),
        ({"method": "GET", "query": {"status": "open"}}, 1),
        ({"status": 403, "requirement": "tier.refused"}, 1),
        ({"key": "client"}, 2),
        ({"tier": "server"}, 2),
        ({"headers": {"accept-language": "de"}}, 1),
        ({"path": "/nowhere"}, 0),
    ],
)
def test_requests_are_counted(api, ask, match, count):
    first = api.made(metadata={"order": 7, "more": [1, {"a": None}]})
    api.request("POST", f"{BASE}create/", headers={"Accept-Language": "de"}, json={"subject": "B"})
    api.list(key="client", status="open")
    api.resolve(first["id"], key="client")
    for expected in (count, {"at_least": count}, {"at_most": count}, *([{"never": True}] if count == 0 else ())):
        assert ask("/verify", "POST", json={"match": match, "count": expected}) == {"ok": True, "count": count}
    assert ask("/verify", "POST", json={"match": match})["ok"] == (count > 0)
    found = ask("/verify", "POST", json={"match": match, "count": count + 1})
    assert (found["ok"], found["count"]) == (False, count)
    if count:
        assert ask("/verify", "POST", json={"match": match, "count": {"never": True}}) == {
            "ok": False,
            "count": count,
            "near_misses": [],
        }


def test_near_misses_name_what_differs(api, ask):
    api.list()
    other = api.create(key="client", subject="Parcel", priority="low", metadata={"tags": ["a", "b"]})
    near = api.create(subject="Parcel", metadata={"tags": ["a", "c"]})
    body = {"subject": "Parcel", "priority": "high", "metadata": {"tags": ["a", "b"]}}
    match = {"operation": "createConversation", "status": 201, "tier": "client", "body": body}
    found = ask("/verify", "POST", json={"match": match})
    assert found["near_misses"][:2] == [
        {"request": other.headers["X-Accord-Request-Id"], "differs": ['body.priority is "low"; expected "high"']},
        {
            "request": near.headers["X-Accord-Request-Id"],
            "differs": [
                'tier is "server"; expected "client"',
                'body.priority is not there; expected "high"',
                'body.metadata.tags.1 is "c"; expected "b"',
            ],
        },
    ]
    assert len(found["near_misses"]) == 3


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "match"),
        ({"match": {}}, "match"),
        ({"match": {"verb": "GET"}}, "verb"),
        ({"match": {"operation": "create"}}, "operation"),
        ({"match": {"status": "201"}}, "match.status"),
        ({"match": {"status": True}}, "match.status"),
        ({"match": {"tier": "admin"}}, "match.tier"),
        ({"match": {"key": "nobody"}}, "key"),
        ({"match": {"query": {"limit": 1}}}, "match.query"),
        ({"match": {"path": 1}}, "match.path"),
        ({"match": {"status": 201}, "count": -1}, "count"),
        ({"match": {"status": 201}, "count": True}, "count"),
        ({"match": {"status": 201}, "count": {"never": False}}, "count"),
        ({"match": {"status": 201}, "count": {"at_least": 1, "at_most": 2}}, "count"),
        ({"match": {"status": 201}, "counts": 1}, "counts"),
    ],
)
def test_expectations_that_cannot_be_meant(ask, members, said):
    assert said in ask("/verify", "POST", 400, json=members)["detail"]


# --- HAR ------------------------------------------------------------------------------------------------------------------


def test_the_journal_as_har(api, traffic):
    response = api.request("GET", f"{JOURNAL}.har", None)
    assert api.keys.server not in response.text
    entries = HarParser(response.json).har_data["entries"]
    assert [entry["response"]["status"] for entry in entries] == [200, 404, 401, 403, 404, 200, 201]
    created = entries[-1]
    assert created["request"]["url"] == f"http://localhost{BASE}create/"
    assert json.loads(created["request"]["postData"]["text"]) == {"subject": "Broken Käfer"}
    assert entries[3]["comment"] == "decided by the requirement tier.refused"
    assert len(api.request("GET", f"{JOURNAL}.har?status=404", None).json["log"]["entries"]) == 2
