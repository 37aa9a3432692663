"""Choices and keys of a namespace, changed while it runs, and acting as an agent."""

import pytest
import requests

from mockserver.app import create_app
from mockserver.testing import mocked_api
from tests.mock.conftest import BASE, UNKNOWN_ID

CHOICES, KEYS, CONVERSATIONS = "/__accord__/choices", "/__accord__/keys", "/__accord__/conversations"


def control(api, method, path, json=None, **headers):
    return api.request(method, path, key=None, headers=headers, json=json)


def reset(api):
    assert api.request("POST", "/__accord__/reset", key=None).status_code == 204


# --- choices -------------------------------------------------------------------------------------------------------------


def test_choices_take_effect_at_once_and_what_is_there_stays(api):
    made = api.made()
    before = control(api, "GET", CHOICES).json
    assert api.list(limit=1000).status_code == 200
    changed = control(api, "PATCH", CHOICES, {"limit_over_maximum": "reject", "invalid_value_status": 422})
    assert changed.json == before | {"limit_over_maximum": "reject", "invalid_value_status": "422"}
    assert api.list(limit=1000).status_code == 422
    assert api.get(made["id"]).json == made
    # PUT takes what GET gave, and the defaults of what it does not name.
    assert control(api, "PUT", CHOICES, changed.json).json == changed.json
    assert control(api, "PUT", CHOICES, {"invalid_value_status": "422"}).json == before | {"invalid_value_status": "422"}
    assert control(api, "GET", CHOICES).json["limit_over_maximum"] == before["limit_over_maximum"]
    reset(api)
    assert control(api, "GET", CHOICES).json == before


def test_ids_numbers_clock_and_faults_go_on(api, make_api):
    for one in (api, other := make_api()):
        one.request("PUT", "/__accord__/clock", key=None, json={"now": "2099-01-01T00:00:00Z", "frozen": True})
        one.request("POST", "/__accord__/faults", key=None, json={"match": {"operation": "listMessages"}, "then": {"status": 500}})
        one.made()
    control(api, "PATCH", CHOICES, {"limit_over_maximum": "reject"})
    made = api.made()
    assert made == other.made()
    assert made["created_at"].startswith("2099-01-01T00:00:00")
    assert api.messages(made["id"]).status_code == 500
    reset(api)
    assert not api.request("GET", "/__accord__/clock", key=None).json["frozen"]


@pytest.mark.parametrize(("order", "first"), [("oldest", 0), ("newest", 2)])
def test_another_order_of_lists(api, order, first):
    made = [api.made()["id"] for _ in range(3)]
    control(api, "PATCH", CHOICES, {"list_order": order})
    assert api.list().json["results"][0]["id"] == made[first]
    control(api, "PATCH", CHOICES, {"list_order": "other"})
    assert [one["id"] for one in api.list().json["results"]] == sorted(made)
    reset(api)
    made = [api.made()["id"] for _ in range(2)]
    assert [one["id"] for one in api.list().json["results"]] == made[::-1]


def test_in_a_database_too(contract, tmp_path, make_api):
    api = make_api(storage=f"sqlite:///{tmp_path}/state.db")
    made = [api.made()["id"] for _ in range(3)]
    control(api, "PATCH", CHOICES, {"list_order": "oldest"})
    assert [one["id"] for one in api.list().json["results"]] == made
    changed = control(api, "PATCH", f"{CONVERSATIONS}/{made[0]}", {"status": "pending", "metadata": {"a": 1}})
    assert (changed.status_code, api.get(made[0]).json["status"]) == (200, "pending")
    api.app.namespaces.close()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"limit_over_maximums": "reject"}, "has no setting 'limit_over_maximums'"),
        ({"limit_over_maximum": "refuse"}, "The choice limit_over_maximum has no option 'refuse'"),
        ({"limit_over_maximum": "reject", "list_order": "random"}, "The choice list_order has no option"),
        ([], "not a JSON object"),
    ],
)
def test_bad_choices_change_nothing(api, body, sentence):
    before = control(api, "GET", CHOICES).json
    for method in ("PUT", "PATCH"):
        refused = control(api, method, CHOICES, body)
        assert refused.status_code == 400
        assert sentence in refused.json["detail"]
    assert control(api, "GET", CHOICES).json == before


def test_choices_are_those_of_one_namespace(api):
    there = {"X-Accord-Namespace": "there"}
    before = control(api, "GET", CHOICES, **there).json
    control(api, "PATCH", CHOICES, {"limit_over_maximum": "reject"})
    assert control(api, "GET", CHOICES, **there).json == before
    assert api.request("GET", f"{BASE}?limit=1000", headers=there).status_code == 200
    assert api.list(limit=1000).status_code == 400


