"""An edited contract document changes what the mock does, with no code touched; what the mock does not understand is an error."""

import pytest
import yaml

from accord.base.assets import OPENAPI
from accord.base.errors import AccordError
from mockserver.contract.document import load_contract

PATHS = "/api/v1/conversations/"


def parameter(document, name):
    return document["components"]["parameters"][name]["schema"]


def schema(document, name):
    return document["components"]["schemas"][name]


def test_the_largest_page(make_api, edited_spec):
    api = make_api(spec=edited_spec(lambda document: parameter(document, "Limit").update(maximum=7, default=7)), scenario="demo")
    assert len(api.list(limit=100).json["results"]) == 7
    assert api.list().json["count"] == 12


def test_the_default_page(make_api, edited_spec):
    api = make_api(spec=edited_spec(lambda document: parameter(document, "Limit").update(default=3)), scenario="demo")
    assert len(api.list().json["results"]) == 3
    assert len(api.list(limit=100).json["results"]) == 12


def test_the_length_of_a_subject(make_api, edited_spec):
    change = edited_spec(lambda document: schema(document, "ConversationCreate")["properties"]["subject"].update(maxLength=40))
    for scenario in ("demo", "paging", "busy-inbox", "empty"):
        api = make_api(spec=change, scenario=scenario)
        assert api.create(subject="é" * 40).status_code == 201
        assert api.create(subject="é" * 41).status_code == 400


def test_the_channels(make_api, edited_spec):
    api = make_api(spec=edited_spec(lambda document: schema(document, "Channel")["enum"].append("carrier pigeon")))
    assert api.made(channel="carrier pigeon")["channel"] == "carrier pigeon"
    assert api.create(channel="owl").status_code == 400


def test_a_default_channel(make_api, edited_spec):
    def change(document):
        schema(document, "ConversationCreate")["properties"]["channel"]["default"] = "email"

    assert make_api(spec=edited_spec(change)).made()["channel"] == "email"


def test_a_default_priority(make_api, edited_spec):
    def change(document):
        schema(document, "ConversationCreate")["properties"]["priority"]["default"] = "low"

    assert make_api(spec=edited_spec(change)).made()["priority"] == "low"


def test_the_keys_that_may_create(make_api, edited_spec):
    def change(document):
        document["paths"][f"{PATHS}create/"]["post"]["security"] = [{"apiKey": ["server"]}, {"bearerKey": ["server"]}]

    api = make_api(spec=edited_spec(change))
    assert api.create("client").status_code == 403
    assert api.create("server").status_code == 201
    assert api.list("client").json["count"] == 1


def test_keys_by_one_way_only(make_api, edited_spec):
    def change(document):
        document["paths"][PATHS]["get"]["security"] = [{"apiKey": ["server", "client"]}]

    api = make_api(spec=edited_spec(change))
    assert api.list().status_code == 200
    assert api.request("GET", PATHS, None, {"Authorization": f"Bearer {api.keys.server}"}).status_code == 403


def test_another_header_for_the_key(make_api, edited_spec):
    api = make_api(spec=edited_spec(lambda document: document["components"]["securitySchemes"]["apiKey"].update(name="X-Key")))
    assert api.list().status_code == 401
    assert api.request("GET", PATHS, None, {"X-Key": api.keys.server}).status_code == 200


def test_a_required_user_email(make_api, edited_spec):
    change = edited_spec(lambda document: schema(document, "ConversationCreate")["required"].append("user_email"))
    api = make_api(spec=change, scenario="demo")
    assert api.create().json == {"detail": "user_email: This field is required."}
    assert api.create(user_email=None).status_code == 400
    assert api.create(user_email="ada@example.com").status_code == 201


def test_another_final_status(make_api, edited_spec):
    def change(document):
        response = document["paths"][PATHS + "{id}/resolve/"]["post"]["responses"]["200"]
        response["content"]["application/json"]["schema"]["allOf"][1]["properties"]["status"]["const"] = "resolved"

    api = make_api(spec=edited_spec(change))
    assert api.resolve(api.made()["id"]).json["status"] == "resolved"


