"""Which words of OpenAPI 3.1 and of JSON Schema this mock honours.

Ignoring a word would quietly weaken the contract, and a misspelt one would never be noticed: every other word is an error.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from accord.base.errors import AccordError
from mockserver.contract.schema import is_pattern

_KEYWORDS = {
    "document": "openapi info jsonSchemaDialect servers paths webhooks components security tags externalDocs",
    "path": "summary description parameters servers get put post delete options head patch trace",
    "operation": "tags summary description externalDocs operationId parameters requestBody responses security servers",
    "parameter": "$ref name in description required schema example examples",
    "body": "$ref description content required",
    "media": "schema example examples",
    "response": "$ref summary description headers content links",
    "header": "$ref description required deprecated schema example examples",
    "link": "$ref operationRef operationId parameters requestBody description server",
    "components": "schemas responses parameters examples requestBodies headers securitySchemes links",
    "scheme": "$ref type description name in scheme bearerFormat",
    "schema": (
        "$ref $comment title description default deprecated readOnly writeOnly example examples externalDocs "
        "type enum const format minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf "
        "items prefixItems contains minContains maxContains minItems maxItems uniqueItems "
        "properties patternProperties additionalProperties propertyNames required minProperties maxProperties "
        "dependentRequired dependentSchemas unevaluatedProperties unevaluatedItems "
        "allOf anyOf oneOf not if then else"
    ),
}
KEYWORDS: Mapping[str, frozenset[str]] = {kind: frozenset(words.split()) for kind, words in _KEYWORDS.items()}

_SCHEMA_IN = (
    "items",
    "contains",
    "additionalProperties",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "not",
    "if",
)
_SCHEMAS_IN_LIST = ("prefixItems", "allOf", "anyOf", "oneOf")
_SCHEMAS_IN_MAP = ("properties", "patternProperties", "dependentSchemas")


def check_keywords(node: Mapping[str, Any], kind: str, place: str) -> None:
    """Raise AccordError naming the place if the node, an object of that kind, has a word that is not honoured.

    Words beginning with `x-` are OpenAPI extensions: a tool that does not know them must ignore them.
    """
    if not isinstance(node, Mapping):
        raise AccordError(f"{place} is not an object.", "Correct the contract document.")
    known = KEYWORDS[kind]
    for word in node:
        if word not in known and not str(word).startswith("x-"):
            raise AccordError(
                f"{place} has the unknown keyword {word!r}.",
                f"Correct it or take it out; a {kind} may have: {', '.join(sorted(known))}.",
            )


def check_schema(schema: Any, place: str) -> None:
    """Raise AccordError if the schema, or one inside it, has a word that is not honoured. References are not followed."""
    if isinstance(schema, bool):
        return
    check_keywords(schema, "schema", place)
    if not is_pattern(schema.get("pattern", "")):
        raise AccordError(f"{place}.pattern is no regular expression.", "Correct the contract document.")
    for inner, where in _inner_schemas(schema):
        check_schema(inner, f"{place}.{where}")


def references_of(schema: Any) -> Iterable[str]:
    """Every `$ref` in the schema and the ones inside it."""
    if isinstance(schema, bool):
        return
    if "$ref" in schema:
        yield schema["$ref"]
    for inner, _ in _inner_schemas(schema):
        yield from references_of(inner)


def _inner_schemas(schema: Mapping[str, Any]) -> Iterable[tuple[Any, str]]:
    for word in (*_SCHEMA_IN, "then", "else"):
        if word in schema:
            yield schema[word], word
    for word in _SCHEMAS_IN_LIST:
        found = schema.get(word, ())
        # A value of another type holds no schemas. That it is wrong is reported by `unusable`.
        for index, inner in enumerate(found if isinstance(found, list) else ()):
            yield inner, f"{word}[{index}]"
    for word in _SCHEMAS_IN_MAP:
        found = schema.get(word, {})
        for name, inner in found.items() if isinstance(found, Mapping) else ():
            yield inner, f"{word}.{name}"
