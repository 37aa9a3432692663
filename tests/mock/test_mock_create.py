"""Creating and reading conversations."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest


def test_a_conversation_has_the_documented_fields(api, contract):
    response = api.create(
        subject="Help with order #1234",
        user_email="customer@example.com",
        user_first_name="Jane",
        user_last_name="Doe",
        priority="high",
        channel="web",
        metadata={"order": 1234},
    )
    assert response.status_code == 201
    assert response.content_type == "application/json"
    shown = response.json
    assert contract.conversation.violations(shown) == []
    assert shown["requester"] == {"email": "customer@example.com", "first_name": "Jane", "last_name": "Doe"}
    assert (shown["status"], shown["priority"], shown["channel"]) == ("open", "high", "web")
    assert shown["metadata"] == {"order": 1234}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", shown["id"])
    assert datetime.fromisoformat(shown["created_at"]) <= datetime.fromisoformat(shown["updated_at"])


def test_defaults(api):
    shown = api.made()
    assert (shown["priority"], shown["channel"], shown["metadata"]) == ("normal", "api", {})
    assert shown["requester"] == {"email": None, "first_name": "", "last_name": ""}


def test_get_and_list_show_what_create_answered(api):
    shown = api.made(user_email="a@example.com", metadata={"a": [None, 1.5, {}]})
    assert api.get(shown["id"]).json == shown
    assert api.list().json == {"count": 1, "results": [shown]}


def test_an_existing_user_keeps_their_names(api):
    api.made(user_email="jane@example.com", user_first_name="Jane", user_last_name="Doe")
    again = api.made(user_email="jane@example.com", user_first_name="Joan", user_last_name="Roe")
    assert again["requester"] == {"email": "jane@example.com", "first_name": "Jane", "last_name": "Doe"}


def test_users_belong_to_their_organisation(api):
    api.made(user_email="jane@example.com", user_first_name="Jane")
    other = api.made("other_server", user_email="jane@example.com", user_first_name="Joan")
    assert other["requester"]["first_name"] == "Joan"


def test_numbers_count_up_within_an_organisation(api):
    assert [api.made()["number"] for _ in range(3)] == [1, 2, 3]
    assert api.made("other_server")["number"] == 1


def test_a_subject_may_have_500_characters_of_any_kind(api):
    for character in ("x", "é", "字", "😀"):
        assert api.made(subject=character * 500)["subject"] == character * 500
        response = api.create(subject=character * 501)
        assert response.status_code == 400
        assert response.json == {"detail": "subject: This is longer than 500 characters."}
    assert api.list().json["count"] == 4


@pytest.mark.parametrize(
    "text",
    [
        "  kept  ",
        "a\r\nb\tc",
        "\u00e9",
        "e\u0301",
        "\u200b\u202e",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "<b>&amp;'\"\\",
        "\x01\x1f\x7f\u0085",
        "\ufeff x",
        "\uffff",
    ],
)
def test_text_comes_back_code_point_for_code_point(api, text):
    shown = api.made(subject=text, description=text, user_email="a@example.com", user_first_name=text)
    assert shown["subject"] == text
    assert shown["requester"]["first_name"] == text
    assert api.messages(shown["id"]).json["results"][0]["body"] == text


@pytest.mark.parametrize(
    "value",
    [
        {"deep": {"er": [[[{"x": None}]]]}, "empty": [{}, [], "", None]},
        {"integers": [0, -1, 2**53, -(2**63), 2**64 - 1], "floats": [0.1, 1e-7, 1.5e300, 123456789012345.6]},
        {"": "", "ключ": "значение", "a.b": 1, "digits in a text": "123456789012345678901234567890"},
        {"true": True, "false": False},
        {"big": "x" * 100_000},
    ],
)
def test_metadata_comes_back_equal(api, value):
    shown = api.made(metadata=value)
    assert shown["metadata"] == value
    assert api.get(shown["id"]).json["metadata"] == value


def test_the_last_of_two_members_of_the_same_name_counts(api):
    response = api.request("POST", "/api/v1/conversations/create/", data=b'{"subject": "a", "subject": "b"}')
    assert (response.status_code, response.json["subject"]) == (201, "b")


def test_several_violations_are_told_at_once(api):
    response = api.create(subject=None, priority="asap", metadata=[], user_email="nobody")
    assert response.status_code == 400
    for name in ("subject", "priority", "metadata", "user_email"):
        assert f"{name}:" in response.json["detail"]


def test_concurrent_creates_lose_and_repeat_nothing(api):
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(
                lambda n: (
                    api.app.test_client()
                    .post(
                        "/api/v1/conversations/create/",
                        json={"subject": f"s{n}", "user_email": "same@example.com"},
                        headers={"X-API-Key": api.keys.server},
                    )
                    .json
                ),
                range(200),
            )
        )
    assert len({shown["id"] for shown in made}) == 200
    assert {shown["number"] for shown in made} == set(range(1, 201))
    assert api.list(user_email="same@example.com").json["count"] == 200


def test_two_mocks_in_one_process_share_nothing(make_api):
    one, two = make_api(), make_api()
    one.made(user_email="a@example.com")
    assert two.list().json["count"] == 0
    assert two.made()["number"] == 1


def test_an_added_route_and_hook_work_as_in_any_flask_application(api):
    @api.app.get("/extra")
    def extra():
        return {"extra": True}

    @api.app.before_request
    def read_early():
        from flask import request

        request.get_json(silent=True)

    assert api.client.get("/extra").json == {"extra": True}
    assert api.made(subject="read twice")["subject"] == "read twice"