def test_another_path(make_api, edited_spec):
    def change(document):
        document["paths"] = {path.replace("/api/v1/", "/help/v2/"): item for path, item in document["paths"].items()}

    api = make_api(spec=edited_spec(change))
    assert api.request("GET", "/help/v2/conversations/").status_code == 200
    assert api.request("GET", PATHS).status_code == 404


def test_a_further_member_with_a_rule_of_its_own(make_api, edited_spec):
    def change(document):
        schema(document, "MessageCreate")["properties"]["body"].update(pattern="^[a-z ]+$", minLength=3)

    api = make_api(spec=edited_spec(change))
    id = api.made()["id"]
    assert [api.send(id, body=body).status_code for body in ("abc", "ab", "ABC")] == [201, 400, 400]


def test_a_scenario_that_breaks_the_document_is_refused(make_api, edited_spec):
    change = edited_spec(lambda document: schema(document, "ConversationCreate")["properties"]["subject"].update(maxLength=10))
    with pytest.raises(AccordError) as caught:
        make_api(spec=change, scenario="demo")
    assert "subject: This is longer than 10 characters." in caught.value.message
    assert "empty" in caught.value.hint
    assert make_api(spec=change).create(subject="x" * 11).status_code == 400


def test_a_default_channel_that_is_none_is_refused(make_api, edited_spec):
    change = edited_spec(lambda document: schema(document, "Channel").update(enum=["web", "email"]))
    with pytest.raises(AccordError, match="default_channel=api"):
        make_api(spec=change)
    assert make_api(spec=change, choices={"default_channel": "web"}).made()["channel"] == "web"


def webhook(document):
    return document["webhooks"]["message.created"]["post"]


def teapot(document):
    document["paths"][PATHS]["get"]["responses"]["418"] = {"content": {"text/x": {"schema": {"minlen": 1}}}}


BROKEN = {
    "adress": (lambda d: d["components"]["responses"]["NotFound"].update(adress="x"), "404"),
    "minlen": (teapot, "418 text/x"),
    "explodes": (lambda d: d["components"]["headers"]["RetryAfter"].update(explodes=True), "429 header Retry-After"),
    "maxlength": (
        lambda d: d["components"]["headers"]["RetryAfterRequired"]["schema"].update(maxlength=1),
        "503 header Retry-After",
    ),
    "operationID": (lambda d: d["components"]["links"]["GetConversation"].update(operationID="x"), "link getIt"),
    "summery": (lambda d: webhook(d).update(summery="x"), "webhooks message.created"),
    "requird": (lambda d: d["components"]["parameters"]["WebhookEvent"].update(requird=True), "parameter X-Bancroft-Event"),
    "callback": (lambda d: d["webhooks"]["message.created"].update(callback={}), "webhooks message.created"),
    "schema": (lambda d: d["components"].update(schema={}), "components"),
    "maxLenght": (lambda d: schema(d, "ConversationCreate")["properties"]["subject"].update(maxLenght=5), "subject"),
    "nullable": (lambda d: schema(d, "Status").update(nullable=True), "#/components/schemas/Status"),
    "explode": (lambda d: d["components"]["parameters"]["Limit"].update(explode=True), "parameter limit"),
    "operationid": (lambda d: d["paths"][PATHS]["get"].update(operationid="x"), "GET /api/v1/conversations/"),
    "swagger": (lambda d: d.update(swagger="2.0"), "edited.yaml"),
    "sumary": (lambda d: d["paths"][PATHS].update(sumary="x"), "/api/v1/conversations/"),
}


@pytest.mark.parametrize("word", BROKEN)
def test_an_unknown_keyword_is_an_error_that_names_its_place(edited_spec, word):
    change, place = BROKEN[word]
    with pytest.raises(AccordError) as caught:
        load_contract(edited_spec(change))
    assert repr(word) in caught.value.message
    assert place in caught.value.message


