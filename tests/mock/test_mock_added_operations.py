"""Operations that a vendor's document adds: checked, responded to by their examples, and marked as stateless."""

from copy import deepcopy

import pytest
import yaml
from flask import has_request_context

from accord.base.assets import OPENAPI
from accord.base.errors import AccordError
from mockserver.contract.document import load_contract
from mockserver.keys.model import StandardKeys
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.judge import Judge

BASE = "/api/v1/conversations/"
HEADER = "X-Accord-Stateless"
AGENT = {"id": 7, "name": "Jo"}
AGENT_SCHEMA = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string", "maxLength": 20}},
}
SECURITY = [{"apiKey": ["server"]}, {"bearerKey": ["server"]}]


def media(schema, **more):
    return {"application/json": {"schema": schema, **more}}


def with_agents(document):
    document["components"]["schemas"]["Agent"] = deepcopy(AGENT_SCHEMA)
    document["components"]["examples"]["Jo"] = {"value": dict(AGENT)}
    agent = {"$ref": "#/components/schemas/Agent"}
    document["paths"]["/api/v1/agents/"] = {
        "get": {
            "operationId": "listAgents",
            "security": SECURITY,
            "parameters": [
                {"name": "team", "in": "query", "required": True, "schema": {"enum": ["sales", "support"]}},
                {"name": "limit", "in": "query", "schema": {"type": ["integer", "null"], "maximum": 50}},
                {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}, "maxItems": 2}},
            ],
            "responses": {
                "200": {
                    "content": media({"type": "array", "items": agent}, examples={"one": {"value": [AGENT]}, "none": {"value": []}})
                }
            },
        },
        "post": {
            "operationId": "createAgent",
            "security": SECURITY,
            "requestBody": {"required": True, "content": media(agent)},
            "responses": {"201": {"content": media(agent, examples={"jo": {"$ref": "#/components/examples/Jo"}})}},
        },
    }
    document["paths"]["/api/v1/agents/{agent_id}/"] = {
        "parameters": [{"name": "agent_id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}],
        "get": {"operationId": "getAgent", "security": SECURITY, "responses": {"200": {"content": media(agent)}}},
        "delete": {"operationId": "deleteAgent", "security": SECURITY, "responses": {"204": {"description": "Gone."}}},
    }


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    document = yaml.load(OPENAPI.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    with_agents(document)
    path = tmp_path_factory.mktemp("spec") / "extended.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    return load_contract(path)


@pytest.fixture
def api(make_api):
    return make_api()


def test_the_first_example_is_the_response(api):
    listed = api.request("GET", "/api/v1/agents/?team=sales")
    assert (listed.status_code, listed.json, listed.headers[HEADER]) == (200, [AGENT], "true")
    made = api.request("POST", "/api/v1/agents/", json={"id": 8, "name": "Max"})
    assert (made.status_code, made.json, made.headers[HEADER]) == (201, AGENT, "true")
    gone = api.request("DELETE", "/api/v1/agents/7/")
    assert (gone.status_code, gone.data, gone.headers[HEADER]) == (204, b"", "true")


def test_without_an_example_the_reason_is_told(api):
    response = api.request("GET", "/api/v1/agents/7/")
    assert response.status_code == 501
    assert "GET /api/v1/agents/{agent_id}/ 200 has no example" in response.json["detail"]
    assert response.headers[HEADER] == "true"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "team: This field is required."),
        ("team=cooks", "team: This is not one of"),
        ("team=sales&limit=51", "limit: This is more than 50."),
        ("team=sales&limit=many", "limit: This is not of the type"),
        ("team=sales&tag=a&tag=b&tag=c", "tag: "),
    ],
)
def test_the_query_is_checked(api, query, told):
    response = api.request("GET", f"/api/v1/agents/?{query}")
    assert response.status_code == 400
    assert response.json["detail"].startswith(told)
    assert response.headers[HEADER] == "true"


@pytest.mark.parametrize("more", ["&limit=50", "&limit=null", "&tag=a", "&tag=1", "&tag=a,b,c", "&tag=a&tag=b", "&unknown=x"])
def test_a_query_as_documented_is_taken(api, more):
    # A query has texts only, so `null` in it is the text and not a null.
    expected = 400 if more == "&limit=null" else 200
    assert api.request("GET", f"/api/v1/agents/?team=sales{more}").status_code == expected


