"""Members that a vendor's document adds to conversations: checked, kept and shown, in every store."""

import pytest
import yaml

from accord.base.assets import OPENAPI
from mockserver.contract.document import load_contract

ADDED = {
    "tags": {"type": "array", "items": {"type": "string"}, "default": []},
    "due_at": {"type": ["string", "null"], "format": "date-time"},
    "order": {"type": "object", "properties": {"number": {"type": "integer"}}},
}


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    document = yaml.load(OPENAPI.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    schemas = document["components"]["schemas"]
    schemas["ConversationCreate"]["properties"] |= {**ADDED, "captcha": {"type": "string"}, "status": {"type": "string"}}
    schemas["Conversation"]["properties"] |= ADDED
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
