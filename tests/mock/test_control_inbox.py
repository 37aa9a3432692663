"""The inbox of the control API: conversations as an agent sees them."""

import pytest

INBOX = "/__accord__/conversations"


def inbox(api, **query):
    response = api.request("GET", INBOX, key=None, query_string=query)
    assert response.status_code == 200, response.text
    return response.json


def test_it_has_the_conversations_of_one_organisation(api):
    ours, theirs = api.made(subject="Ours"), api.made("other_server", subject="Theirs")
    found = inbox(api)
    assert found["organisations"] == [
        key.organisation for key in (api.app.namespace.keys.named(n) for n in ("server", "other_server"))
    ]
    assert (found["organisation"], found["count"], found["results"]) == (found["organisations"][0], 1, [ours])
    assert inbox(api, organisation=found["organisations"][1])["results"] == [theirs]


def test_it_pages_and_filters(api):
    made = [api.made(subject=f"Parcel {number}", user_email=f"u{number}@example.com") for number in range(5)]
    api.resolve(made[0]["id"])
    assert [one["subject"] for one in inbox(api, limit=2, offset=1)["results"]] == ["Parcel 3", "Parcel 2"]
    assert inbox(api, limit=2)["count"] == 5
    assert [one["id"] for one in inbox(api, status="closed")["results"]] == [made[0]["id"]]
    for text, expected in (("PARCEL 4", 4), ("u2@", 2), (f"#{made[3]['number']}", 3), (made[1]["id"], 1)):
        assert [one["id"] for one in inbox(api, q=text)["results"]] == [made[expected]["id"]]
    assert inbox(api, q="nothing like it")["count"] == 0


def test_a_conversation_has_its_messages(api):
    made = api.made(description="First")
    api.send(made["id"], body="Second")
    found = api.request("GET", f"{INBOX}/{made['id']}", key=None).json
    assert [one["body"] for one in found["messages"]] == ["First", "Second"]
    assert (found["message_count"], found["subject"], found["organisation"]) == (2, made["subject"], inbox(api)["organisation"])


def test_of_long_threads_the_latest_messages_are_shown(api, monkeypatch):
    monkeypatch.setattr("mockserver.control.inbox.MOST_MESSAGES", 2)
    made = api.made()
    for number in range(3):
        api.send(made["id"], body=str(number))
    found = api.request("GET", f"{INBOX}/{made['id']}", key=None).json
    assert ([one["body"] for one in found["messages"]], found["message_count"]) == (["1", "2"], 3)


def test_reading_leaves_no_trace_and_makes_no_namespace(api):
    inbox(api)
    api.request("GET", INBOX, key=None, headers={"X-Accord-Namespace": "never-made"})
    assert api.request("GET", "/__accord__/requests", key=None).json == {"results": []}
    assert [one["name"] for one in api.request("GET", "/__accord__/namespaces", key=None).json["results"]] == ["default"]


@pytest.mark.parametrize(("query", "named"), [("limit=x", "limit"), ("offset=-1", "offset"), ("organisation=Nobody", "Nobody")])
def test_bad_input_is_told(api, query, named):
    response = api.request("GET", f"{INBOX}?{query}", key=None)
    assert response.status_code == 400
    assert named in response.json["detail"]


def test_what_is_not_there(api):
    assert api.request("GET", f"{INBOX}/nothing", key=None).status_code == 404
