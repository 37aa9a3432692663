"""Members that a vendor's document adds to conversations and messages: checked, kept and shown, in every store."""

import pytest
import yaml

from accord.base.assets import OPENAPI
from accord.base.errors import AccordError
from mockserver.contract.document import load_contract
from tests.sampling import sample

ADDED = {
    "tags": {"type": "array", "items": {"type": "string"}, "default": []},
    "due_at": {"type": ["string", "null"], "format": "date-time"},
    "order": {"type": "object", "properties": {"number": {"type": "integer"}}},
}

ADDED_TO_MESSAGES = {
    "internal": {"type": "boolean", "default": False},
    "attachments": {"type": "array", "items": {"type": "string", "format": "uri"}},
}


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    document = yaml.load(OPENAPI.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    schemas = document["components"]["schemas"]
    schemas["ConversationCreate"]["properties"] |= {**ADDED, "captcha": {"type": "string"}, "status": {"type": "string"}}
    schemas["Conversation"]["properties"] |= ADDED
    schemas["MessageCreate"]["properties"] |= {
        **ADDED_TO_MESSAGES,
        "captcha": {"type": "string"},
        "message_type": {"type": "string"},
    }
    schemas["Message"]["properties"] |= ADDED_TO_MESSAGES
    path = tmp_path_factory.mktemp("spec") / "extended.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    return load_contract(path)


@pytest.fixture(params=["memory:", "sqlite:///"])
def api(request, make_api, tmp_path):
    storage = request.param if request.param == "memory:" else f"{request.param}{tmp_path / 'state.db'}"
    return make_api(storage=storage)


SENT = {"tags": ["vip", "<b>"], "order": {"number": 2**53 + 1}}


def test_they_are_kept_and_shown_wherever_the_conversation_is(api):
    made = api.made(**SENT, metadata={"plan": "gold"})
    assert made | SENT == made
    assert "due_at" not in made
    assert made["metadata"] == {"plan": "gold"}
    assert api.get(made["id"]).json == made
    assert api.list().json["results"] == [made]
    assert api.resolve(made["id"]).json | SENT == api.get(made["id"]).json


def test_a_default_is_shown_and_what_conversations_do_not_have_is_not(api):
    made = api.made(captcha="secret", status="closed")
    assert made["tags"] == []
    assert "captcha" not in made
    assert made["status"] == "open"


def test_they_are_checked(api):
    response = api.create(tags=["a", 1])
    assert response.status_code == 400
    assert response.json["detail"].startswith("tags.1: ")


def test_they_are_in_the_state_that_is_exported_and_taken_back(api):
    made = api.made(**SENT)
    state = api.request("GET", "/__accord__/state", None).json
    api.request("POST", "/__accord__/reset", None)
    assert api.list().json["count"] == 0
    assert api.request("PUT", "/__accord__/state", None, json=state).status_code == 204
    assert api.get(made["id"]).json == made


def test_a_conversation_without_them_is_as_ever(api):
    made = api.made(tags=[])
    assert api.get(made["id"]).json == made


FILES = {"attachments": ["https://files.example/a?b=%3C"]}


def test_those_of_a_message_are_kept_and_shown(api):
    made = api.made()
    sent = api.send(made["id"], **FILES, captcha="secret", message_type="mine").json
    assert sent | FILES | {"internal": False} == sent
    assert "captcha" not in sent
    assert sent["message_type"] == "reply"
    plain = api.send(made["id"], internal=True).json
    assert plain["internal"] is True
    assert "attachments" not in plain
    assert api.messages(made["id"]).json["results"] == [sent, plain]
    refused = api.send(made["id"], internal=1)
    assert (refused.status_code, refused.json["detail"].partition(":")[0]) == (400, "internal")


def test_those_of_a_message_are_in_snapshots_and_in_the_state(api):
    made = api.made()
    sent = api.send(made["id"], **FILES).json
    state = api.request("GET", "/__accord__/state", None)
    api.request("PUT", "/__accord__/snapshots/then", None)
    api.request("POST", "/__accord__/reset", None)
    assert api.request("PUT", "/__accord__/state", None, json=state.json).status_code == 204
    assert api.messages(made["id"]).json["results"] == [sent]
    assert api.request("GET", "/__accord__/state", None).data == state.data
    api.request("POST", "/__accord__/snapshots/then/restore", None)
    assert api.messages(made["id"]).json["results"] == [sent]


@pytest.mark.parametrize("where", sample(["ConversationCreate", "Conversation", "MessageCreate", "Message"]))
@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "strange"}, ".type"),
        ({"type": "array", "items": {"minLength": "a"}}, ".items.minLength"),
        ({"enum": "a"}, ".enum"),
        ({"multipleOf": 0}, ".multipleOf"),
        ({"properties": ["a"]}, ".properties"),
        ({"anyOf": {"type": "string"}}, ".anyOf"),
        ({"type": "string", "pattern": "("}, ".pattern"),
        ({"allOf": [{"strange": 1}]}, ".allOf[0]"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_schema_that_is_none_stops_the_start_with_its_place(tmp_path, where, schema, place):
    document = yaml.load(OPENAPI.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    document["components"]["schemas"][where]["properties"]["more"] = schema
    path = tmp_path / "extended.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    with pytest.raises(AccordError) as caught:
        load_contract(path)
    assert f"{path}: #/components/schemas/{where}.properties.more{place} " in str(caught.value)


@pytest.mark.parametrize("schema", [True, {}, {"$ref": "#/components/schemas/Message/properties/body"}])
def test_a_schema_may_say_little(make_api, tmp_path, schema):
    document = yaml.load(OPENAPI.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    for where in ("MessageCreate", "Message"):
        document["components"]["schemas"][where]["properties"]["more"] = schema
    path = tmp_path / "extended.yaml"
    path.write_text(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    api = make_api(spec=path)
    assert api.send(api.made()["id"], more="x").json["more"] == "x"
