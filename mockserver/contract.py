"""The contract document (OpenAPI 3.1) as frozen facts: operations, parameters, bodies, tiers, schemas.

Everything that the mock knows about the API comes through here: an edited document changes what it does, without a change
of code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from accord.assets import OPENAPI
from accord.errors import AccordError
from mockserver.keywords import check_keywords, check_schema, references_of
from mockserver.schema import Schema
from mockserver.yaml_files import read_yaml

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a path or of a query string."""

    name: str
    required: bool
    schema: Schema

    @property
    def type(self) -> str:
        """The documented JSON type: `integer`, `string`."""
        return str(self.schema.facts.get("type", "string"))

    @property
    def default(self) -> Any:
        """The documented default, or None."""
        return self.schema.facts.get("default")

    @property
    def maximum(self) -> int | None:
        """The documented maximum, or None."""
        return self.schema.facts.get("maximum")


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON body of a request: its schema, and its members as the document lists them (references merged in)."""

    required: bool
    schema: Schema
    members: Mapping[str, Mapping[str, Any]]
    required_members: frozenset[str]

    def default(self, member: str) -> Any:
        """The documented default of a member, or None."""
        return self.members[member].get("default") if member in self.members else None


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation.

    `tiers` says which kinds of key may call it, for each way of sending a key (`{"apiKey": {"server"}, …}`). `successes` are the
    documented 2xx statuses, ascending. `final_status` is the status in which the answered conversation is documented to be (a
    `const` of the answer's schema), or None.
    """

    id: str
    method: str
    path: str
    summary: str
    query: tuple[Parameter, ...]
    body: Body | None
    tiers: Mapping[str, frozenset[str]]
    successes: tuple[int, ...]
    answer: Schema | None
    final_status: str | None

    def parameter(self, name: str) -> Parameter | None:
        """The query parameter of that name, or None."""
        return next((parameter for parameter in self.query if parameter.name == name), None)


@dataclass(frozen=True, slots=True)
class KeyScheme:
    """A way of sending a key: in the header, after `prefix` (`Bearer`) where there is one."""

    name: str
    header: str
    prefix: str | None


