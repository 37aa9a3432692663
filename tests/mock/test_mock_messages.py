"""Messages, and resolving."""

from datetime import datetime

import pytest

from mockserver.model.clock import Clock

UNKNOWN_ID = "11111111-2222-4333-8444-555555555555"


def test_messages_are_listed_oldest_first(api, contract):
    shown = api.made(user_email="customer@example.com", description="I need help with my order")
    sent = [api.send(shown["id"], body=f"message {n}").json for n in range(30)]
    page = api.messages(shown["id"]).json
    assert page["count"] == 31
    assert page["results"][0]["body"] == "I need help with my order"
    assert page["results"][0]["sender_email"] == "customer@example.com"
    assert page["results"][1:] == sent
    for message in page["results"]:
        assert contract.message.violations(message) == []
        assert message["message_type"] == "reply"
    assert len({message["id"] for message in page["results"]}) == 31


def test_a_message_is_answered_with_201_and_itself(api):
    shown = api.made()
    response = api.send(shown["id"], body="Sure!\r\n\tLet me look.", user_email="agent@example.com")
    assert response.status_code == 201
    assert response.json["body"] == "Sure!\r\n\tLet me look."
    assert response.json["sender_email"] == "agent@example.com"
    assert api.messages(shown["id"]).json == {"count": 1, "results": [response.json]}


def test_a_message_touches_its_own_conversation_only(api):
    one, two = api.made(), api.made()
    api.send(one["id"])
    assert api.messages(two["id"]).json["count"] == 0
    assert api.get(two["id"]).json == two
    after = api.get(one["id"]).json
    assert {**after, "updated_at": None} == {**one, "updated_at": None}


def test_a_long_body_survives_whole(api):
    shown = api.made()
    body = "0123456789" * 100_000
    assert api.send(shown["id"], body=body).status_code == 201
    assert api.messages(shown["id"]).json["results"][0]["body"] == body


@pytest.mark.parametrize(
    "body", [{"body": None}, {"body": ""}, {"user_email": None}, {"user_email": ""}, {"user_email": "x"}, {"body": 5}]
)
def test_body_and_sender_are_required(api, body):
    shown = api.made()
    assert api.send(shown["id"], **body).status_code == 400
    assert api.messages(shown["id"]).json["count"] == 0


def test_a_sender_becomes_a_user_without_names(api):
    shown = api.made()
    api.send(shown["id"], user_email="new@example.com")
    later = api.made(user_email="new@example.com", user_first_name="Nia")
    assert later["requester"] == {"email": "new@example.com", "first_name": "", "last_name": ""}


def test_resolving_closes_and_changes_nothing_else(api):
    shown, other = api.made(metadata={"a": 1}, description="x"), api.made()
    response = api.resolve(shown["id"])
    assert response.status_code == 200
    assert response.json == {**shown, "status": "closed", "updated_at": response.json["updated_at"]}
    assert api.get(shown["id"]).json == response.json
    assert api.get(other["id"]).json == other
    assert api.messages(shown["id"]).json["count"] == 1
    assert api.resolve(shown["id"]).json == response.json


@pytest.mark.parametrize("status", ["pending", "resolved"])
def test_whatever_its_status_a_resolved_conversation_is_closed(make_api, status):
    demo = make_api(scenario="demo")
    shown = demo.list(status=status).json["results"][0]
    assert demo.resolve(shown["id"]).json["status"] == "closed"


def test_a_body_sent_to_resolve_does_not_matter(api):
    shown = api.made()
    response = api.request(
        "POST", f"/api/v1/conversations/{shown['id']}/resolve/", data=b"\xff not json", content_type="text/plain"
    )
    assert (response.status_code, response.json["status"]) == (200, "closed")


@pytest.mark.parametrize(
    "id", [UNKNOWN_ID, "create", "0", "null", "x" * 5000, "%00", "%ff", "..", "a%2Fb", "'; drop table--", "%F0%9F%92%A9"]
)
def test_an_id_that_nothing_has_is_not_found(api, id):
    for response in (api.get(id), api.messages(id), api.send(id), api.resolve(id)):
        assert response.status_code in (404, 405), response.text
        assert "detail" in response.json


def test_times_never_run_backwards(make_api):
    ticks = iter([5_000_000_000, 3_000_000_000, 1_000_000_000, 9_000_000_000])
    api = make_api(clock=Clock(lambda: next(ticks, 2_000_000_000)))
    shown = api.made(description="first")
    api.send(shown["id"])
    times = [datetime.fromisoformat(message["created_at"]) for message in api.messages(shown["id"]).json["results"]]
    assert times == sorted(times)
    after = api.resolve(shown["id"]).json
    assert datetime.fromisoformat(after["updated_at"]) >= times[-1]


def test_new_things_are_never_older_than_the_scenario(make_api):
    demo = make_api(scenario="demo", clock=Clock(lambda: 0))
    newest = demo.made()
    assert demo.list(limit=1).json["results"] == [newest]
    assert newest["created_at"] >= max(item["created_at"] for item in demo.list(limit=100).json["results"])
