"""spec/openapi.yaml is a good OpenAPI document: valid, true to its own examples, and of the keywords that the mock knows."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from werkzeug.test import Client

from accord.base import assets
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED

BASE_URI = "urn:accord:openapi"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
BOTH_TIERS = {(scheme, tier) for scheme in ("apiKey", "bearerKey") for tier in ("server", "client")}
SERVER_ONLY = {(scheme, "server") for scheme in ("apiKey", "bearerKey")}

# Keywords whose value is a map of schemas, a list of schemas, or one schema.
SCHEMA_MAPS = ("properties",)
SCHEMA_LISTS = ("oneOf", "anyOf", "allOf")
SCHEMA_SINGLES = ("items", "additionalProperties")
# The mock's reader of schemas is strict: it knows only these keywords.
KEYWORDS = {
    *("$ref", "type", "enum", "const", "default", "format", "required", "title", "description", "example", "examples"),
    *("maxLength", "minLength", "minimum", "maximum", "minProperties"),
    *(*SCHEMA_MAPS, *SCHEMA_LISTS, *SCHEMA_SINGLES),
}

Document = dict[str, Any]
Pointer = tuple[str, ...]


@pytest.fixture(scope="module")
def document() -> Document:
    loaded = yaml.safe_load(assets.OPENAPI.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


# --- reading the document ---------------------------------------------------------------------------------------------


def resolve(document: Document, node: Any) -> Any:
    """Return the node that a reference in the document points to. A node that is no reference is returned as it is."""
    while isinstance(node, dict) and "$ref" in node:
        reference = node["$ref"]
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def nodes(node: Any, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Document]]:
    """Yield every object of the document with its pointer, except for the contents of examples."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from nodes(item, (*pointer, str(index)))
    elif isinstance(node, dict):
        yield pointer, node
        for key, item in node.items():
            if not (key in ("value", "example", "default") or (key == "examples" and isinstance(item, list))):
                yield from nodes(item, (*pointer, key))


def operations(document: Document) -> dict[str, tuple[str, str, Document]]:
    """Return method, path and operation by operationId."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def schema_at(document: Document, *pointer: str) -> jsonschema.Draft202012Validator:
    """Return a validator for the schema at a pointer; its references are resolved in the document."""
    registry: Registry[Any] = Registry().with_resource(BASE_URI, DRAFT202012.create_resource(document))
    fragment = "/".join(step.replace("~", "~0").replace("/", "~1") for step in pointer)
    return jsonschema.Draft202012Validator(
        {"$ref": f"{BASE_URI}#/{fragment}"},
        registry=registry,
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def schemas(document: Document) -> Iterator[tuple[Pointer, Document]]:
    """Yield every schema of the document with its pointer, including nested ones."""
    roots = [((*pointer, "schema"), node["schema"]) for pointer, node in nodes(document) if "schema" in node]
    roots += [(("components", "schemas", name), schema) for name, schema in document["components"]["schemas"].items()]
    while roots:
        pointer, schema = roots.pop()
        yield pointer, schema
        for keyword in SCHEMA_MAPS:
            roots += [((*pointer, keyword, name), inner) for name, inner in schema.get(keyword, {}).items()]
        for keyword in SCHEMA_LISTS:
            roots += [((*pointer, keyword, str(i)), inner) for i, inner in enumerate(schema.get(keyword, []))]
        roots += [((*pointer, key), schema[key]) for key in SCHEMA_SINGLES if isinstance(schema.get(key), dict)]


def examples(document: Document) -> Iterator[tuple[Pointer, Pointer, Any]]:
    """Yield every example and every default: its pointer, the pointer of its schema, and its value."""
    for pointer, node in nodes(document):
        if "schema" not in node:
            continue
        schema = (*pointer, "schema")
        if "example" in node:
            yield (*pointer, "example"), schema, node["example"]
        for name, example in node.get("examples", {}).items():
            yield (*pointer, "examples", name), schema, resolve(document, example)["value"]
    for pointer, node in schemas(document):
        for index, value in enumerate(node.get("examples", [])):
            yield (*pointer, "examples", str(index)), pointer, value
        if "default" in node:
            yield (*pointer, "default"), pointer, node["default"]


def untrue_examples(document: Document) -> list[str]:
    return [
        f"{'/'.join(where)}: {error.json_path} {error.message}"
        for where, schema, value in examples(document)
        for error in schema_at(document, *schema).iter_errors(value)
    ]


# --- valid, and true to itself ----------------------------------------------------------------------------------------


def test_it_is_valid_openapi(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_every_example_and_default_is_valid_against_its_schema(document: Document) -> None:
    assert len(list(examples(document))) > 60
    assert untrue_examples(document) == []


@pytest.mark.parametrize(
    ("example", "member", "value"),
    [
        ("CreateOrder", "priority", "asap"),
        ("ConversationDocumented", "created_at", "yesterday"),
        ("ConversationClosed", "status", "resolved"),
        ("WebhookMessageCreated", "event", "message.deleted"),
    ],
)
def test_an_untrue_example_is_found(document: Document, example: str, member: str, value: str) -> None:
    broken = copy.deepcopy(document)
    broken["components"]["examples"][example]["value"][member] = value
    assert untrue_examples(broken) != []


def test_every_component_is_used(document: Document) -> None:
    # Everything is referenced by $ref, except security schemes: security requirements name them by their keys.
    used = {node["$ref"] for _, node in nodes(document) if "$ref" in node}
    defined = {
        f"#/components/{kind}/{name}"
        for kind, members in document["components"].items()
        if kind != "securitySchemes"
        for name in members
    }
    assert defined == used


def test_schemas_use_only_keywords_that_the_mock_knows(document: Document) -> None:
    unknown = {(*pointer, key) for pointer, schema in schemas(document) for key in schema if key not in KEYWORDS}
    assert unknown == set()


def test_no_schema_refuses_members_that_it_does_not_list(document: Document) -> None:
    assert [pointer for pointer, schema in schemas(document) if schema.get("additionalProperties") is False] == []


def test_every_choice_that_it_names_is_in_the_catalogue_and_the_other_way_round(document: Document) -> None:
    named = set(re.findall(r"choice\s+`(\w+)`", json.dumps(document).replace("\\n", " ")))
    assert named == set(yaml.safe_load(assets.CHOICES.read_text(encoding="utf-8")))


def test_no_plain_text_in_braces_has_a_colon() -> None:
    """Dredd's YAML reader takes such a text for another member, although YAML 1.2 does not."""
    depth, found = 0, []
    for token in yaml.scan(assets.OPENAPI.read_text(encoding="utf-8")):
        depth += isinstance(token, yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken)
        depth -= isinstance(token, yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken)
        if depth and isinstance(token, yaml.ScalarToken) and token.plain and ":" in token.value:
            found.append(token.value)
    assert found == []


