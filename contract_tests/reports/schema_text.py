"""A JSON Schema of the contract document in the words of a table: its type, and its limits."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` refers to, with the members beside it; any other node as it is."""
    if "$ref" not in node:
        return node
    target: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**resolved(document, target), **{name: value for name, value in node.items() if name != "$ref"}}


def type_text(schema: Schema) -> str:
    """The type of a value, such as `string or null`, or the name of the schema that describes it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in schema:
        return " or ".join(type_text(option) for option in schema["oneOf"])
    types = schema.get("type", "any value")
    if types == "array":
        return f"array of {type_text(schema['items'])}"
    return " or ".join(types) if isinstance(types, list) else str(types)


def limits_text(document: Mapping[str, Any], schema: Schema) -> str:
    """What a value of this type is limited to, such as `1 to 100, default 20`."""
    return ", ".join(_limits(resolved(document, schema)))


def _limits(schema: Schema) -> Iterator[str]:
    if len(schema.get("enum", ())) == 1:
        yield f"always `{schema['enum'][0]}`"
    elif "enum" in schema:
        yield "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        yield f"always `{schema['const']}`"
    if "maxLength" in schema:
        yield f"at most {schema['maxLength']} characters"
    if schema.get("minLength"):
        yield "not empty"
    if "maximum" in schema:
        yield f"{schema.get('minimum', 0)} to {schema['maximum']}"
    elif "minimum" in schema:
        yield f"at least {schema['minimum']}"
    if "format" in schema:
        yield "RFC 3339" if schema["format"] == "date-time" else schema["format"]
    if "default" in schema:
        yield f"default `{_literal(schema['default'])}`"


def _literal(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