MISTAKES = [
    lambda d: d["paths"][PATHS]["get"]["responses"].update({"4xx": {"description": "x"}}),
    lambda d: d["paths"][PATHS]["get"]["responses"].update({"404": {"$ref": "#/components/responses/None"}}),
    lambda d: d["components"]["headers"]["RetryAfter"]["schema"].update(pattern="("),
    lambda d: d["webhooks"].update({"conversation.lost": {"get": webhook(d)}}),
    lambda d: d["webhooks"].update({"conversation.lost": {"post": {**webhook(d), "requestBody": {"content": {}}}}}),
    lambda d: d["components"]["parameters"]["WebhookEvent"].update({"in": "query"}),
    lambda d: d.update(openapi="3.0.3"),
    lambda d: d["paths"][PATHS]["get"].pop("operationId"),
    lambda d: d["paths"][PATHS]["get"].update(security=[{"cookie": []}]),
    lambda d: d["paths"][PATHS]["get"].update(security=[]),
    lambda d: d["paths"][PATHS]["get"].update(responses={"400": {"description": "x"}}),
    lambda d: d["paths"][PATHS]["get"]["parameters"].append({"$ref": "#/components/parameters/None"}),
    lambda d: d["paths"][PATHS]["get"]["parameters"].append({"$ref": "other.yaml"}),
    lambda d: d["paths"][PATHS]["get"]["parameters"].append({"name": "x", "in": "cookie"}),
    lambda d: d["components"]["securitySchemes"]["apiKey"].update({"in": "query"}),
    lambda d: schema(d, "ConversationCreate")["properties"]["subject"].update(maxLength="long"),
    lambda d: schema(d, "ConversationCreate")["properties"]["subject"].update(pattern="("),
    lambda d: d.update(components={}),
    lambda d: schema(d, "Status").update({"$ref": "#/components/schemas/Status"}),
]


@pytest.mark.parametrize("change", MISTAKES)
def test_a_document_that_cannot_be_followed_is_an_error(edited_spec, change):
    with pytest.raises(AccordError) as caught:
        load_contract(edited_spec(change))
    assert "edited.yaml" in caught.value.message


@pytest.mark.parametrize("text", ["", "[]", "text", "a: [", "openapi: 3.1.0\npaths: {}\n\t"])
def test_a_file_that_is_no_document_is_an_error(tmp_path, text):
    path = tmp_path / "spec.yaml"
    path.write_text(text)
    with pytest.raises(AccordError):
        load_contract(path)


def test_a_missing_operation_is_an_error(make_api, edited_spec):
    change = edited_spec(lambda document: document["paths"].pop(f"{PATHS}create/"))
    with pytest.raises(AccordError, match="createConversation"):
        make_api(spec=change)


def test_no_number_of_the_contract_is_in_the_code():
    """Limits are read from the document, and not repeated in the code."""
    document = yaml.load(OPENAPI.read_text(), Loader=yaml.CSafeLoader)
    limits = parameter(document, "Limit")
    subject = schema(document, "ConversationCreate")["properties"]["subject"]
    contract = load_contract()
    assert contract.operation("listConversations").parameter("limit").maximum == limits["maximum"]
    assert contract.operation("listConversations").parameter("limit").default == limits["default"]
    assert contract.operation("createConversation").body.members["subject"]["maxLength"] == subject["maxLength"]


def test_responses_headers_and_webhooks_are_read():
    contract = load_contract()
    responses = contract.operation("resolveConversation").responses
    assert {"200", "401", "404", "409", "503"} <= set(responses)
    assert responses["503"].headers["Retry-After"].required
    assert not responses["429"].headers["Retry-After"].required
    assert responses["401"].schema.violations({}) != []
    assert responses["401"].schema.violations({"detail": "No."}) == []
    sent = contract.webhooks["conversation.created"]
    assert all(header.required for header in sent.headers.values())
    assert sent.body.violations({"event": "message.created"}) != []
    assert "2XX" in sent.responses