def test_titles_are_given_once(document: Document) -> None:
    """Generators name classes after titles: of two schemas with the same title, one is lost."""
    titles = [schema["title"] for _, schema in schemas(document) if "title" in schema]
    assert sorted(titles) == sorted(set(titles))


def test_every_schema_says_its_type(document: Document) -> None:
    """Generators accept any value where a schema has no type."""
    untyped = [
        pointer
        for pointer, schema in schemas(document)
        if not schema.keys() & {"type", "$ref", *SCHEMA_LISTS} and pointer[-1] != "CreatedMessage"
    ]
    assert untyped == []


@pytest.mark.parametrize("number", range(3))
def test_a_first_try_with_its_own_examples_works_against_the_mock(document: Document, number: int) -> None:
    """Send what Swagger UI fills in before a click on Execute: each parameter's example, and one example of the body."""
    client, keys = Client(create_app()), StandardKeys.of(DEFAULT_SEED)
    for name, (method, path, operation) in operations(document).items():
        shared = document["paths"][path].get("parameters", [])
        parameters = [resolve(document, one) for one in [*shared, *operation.get("parameters", [])]]
        query = {one["name"]: one["example"] for one in parameters if one["in"] == "query"}
        where = path.replace("{id}", next((one["example"] for one in parameters if one["in"] == "path"), ""))
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        bodies = [resolve(document, one)["value"] for one in content.get("examples", {}).values()] or [None]
        options = {"query_string": query, "headers": {"X-API-Key": keys.server}, "method": method}
        answered = client.open(where, json=bodies[number % len(bodies)], **options)
        assert 200 <= answered.status_code < 300, (name, answered.data)
        assert answered.json.get("results", True), f"{name} shows nothing"


# --- the operations ---------------------------------------------------------------------------------------------------


def test_it_has_the_documented_operations_with_their_tiers(document: Document) -> None:
    conversations = "/api/v1/conversations/"
    found = {
        name: (method, path, {(scheme, tier) for entry in operation["security"] for scheme, (tier,) in entry.items()})
        for name, (method, path, operation) in operations(document).items()
    }
    assert found == {
        "createConversation": ("POST", f"{conversations}create/", BOTH_TIERS),
        "listConversations": ("GET", conversations, BOTH_TIERS),
        "getConversation": ("GET", f"{conversations}{{id}}/", BOTH_TIERS),
        "listMessages": ("GET", f"{conversations}{{id}}/messages/", BOTH_TIERS),
        "createMessage": ("POST", f"{conversations}{{id}}/messages/create/", BOTH_TIERS),
        "resolveConversation": ("POST", f"{conversations}{{id}}/resolve/", SERVER_ONLY),
    }


def test_every_answer_says_where_it_stands_and_what_json_it_holds(document: Document) -> None:
    for name, (_, _, operation) in operations(document).items():
        for status, reference in operation["responses"].items():
            response = resolve(document, reference)
            assert re.search(r"\*(Documented|Companion|Implied|Left open)\b", response["description"]), (name, status)
            expected = {"application/json"} if status < "300" else {"application/json", "application/problem+json"}
            assert set(response["content"]) == expected, (name, status)
            assert ("Retry-After" in response.get("headers", {})) == (status in ("429", "503")), (name, status)