def test_path_body_and_key_are_checked(api):
    assert api.request("DELETE", "/api/v1/agents/0/").json == {"detail": "agent_id: This is less than 1."}
    assert api.request("DELETE", "/api/v1/agents/jo/").status_code == 400
    long = api.request("POST", "/api/v1/agents/", json={"id": "8", "name": "x" * 21})
    assert "id: This is not of the type integer." in long.json["detail"]
    assert "name: This is longer than 20 characters." in long.json["detail"]
    assert api.request("POST", "/api/v1/agents/", data="{", content_type="application/json").status_code == 400
    assert api.request("POST", "/api/v1/agents/", json=[1]).status_code == 400
    assert api.request("POST", "/api/v1/agents/").status_code == 400
    refused = api.request("GET", "/api/v1/agents/?team=sales", "client")
    assert (refused.status_code, refused.headers[HEADER]) == (403, "true")
    assert api.request("GET", "/api/v1/agents/?team=sales", None).status_code == 401


def test_the_documented_operations_are_as_ever(api):
    made = api.create()
    assert made.status_code == 201
    assert api.list().json == {"count": 1, "results": [made.json]}
    assert not [one for one in (made, api.list(), api.get(made.json["id"]), api.create(subject=1)) if HEADER in one.headers]


def test_they_are_in_the_journal_and_in_coverage_and_meet_faults(api):
    api.request("GET", "/api/v1/agents/?team=sales")
    (entry,) = api.request("GET", "/__accord__/requests", None).json["results"]
    assert entry["operation"] == "listAgents"
    responses = api.request("GET", "/__accord__/coverage", None).json["responses"]
    assert {"operation": "listAgents", "status": "200", "count": 1} in responses
    rule = {"match": {"operation": "listAgents"}, "when": {"next": 1}, "then": {"status": 503}}
    assert api.request("POST", "/__accord__/faults", None, json=rule).status_code == 201
    assert [api.request("GET", "/api/v1/agents/?team=sales").status_code for _ in range(2)] == [503, 200]


def test_an_example_that_breaks_its_schema_stops_the_start(make_api, edited_spec):
    def change(document):
        with_agents(document)
        document["components"]["examples"]["Jo"]["value"] = {"id": "seven", "name": "Jo"}

    with pytest.raises(AccordError) as caught:
        make_api(spec=edited_spec(change))
    assert "edited.yaml: the example of POST /api/v1/agents/ 201" in caught.value.message
    assert "id: This is not of the type integer." in caught.value.message


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (
            lambda d: d["components"]["schemas"]["Agent"]["properties"]["name"].update(maxLength="long"),
            "Agent.properties.name.maxLength",
        ),
        (lambda d: d["components"]["schemas"]["Agent"]["properties"]["name"].update(maxlength=1), "#/components/schemas/Agent"),
        (lambda d: d["paths"]["/api/v1/agents/"]["post"].update(operationId="listAgents"), "POST /api/v1/agents/"),
        (lambda d: d["paths"]["/api/v1/agents/{agent_id}/"]["parameters"][0]["schema"].update(minimun=1), "parameter agent_id"),
        (lambda d: d["paths"].update({"/api/v1/teams/{team-id}/": {}}), "/api/v1/teams/{team-id}/"),
        (lambda d: d["paths"]["/api/v1/agents/"]["get"]["parameters"][0].pop("name"), "GET /api/v1/agents/ parameter ?"),
    ],
)
def test_what_cannot_be_read_stops_the_start_with_its_place(edited_spec, change, place):
    def both(document):
        with_agents(document)
        change(document)

    with pytest.raises(AccordError) as caught:
        load_contract(edited_spec(both))
    assert "edited.yaml" in caught.value.message
    assert place in caught.value.message


@pytest.mark.parametrize("status", [200, 202, 400, 500])
def test_the_proxy_judges_no_server_by_them(contract, status):
    """The catalogue has no requirement for an operation that it does not know."""
    sent = [("Host", "x"), ("X-API-Key", StandardKeys.of(1).server)]
    exchange = Exchange(
        "GET", "/api/v1/agents/?team=sales", sent, 1.0, 0, b"", status, [("Content-Type", "application/json")], b"{}", 1.1
    )
    _, findings = Judge(contract).judge(exchange)
    assert [one for one in findings if one.is_violation_of_server] == []


def test_one_elsewhere_slows_no_other(make_api, edited_spec):
    def change(document):
        document["paths"]["/health/"] = {
            "get": {
                "operationId": "health",
                "security": SECURITY,
                "responses": {"200": {"content": media({}, example={"ok": True})}},
            }
        }

    api = make_api(spec=edited_spec(change))
    assert api.request("GET", "/health/").json == {"ok": True}
    through_flask = []
    api.app.dispatcher.respond, respond = (
        lambda *given: through_flask.append(has_request_context()) or respond(*given),
        api.app.dispatcher.respond,
    )
    assert api.list().status_code == 200
    assert through_flask == [False]