# --- keys ----------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_and_told_whole_once(api):
    made = control(api, "POST", KEYS, {"name": "mine", "tier": "client", "origins": ["https://mine.example"]})
    assert made.status_code == 201
    key = made.json["key"]
    assert made.json | {"key": ""} == {
        "name": "mine",
        "key": "",
        "tier": "client",
        "organisation": "Harbour & Pine",
        "origins": ["https://mine.example"],
        "bundle_ids": [],
        "revoked": False,
    }
    assert key.startswith("bnc_cl_")
    assert api.request("GET", BASE, key, headers={"Origin": "https://mine.example"}).status_code == 200
    assert api.request("GET", BASE, key, headers={"Origin": "https://other.example"}).status_code == 403
    told = control(api, "GET", KEYS)
    assert key not in told.text
    assert [one["name"] for one in told.json["results"]][-1] == "mine"
    assert key not in control(api, "GET", "/__accord__/requests").text
    reset(api)
    assert api.list(key).status_code == 401


def test_a_key_is_revoked(api):
    assert api.list("client").status_code == 200
    for _ in range(2):
        assert control(api, "DELETE", f"{KEYS}/client").status_code == 204
        assert api.list("client").status_code == 401
    assert [one["revoked"] for one in control(api, "GET", KEYS).json["results"] if one["name"] == "client"] == [True]
    # In this namespace alone.
    there = {"X-Accord-Namespace": "there"}
    assert [api.request("GET", BASE, key, headers=there).status_code for key in ("server", "client")] == [200, 200]
    assert control(api, "DELETE", f"{KEYS}/nobody").status_code == 404
    reset(api)
    assert api.list("client").status_code == 200


def test_ready_made_keys_are_shown_whole_and_others_are_not(api, make_api, tmp_path):
    shown = {one["name"]: one["key"] for one in control(api, "GET", KEYS).json["results"]}
    assert shown["server"] == api.keys.server
    path = tmp_path / "keys.yaml"
    path.write_text(
        "organisations: [Mine]\nkeys: [{key: bnc_sv_of-somebody-else, tier: server, organisation: Mine, name: back end}]\n"
    )
    other = make_api(keys=path)
    told = control(other, "GET", KEYS)
    assert "bnc_sv_of-somebody-else" not in told.text
    assert told.json["results"][0]["organisation"] == "Mine"
    made = control(other, "POST", KEYS, {"name": "more", "tier": "server"}).json
    assert made["organisation"] == "Mine"
    assert other.list(made["key"]).status_code == 200


def test_a_key_of_another_organisation_sees_nothing_of_this_one(api):
    api.made()
    key = control(api, "POST", KEYS, {"name": "theirs", "tier": "server", "organisation": "Elsewhere"}).json["key"]
    assert api.list(key).json["count"] == 0


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "The member name is no text"),
        ({"name": "x"}, "The member tier is not one of server, client"),
        ({"name": "", "tier": "client"}, "The member name is empty"),
        ({"name": "x", "tier": "admin"}, "The member tier"),
        ({"name": "client", "tier": "client"}, "The member name is the name of another key"),
        ({"name": "x", "tier": "client", "origins": "https://a.example"}, "The member origins is no list"),
        ({"name": "x", "tier": "client", "origins": ["a.example"]}, "The member origins.0"),
        ({"name": "x", "tier": "client", "bundle_ids": [""]}, "The member bundle_ids.0"),
        ({"name": "x", "tier": "client", "key": "bnc_cl_mine"}, "The member key is not known"),
        ({"name": "x\ny", "tier": "client"}, "The member name"),
    ],
)
def test_bad_keys_change_nothing(api, body, sentence):
    before = control(api, "GET", KEYS).json
    refused = control(api, "POST", KEYS, body)
    assert refused.status_code == 400
    assert sentence in refused.json["detail"]
    assert control(api, "GET", KEYS).json == before


# --- the agent -----------------------------------------------------------------------------------------------------------


def test_an_agent_replies(api):
    id = api.made()["id"]
    control(api, "PUT", "/__accord__/clock", {"now": "2099-01-01T00:00:00Z", "frozen": True})
    reply = control(api, "POST", f"{CONVERSATIONS}/{id}/messages", {"body": "On its way."})
    assert reply.status_code == 201
    assert api.messages(id).json["results"] == [reply.json]
    assert (reply.json["sender_email"], reply.json["message_type"]) == ("agent@example.com", "reply")
    more = {"body": "Really.", "sender_email": "jo@shop.example", "message_type": "note"}
    second = control(api, "POST", f"{CONVERSATIONS}/{id}/messages", more).json
    assert {name: second[name] for name in more} == more
    assert api.get(id).json["updated_at"] == second["created_at"]
    assert second["created_at"].startswith("2099-01-01T00:00:00")


