"""The control API's own document: valid, and of exactly the routes that there are."""

import re

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.contract.schema import Schema
from mockserver.control.description import DOCUMENT

PREFIX = "/__accord__/"
METHODS = ("get", "put", "post", "patch", "delete")
DESCRIPTION = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
DESCRIBED = {(method, path) for path, item in DESCRIPTION["paths"].items() for method in METHODS if method in item}
READ = {
    (method, path)
    for method, path in DESCRIBED
    if method == "get" and "{" not in path and "200" in DESCRIPTION["paths"][path][method]["responses"]
}


def schema_of(method, path, status):
    """The schema of a response that the document describes."""
    responses = DESCRIPTION["paths"][path][method]["responses"]
    response = responses.get(str(status), responses["default"])
    if "$ref" in response:
        response = DESCRIPTION["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    return Schema(schema, schema, DESCRIPTION["components"]["schemas"])


def test_it_is_served_as_it_is(api):
    response = api.request("GET", "/__accord__/openapi.yaml", key=None)
    assert (response.status_code, response.content_type) == (200, "application/yaml")
    assert response.data == DOCUMENT.read_bytes()


def test_it_is_valid():
    OpenAPIV31SpecValidator(DESCRIPTION).validate()
    ids = [DESCRIPTION["paths"][path][method]["operationId"] for method, path in DESCRIBED]
    assert len(ids) == len(set(ids))


def test_it_describes_exactly_the_routes(api):
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in api.app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert routes == DESCRIBED


@pytest.mark.parametrize(("method", "path"), sorted(READ))
def test_what_is_read_is_as_described(api, method, path):
    api.made()
    api.create(key=None)
    response = api.request("GET", path, key=None)
    assert response.status_code == 200
    if response.content_type == "application/json":
        assert schema_of(method, path, 200).violations(response.json) == []


@pytest.mark.parametrize(("method", "path"), sorted(DESCRIBED))
def test_refusals_are_as_described(api, method, path):
    """The request comes from a page that may not send it."""
    url = path.replace("{", "").replace("}", "")
    response = api.request(method.upper(), url, key=None, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 403
    assert schema_of(method, path, 403).violations(response.json) == []