@dataclass(frozen=True)
class Contract:
    """The whole document, as far as the mock follows it."""

    source: str
    operations: Mapping[str, Operation]
    schemes: tuple[KeyScheme, ...]
    components: Mapping[str, Any]

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations.values())

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id. Raises AccordError if the document has none."""
        if operation_id not in self.operations:
            raise AccordError(f"{self.source} has no operation {operation_id}.", "The mock needs all six operations.")
        return self.operations[operation_id]

    @cached_property
    def conversation(self) -> Schema:
        """The schema of a conversation in an answer."""
        return self._component("Conversation")

    @cached_property
    def message(self) -> Schema:
        """The schema of a message in an answer."""
        return self._component("Message")

    def _component(self, name: str) -> Schema:
        if name not in self.components:
            raise AccordError(f"{self.source} has no schema {name}.", "The mock validates its scenarios by it.")
        return Schema({"$ref": f"#/components/schemas/{name}"}, self.components[name], self.components)


def load_contract(path: str | Path | None = None) -> Contract:
    """Read the contract document at the path, by default the one of this distribution.

    Raises AccordError, naming the place, for a file that cannot be read and for anything in it that the mock does not understand.
    """
    path = Path(path or OPENAPI)
    document = read_yaml(path, "contract document")
    if not isinstance(document, dict):
        raise AccordError(f"The contract document {path} is not an object.", "It should be OpenAPI 3.1.")
    return _Reader(document, str(path)).contract()


class _Reader:
    """Walks over the parts of one document that the mock uses. Lives only while it is read."""

    def __init__(self, document: dict[str, Any], source: str) -> None:
        self.document = document
        self.source = source
        self.components: dict[str, Any] = document.get("components", {}).get("schemas", {})
        self.checked: set[str] = set()

    def contract(self) -> Contract:
        check_keywords(self.document, "document", self.source)
        if not str(self.document.get("openapi", "")).startswith("3.1."):
            raise self.error("openapi", "is not 3.1.x")
        operations = {operation.id: operation for operation in self.operations()}
        return Contract(self.source, MappingProxyType(operations), self.schemes(), self.components)

    def error(self, place: str, problem: str) -> AccordError:
        return AccordError(f"{self.source}: {place} {problem}.", "Correct the contract document.")

    def place(self, place: str) -> str:
        return f"{self.source}: {place}"

    def resolve(self, node: Mapping[str, Any], place: str) -> Mapping[str, Any]:
        """The node with what its `$ref` leads to merged in; its own members come first, as OpenAPI 3.1 has it."""
        hops = 0
        while "$ref" in node:
            reference = node["$ref"]
            own = {name: value for name, value in node.items() if name != "$ref"}
            node = {**self.target(reference, place), **own}
            hops += 1
            if hops > 20:
                raise self.error(place, f"refers to itself through {reference}")
        return node

    def target(self, reference: Any, place: str) -> Mapping[str, Any]:
        node: Any = self.document
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise self.error(place, f"refers to {reference!r}, which is outside the document")
        for step in reference[2:].split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or step not in node:
                raise self.error(place, f"refers to {reference}, which does not exist")
            node = node[step]
        if not isinstance(node, dict):
            raise self.error(place, f"refers to {reference}, which is not an object")
        return node

    def operations(self) -> Iterator[Operation]:
        for path, item in self.document.get("paths", {}).items():
            check_keywords(item, "path", self.place(path))
            for method in _METHODS:
                if method in item:
                    yield self.operation(path, method, item)

    def operation(self, path: str, method: str, item: Mapping[str, Any]) -> Operation:
        place = f"{method.upper()} {path}"
        node = item[method]
        check_keywords(node, "operation", self.place(place))
        if "operationId" not in node:
            raise self.error(place, "has no operationId")
        answers = self.answers(node.get("responses", {}), place)
        parameters = [*item.get("parameters", ()), *node.get("parameters", ())]
        answer = next((schema for schema in answers.values() if schema is not None), None)
        return Operation(
            id=node["operationId"],
            method=method.upper(),
            path=path,
            summary=node.get("summary", ""),
            query=tuple(self.query_parameters(parameters, place)),
            body=self.body(node["requestBody"], f"{place} requestBody") if "requestBody" in node else None,
            tiers=self.tiers(node.get("security", self.document.get("security", [])), place),
            successes=tuple(sorted(answers)),
            answer=answer,
            final_status=self.constant(answer.facts, "status", place) if answer else None,
        )

    def query_parameters(self, nodes: list[Any], place: str) -> Iterator[Parameter]:
        for node in nodes:
            parameter = self.resolve(node, place)
            where = f"{place} parameter {parameter.get('name', '?')}"
            check_keywords(parameter, "parameter", self.place(where))
            if parameter.get("in") == "query":
                schema = self.schema(parameter.get("schema", {}), where)
                yield Parameter(parameter["name"], bool(parameter.get("required", False)), schema)
            elif parameter.get("in") != "path":
                raise self.error(where, f"is in {parameter.get('in')!r}, and the mock knows path and query only")

    def body(self, node: Any, place: str) -> Body:
        body = self.resolve(node, place)
        check_keywords(body, "body", self.place(place))
        schema = self.media_schema(body.get("content", {}), place)
        if schema is None:
            raise self.error(place, "has no schema for application/json")
        members = {name: self.resolve(member, f"{place} {name}") for name, member in schema.facts.get("properties", {}).items()}
        return Body(
            required=bool(body.get("required", False)),
            schema=schema,
            members=MappingProxyType(members),
            required_members=frozenset(schema.facts.get("required", ())),
        )

    def answers(self, responses: Mapping[str, Any], place: str) -> dict[int, Schema | None]:
        """The schemas of the documented successes by status."""
        found: dict[int, Schema | None] = {}
        for status, node in responses.items():
            if str(status).startswith("2") and str(status).isdigit():
                response = self.resolve(node, f"{place} {status}")
                check_keywords(response, "response", self.place(f"{place} {status}"))
                found[int(status)] = self.media_schema(response.get("content", {}), f"{place} {status}")
        if not found:
            raise self.error(place, "documents no success")
        return found

    def media_schema(self, content: Mapping[str, Any], place: str) -> Schema | None:
        media = content.get("application/json")
        if media is None:
            return None
        check_keywords(media, "media", self.place(place))
        return self.schema(media.get("schema", {}), place)

    def schema(self, node: Mapping[str, Any], place: str) -> Schema:
        self.check(node, place)
        try:
            return Schema(node, self.resolve(node, place), self.components)
        except ValueError as error:
            raise self.error(place, f"has a schema that cannot be used: {str(error).splitlines()[0]}") from error

    def check(self, node: Any, place: str) -> None:
        """Check the words of a schema and of all that it refers to, each component once."""
        check_schema(node, self.place(place))
        for reference in references_of(node):
            if reference not in self.checked:
                self.checked.add(reference)
                self.check(self.target(reference, place), str(reference))

    def constant(self, facts: Mapping[str, Any], member: str, place: str) -> str | None:
        """The `const` of a member, in the schema itself or in one of its `allOf`."""
        properties = facts.get("properties", {})
        if member in properties:
            value = self.resolve(properties[member], place).get("const")
            if value is not None:
                return str(value)
        for part in facts.get("allOf", ()):
            found = self.constant(self.resolve(part, place), member, place)
            if found is not None:
                return found
        return None

    def tiers(self, security: list[Any], place: str) -> Mapping[str, frozenset[str]]:
        tiers: dict[str, frozenset[str]] = {}
        known = self.document.get("components", {}).get("securitySchemes", {})
        for alternative in security:
            if len(alternative) != 1:
                raise self.error(f"{place} security", "asks for none or several keys at once, which the mock does not know")
            for scheme, roles in alternative.items():
                if scheme not in known:
                    raise self.error(f"{place} security", f"names the unknown scheme {scheme!r}")
                tiers[scheme] = tiers.get(scheme, frozenset()) | frozenset(roles)
        if not tiers:
            raise self.error(f"{place} security", "is missing")
        return MappingProxyType(tiers)

    def schemes(self) -> tuple[KeyScheme, ...]:
        found = []
        for name, node in self.document.get("components", {}).get("securitySchemes", {}).items():
            place = f"components.securitySchemes.{name}"
            scheme = self.resolve(node, place)
            check_keywords(scheme, "scheme", self.place(place))
            if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
                found.append(KeyScheme(name, scheme["name"], None))
            elif scheme.get("type") == "http" and str(scheme.get("scheme", "")).lower() == "bearer":
                found.append(KeyScheme(name, "Authorization", "Bearer"))
            else:
                raise self.error(place, "is neither a key in a header nor a bearer key")
        return tuple(found)