def test_an_agent_changes_a_conversation(api):
    made = api.made(metadata={"a": 1})
    control(api, "POST", "/__accord__/clock/advance", {"seconds": 60})
    change = {"status": "pending", "priority": "urgent", "subject": "Another", "metadata": {"b": [2]}}
    changed = control(api, "PATCH", f"{CONVERSATIONS}/{made['id']}", change | {"assignee": "Jo"})
    assert changed.status_code == 200
    assert changed.json["assignee"] == "Jo"
    shown = api.get(made["id"]).json
    assert {name: shown[name] for name in change} == change
    assert shown["updated_at"] > made["updated_at"]
    assert {name: value for name, value in shown.items() if name not in change and name != "updated_at"} == {
        name: value for name, value in made.items() if name not in change and name != "updated_at"
    }
    assert [one["id"] for one in api.list(status="pending").json["results"]] == [made["id"]]
    # The same again changes nothing.
    again = control(api, "PATCH", f"{CONVERSATIONS}/{made['id']}", change).json
    assert again == shown | {"assignee": "Jo"}
    assert control(api, "PATCH", f"{CONVERSATIONS}/{made['id']}", {"assignee": None}).json["assignee"] is None
    assert control(api, "PATCH", f"{CONVERSATIONS}/{made['id']}", {"metadata": {}}).json["metadata"] == {}


def test_what_an_agent_does_fires_events(api):
    made = api.made()
    api.app.namespace.outbox.keep_subscription(subscription := _subscription(api))
    path = f"{CONVERSATIONS}/{made['id']}"
    control(api, "POST", f"{path}/messages", {"body": "Hello"})
    for change in ({"assignee": "Jo"}, {"assignee": "Jo"}, {"priority": "low"}, {"status": "closed"}, {"assignee": None}):
        control(api, "PATCH", path, change)
    fired = api.request("GET", "/__accord__/webhooks/deliveries", key=None).json["results"]
    assert [one["event"] for one in reversed(fired)] == ["message.created", "conversation.assigned", "conversation.resolved"]
    assert subscription.events


def _subscription(api):
    from mockserver.model.deliveries import Subscription

    events = tuple(api.app.namespace.contract.webhooks)
    # It is due so late that nothing is sent during the test.
    return Subscription("one", "http://127.0.0.1:9/", "whsec-secret", events, late=86_400)


@pytest.mark.parametrize(
    ("method", "more", "body", "sentence"),
    [
        ("POST", "/messages", {}, "The member body is no text"),
        ("POST", "/messages", {"body": ""}, "The member body is empty"),
        ("POST", "/messages", {"body": "x", "sender_email": 5}, "The member sender_email is no text"),
        ("POST", "/messages", {"body": "x", "user_email": "a@b.example"}, "The member user_email is not known"),
        ("PATCH", "", {}, "says nothing"),
        ("PATCH", "", {"status": "done"}, "The member status is not one of open"),
        ("PATCH", "", {"priority": "extreme"}, "The member priority"),
        ("PATCH", "", {"subject": "x" * 100_000}, None),
        ("PATCH", "", {"subject": "x" * 10_000}, "The member subject"),
        ("PATCH", "", {"subject": None}, "The member subject"),
        ("PATCH", "", {"metadata": []}, "The member metadata"),
        ("PATCH", "", {"assignee": 5}, "The member assignee"),
        ("PATCH", "", {"status": "closed", "number": 5}, "The member number is not known"),
    ],
)
def test_bad_acts_change_nothing(api, method, more, body, sentence):
    made = api.made()
    refused = control(api, method, f"{CONVERSATIONS}/{made['id']}{more}", body)
    assert refused.status_code == (400 if sentence else 413)
    assert sentence is None or sentence in refused.json["detail"]
    assert api.get(made["id"]).json == made
    assert api.messages(made["id"]).json["count"] == 0


@pytest.mark.parametrize("id", [UNKNOWN_ID, "nonsense"])
def test_a_conversation_that_is_not_there(api, id):
    assert control(api, "POST", f"{CONVERSATIONS}/{id}/messages", {"body": "x"}).status_code == 404
    assert control(api, "PATCH", f"{CONVERSATIONS}/{id}", {"status": "open"}).status_code == 404
    there = control(api, "PATCH", f"{CONVERSATIONS}/{id}", {"status": "open"}, **{"X-Accord-Namespace": "there"})
    assert there.status_code == 404


def test_an_agent_in_python():
    with mocked_api() as api:
        key = {"X-API-Key": api.keys.server}
        made = requests.post(f"{api.url}{BASE}create/", headers=key, json={"subject": "x"}).json()
        api.reply(made["id"], "On its way.")
        api.change(made["id"], status="pending", assignee="Jo")
        assert requests.get(f"{api.url}{BASE}{made['id']}/", headers=key).json()["status"] == "pending"
        listed = requests.get(f"{api.url}{BASE}{made['id']}/messages/", headers=key).json()
        assert [one["body"] for one in listed["results"]] == ["On its way."]


def test_a_mock_of_other_statuses(contract):
    app = create_app(spec=contract)
    assert app.namespace.contract.statuses == ("open", "pending", "resolved", "closed")
