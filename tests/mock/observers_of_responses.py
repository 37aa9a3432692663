"""Observers of the choices about answers: what they say of conversations, people and messages, in which form."""

import json
import re

from tests.mock.observing import BASE, observe


@observe
def default_channel(api):
    return api.made()["channel"]


@observe
def create_message_status(api):
    return str(api.send(api.made()["id"]).status_code)


@observe
def create_message_body(api):
    conversation = api.made()
    response = api.send(conversation["id"]).json
    message = api.messages(conversation["id"]).json["results"][0]
    if response == message:
        return "message"
    return "wrapped" if message in response.values() else "other"


@observe
def description_as_message(api):
    messages = api.messages(api.made(description="Hello?")["id"]).json["results"]
    return "first_message" if [message["body"] for message in messages] == ["Hello?"] else "not_a_message"


@observe
def list_order(api):
    made = [api.made()["id"] for _ in range(9)]
    listed = [item["id"] for item in api.list().json["results"]]
    pages = [api.list(limit=2, offset=offset).json["results"] for offset in range(0, 10, 2)]
    assert [item["id"] for page in pages for item in page] == listed
    assert sorted(listed) == sorted(made)
    return {tuple(made): "oldest", tuple(made[::-1]): "newest"}.get(tuple(listed), "other")


@observe
def anonymous_requester(api):
    requester = api.made()["requester"]
    if requester is None:
        return "null_requester"
    email = requester["email"]
    if email:
        assert api.list(user_email=email).json["count"] == 1
        assert api.made()["requester"]["email"] != email
    return {None: "null_email", "": "empty_email"}.get(email, "generated_email")


@observe
def anonymous_names(api):
    requester = api.made()["requester"]
    assert api.made(user_first_name="Ada")["requester"]["first_name"] == "Ada"
    return "null_names" if (requester["first_name"], requester["last_name"]) == (None, None) else "empty_names"


@observe
def missing_names(api):
    requester = api.made(user_email="ada@example.com", user_first_name="Ada")["requester"]
    assert requester["first_name"] == "Ada"
    return "null_names" if requester["last_name"] is None else "empty_names"


@observe
def reply_to_closed(api):
    id = api.made()["id"]
    api.resolve(id)
    response = api.send(id)
    if response.status_code == 409:
        assert api.messages(id).json["count"] == 0
        return "refuse"
    status = api.get(id).json["status"]
    assert api.list(status=status).json["count"] == 1
    return "reopen" if status == "open" else "accept"


@observe
def email_lookup_case(api):
    api.made(user_email="ada@example.com")
    return "fold" if api.list(user_email="ADA@Example.com").json["count"] == 1 else "keep"


@observe
def email_answer_case(api):
    made = api.made(user_email="Ada@Example.com")
    api.send(made["id"], user_email="Ada@Example.com")
    shown = made["requester"]["email"]
    assert api.messages(made["id"]).json["results"][0]["sender_email"] == shown
    return "keep" if shown == "Ada@Example.com" else "fold"


@observe
def resolve_twice(api):
    id = api.made()["id"]
    api.resolve(id)
    response = api.resolve(id)
    assert api.get(id).json["status"] == "closed"
    return str(response.status_code)


@observe
def envelope_extra_members(api):
    conversation = api.made(user_email="a+b@example.com")
    for _ in range(4):
        api.made(user_email="a+b@example.com")
    first = api.list(limit=2, user_email="a+b@example.com").json
    extra = set(first) - {"count", "results"}
    assert set(api.messages(conversation["id"]).json) == set(first)
    if extra == {"next", "previous"}:
        found, page = [], first
        assert page["previous"] is None
        while True:
            found += page["results"]
            if page["next"] is None:
                break
            page = api.request("GET", page["next"]).json
        assert found == api.list().json["results"]
        assert api.request("GET", page["previous"]).json["results"] == found[2:4]
        return "next_previous"
    return "other" if extra else "none"


@observe
def object_extra_members(api):
    conversation = api.made(description="x")
    message = api.messages(conversation["id"]).json["results"][0]
    extra = len(conversation) > 10
    assert (len(message) > 5) == extra
    return "some" if extra else "none"


@observe
def error_body_shape(api):
    missing = api.request("POST", f"{BASE}create/", json={})
    assert missing.status_code == 400
    for response in (
        missing,
        api.get("nonsense"),
        api.request("GET", "/nowhere"),
        api.request("PUT", BASE),
        api.resolve("x", "client"),
    ):
        assert isinstance(response.json, dict)
    assert api.list(key=None).json == {"detail": "Invalid or revoked API key."}
    if missing.content_type == "application/problem+json":
        assert missing.json["status"] == 400
        assert missing.json["title"] == "Bad Request"
        return "problem_json"
    assert missing.content_type == "application/json"
    if missing.json == {"subject": ["This field is required."]}:
        return "per_field"
    return "detail" if missing.json == {"detail": "subject: This field is required."} else "other"


@observe
def timestamp_fraction(api):
    digits = re.fullmatch(r"[\d-]+T[\d:]+(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)", api.made()["created_at"])[1] or ""
    return {0: "none", 3: "milliseconds", 6: "microseconds"}.get(len(digits), "other")


@observe
def timestamp_offset(api):
    return "z" if api.made()["created_at"].endswith("Z") else "numeric"


@observe
def unknown_sender(api):
    conversation = api.made(user_email="ada@example.com")
    assert api.send(conversation["id"], user_email="ada@example.com").status_code == 201
    response = api.send(conversation["id"], user_email="nobody.yet@example.com")
    if response.status_code == 400:
        assert api.messages(conversation["id"]).json["count"] == 1
        return "refuse"
    return "accept"


@observe
def first_number(api):
    number = api.made()["number"]
    assert api.made()["number"] == number + 1
    return "one" if number == 1 else "other"


@observe
def message_types(api):
    conversation = api.made(description="Hello?")
    api.send(conversation["id"])
    types = [message["message_type"] for message in api.messages(conversation["id"]).json["results"]]
    assert types[1] == "reply"
    return "reply_only" if types[0] == "reply" else "more"


@observe
def message_paging(api):
    id = api.made()["id"]
    for n in range(25):
        api.send(id, body=str(n))
    first = api.messages(id).json
    assert first["count"] == 25
    if len(first["results"]) == 25:
        assert len(api.messages(id, limit=2).json["results"]) == 25
        return "none"
    rest = api.messages(id, limit=100, offset=20).json["results"]
    assert [message["body"] for message in first["results"] + rest] == [str(n) for n in range(25)]
    return "limit_offset"


def kept_events(api):
    """Create a conversation with a subscription whose receiver does not exist, and return the deliveries."""
    api.request("POST", "/__accord__/webhooks", key=None, json={"url": "http://127.0.0.1:9/", "secret": "s"})
    api.made()
    found = api.request("GET", "/__accord__/webhooks/deliveries", key=None).json["results"]
    api.app.namespaces.close()
    return found


@observe
def webhook_duplicates(api):
    return "some" if len(kept_events(api)) > 1 else "none"


@observe
def webhook_event_id(api):
    ids = {json.loads(one["body"]).get("id") for one in kept_events(api)}
    return "none" if ids == {None} else "member"
