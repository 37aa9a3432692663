"""What of the contract a client has met: statuses, refusals and choices, and the figure that they make."""

import pytest

from mockserver.contract.choices import load_catalogue
from mockserver.contract.document import load_contract
from mockserver.coverage.report import KINDS, kind_name
from tests.mock.conftest import BASE, UNKNOWN_ID

COVERAGE = "/__accord__/coverage"


def read(api, prefix=""):
    response = api.request("GET", f"{prefix}{COVERAGE}", None)
    assert response.status_code == 200
    return response.json


def met(found):
    """What was met, and how often."""
    statuses = {f"{one['operation']} {one['status']}": one["count"] for one in found["responses"] if one["count"]}
    return statuses, {one["kind"]: one["count"] for one in found["refusals"] if one["count"]}


def exercised(found):
    return {one["name"] for one in found["choices"] if one["met"]}


def test_all_that_exists_is_listed(api):
    found = read(api)
    documented = [(operation.id, status) for operation in load_contract() for status in operation.responses]
    assert [(one["operation"], one["status"]) for one in found["responses"]] == documented
    assert [one["kind"] for one in found["refusals"]] == [kind_name(kind) for kind in KINDS]
    assert {one["name"]: one["taken"] for one in found["choices"]} == {
        name: choice.default for name, choice in load_catalogue().items()
    }
    assert (found["covered"], found["percent"], found["total"]) == (0, 0, len(documented) + len(KINDS))


def test_what_was_met(api):
    id = api.made(user_email="ann@example.com")["id"]
    api.create(subject=None)
    api.create(key=None)
    api.get(id)
    api.get(id)
    api.get(UNKNOWN_ID, key="other_server")
    api.resolve(id, key="client")
    api.request("GET", "/nowhere")
    found = read(api)
    assert met(found) == (
        {
            "createConversation 201": 1,
            "createConversation 400": 1,
            "createConversation 401": 1,
            "getConversation 200": 2,
            "getConversation 404": 1,
            "resolveConversation 403": 1,
        },
        {"missing-key": 1, "forbidden-tier": 1, "not-found": 1, "wrong-type": 1, "nowhere": 1},
    )
    assert (found["covered"], found["percent"]) == (11, 11000 // found["total"] / 10)


def test_the_same_traffic_gives_the_same_figure(make_api):
    def traffic(api):
        id = api.made(subject="A", description="B")["id"]
        api.send(id)
        api.resolve(id)
        api.resolve(id)
        api.send(id)
        api.list(limit=500, status="open")
        found = read(api)
        # Reading the coverage does not change it.
        assert read(api) == found
        return found

    first, second = traffic(make_api()), traffic(make_api(coverage=True))
    assert first == second
    assert {"resolve_twice", "reply_to_closed", "limit_over_maximum", "description_as_message"} <= exercised(first)


@pytest.mark.parametrize(
    ("act", "choice"),
    [
        (lambda api: api.create(), "default_channel"),
        (lambda api: api.create(), "anonymous_requester"),
        (lambda api: api.create(user_email="a@example.com"), "missing_names"),
        (lambda api: api.create(user_email="A@example.com"), "email_lookup_case"),
        (lambda api: api.create(user_email="nobody"), "malformed_email"),
        (lambda api: api.create(subject=""), "empty_subject"),
        (lambda api: api.create(subject=" a"), "surrounding_white_space"),
        (lambda api: api.create(subject=7), "number_for_text"),
        (lambda api: api.create(subject="\0"), "nul_character"),
        (lambda api: api.create(description=None), "null_optional_member"),
        (lambda api: api.create(tags=[]), "unknown_body_fields"),
        (lambda api: api.create(subject=[]), "invalid_value_status"),
        (lambda api: api.create(subject=[]), "error_body_shape"),
        (lambda api: api.list(limit="x"), "invalid_paging"),
        (lambda api: api.list(status="x"), "unknown_status_filter"),
        (lambda api: [api.create(), api.create(), api.list()], "list_order"),
        (lambda api: api.get("x"), "malformed_id_status"),
        (lambda api: api.request("GET", BASE[:-1]), "missing_trailing_slash"),
        (lambda api: api.resolve(UNKNOWN_ID, key="client"), "client_resolve_status"),
        (lambda api: api.list(key="origin_client"), "missing_origin"),
        (lambda api: api.request("GET", BASE, "origin_client", {"Origin": "https://b.example"}), "origin_refusal_status"),
        (lambda api: api.send(api.made()["id"]), "unknown_sender"),
        (lambda api: api.send(api.made()["id"]), "create_message_body"),
        (lambda api: api.messages(api.made(description="a")["id"]), "message_types"),
    ],
)
def test_what_exercises_a_choice(make_api, act, choice):
    api = make_api(coverage=True)
    assert choice not in exercised(read(api))
    act(api)
    assert choice in exercised(read(api))


def test_as_text(api):
    api.create()
    response = api.request("GET", f"{COVERAGE}?format=text", None)
    assert response.content_type == "text/plain; charset=utf-8"
    lines = response.text.splitlines()
    assert lines[0].startswith("Coverage: 1 % (1 of ")
    assert any(line.startswith("  createConversation   met 201; never 400, 401,") for line in lines)


@pytest.mark.parametrize("query", ["?format=xml", "?form=text"])
def test_queries_that_cannot_be_meant(api, query):
    response = api.request("GET", f"{COVERAGE}{query}", None)
    assert response.status_code == 400
    assert "format" in response.json["detail"]


def test_each_namespace_has_its_own_and_all_of_them_count_together(api):
    api.create()
    for name in ("one", "two"):
        api.request("GET", f"/__accord__/in/{name}{BASE}")
    assert met(read(api))[0] == {"createConversation 201": 1}
    assert met(read(api, "/__accord__/in/one"))[0] == {"listConversations 200": 1}
    api.request("DELETE", "/__accord__/namespaces/one", None)
    assert met(read(api, "/__accord__/in/one")) == ({}, {})
    assert api.app.namespaces.met().statuses() == {("createConversation", 201): 1, ("listConversations", 200): 2}
    assert len(api.app.namespaces.names()) == 2


def test_a_reset_forgets_nothing_and_a_delete_all(api):
    api.create()
    api.request("POST", "/__accord__/reset", None)
    assert read(api)["covered"] == 1
    assert api.request("DELETE", COVERAGE, None).status_code == 204
    found = read(api)
    assert (found["covered"], exercised(found)) == (0, set())
    api.list()
    assert met(read(api))[0] == {"listConversations 200": 1}