def test_every_link_leads_to_an_operation_by_its_own_parameters(document: Document) -> None:
    known = operations(document)
    followed = set()
    for source, (_, path, operation) in known.items():
        for reference in operation["responses"].values():
            for link in resolve(document, reference).get("links", {}).values():
                target = resolve(document, link)
                assert target["parameters"].keys() == {"id"}
                assert "{id}" in known[target["operationId"]][1]
                assert target["parameters"]["id"] == "$response.body#/id" or "{id}" in path
                followed.add((source, target["operationId"]))
    assert {target for _, target in followed} == known.keys() - {"createConversation", "listConversations"}


# --- what the schemas of answers accept, and what they do not ---------------------------------------------------------

CONVERSATION: Document = {
    "id": "a1b2c3d4-...",
    "number": 42,
    "subject": "Help with order #1234",
    "status": "open",
    "priority": "normal",
    "channel": "web",
    "metadata": {},
    "requester": {"email": "customer@example.com", "first_name": "Jane", "last_name": "Doe"},
    "created_at": "2026-02-26T10:00:00Z",
    "updated_at": "2026-02-26T10:00:00Z",
}
MESSAGE: Document = {
    "id": "m1-uuid",
    "sender_email": "customer@example.com",
    "body": "I need help with my order",
    "message_type": "reply",
    "created_at": "2026-02-26T10:00:00Z",
}
PAGE: Document = {"count": 0, "results": []}
BASES = {"Conversation": CONVERSATION, "Message": MESSAGE, "ConversationPage": PAGE, "MessagePage": PAGE}


@pytest.mark.parametrize(
    ("schema", "changes"),
    [
        ("Conversation", {}),
        ("Conversation", {"requester": None}),
        ("Conversation", {"requester": {"email": None, "first_name": None, "last_name": None}}),
        ("Conversation", {"requester": {"email": "", "first_name": "", "last_name": ""}}),
        ("Conversation", {"requester": {"email": "anon-7@invalid", "first_name": "", "last_name": None, "id": 7}}),
        ("Conversation", {"metadata": {"deep": [{"nothing": None}], "": {}}}),
        ("Conversation", {"number": 42.0}),
        ("Conversation", {"subject": ""}),
        ("Conversation", {"created_at": "2026-02-26T10:00:00.123456+00:00", "updated_at": "2026-02-26T15:30:01+05:30"}),
        ("Conversation", {"assignee": None, "url": "https://helpdesk.example/42"}),
        ("Message", {"sender_email": None}),
        ("Message", {"message_type": "note", "attachments": []}),
        ("ConversationPage", {"next": None, "previous": None}),
        ("ConversationPage", {"count": 7, "results": [CONVERSATION]}),
        ("MessagePage", {"count": 3, "results": [MESSAGE, MESSAGE]}),
    ],
)
def test_an_answer_may_be(document: Document, schema: str, changes: Document) -> None:
    schema_at(document, "components", "schemas", schema).validate(BASES[schema] | changes)


@pytest.mark.parametrize(
    ("schema", "changes"),
    [
        ("Conversation", {"id": 42}),
        ("Conversation", {"id": ""}),
        ("Conversation", {"number": "42"}),
        ("Conversation", {"number": True}),
        ("Conversation", {"subject": None}),
        ("Conversation", {"status": "new"}),
        ("Conversation", {"priority": "medium"}),
        ("Conversation", {"channel": None}),
        ("Conversation", {"metadata": None}),
        ("Conversation", {"metadata": "{}"}),
        ("Conversation", {"requester": "customer@example.com"}),
        ("Conversation", {"requester": {"email": "customer@example.com"}}),
        ("Conversation", {"created_at": "2026-02-26T10:00:00"}),
        ("Conversation", {"updated_at": 1772100000}),
        ("Message", {"id": ""}),
        ("Message", {"sender_email": 7}),
        ("Message", {"body": None}),
        ("Message", {"message_type": None}),
        ("Message", {"created_at": "2026-02-26"}),
        ("ConversationPage", {"count": -1}),
        ("ConversationPage", {"count": None}),
        ("ConversationPage", {"results": {}}),
        ("MessagePage", {"results": [CONVERSATION]}),
    ],
)
def test_an_answer_may_not_be(document: Document, schema: str, changes: Document) -> None:
    assert not schema_at(document, "components", "schemas", schema).is_valid(BASES[schema] | changes)


@pytest.mark.parametrize("schema", BASES)
def test_every_documented_member_of_an_answer_is_required(document: Document, schema: str) -> None:
    validator = schema_at(document, "components", "schemas", schema)
    for member in BASES[schema]:
        assert not validator.is_valid({key: value for key, value in BASES[schema].items() if key != member}), member
