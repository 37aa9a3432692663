"""The contract document (OpenAPI 3.1) as frozen facts: operations, parameters, bodies, tiers, schemas.

Everything that the mock knows about the API comes through here: an edited document changes what it does, without a change
of code.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from accord.base.assets import OPENAPI
from accord.base.errors import AccordError
from mockserver.contract.keywords import check_keywords
from mockserver.contract.responses import DocumentedResponse, read_responses
from mockserver.contract.schema import Schema
from mockserver.contract.walker import Walker
from mockserver.contract.webhooks import Webhook, read_webhooks
from mockserver.yaml_files import read_yaml, version_of

_SUCCESS = re.compile(r"2\d\d")
_IN_PATH = re.compile(r"\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_]\w*")
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
    documented 2xx statuses, ascending. `final_status` is the status in which the conversation of the response is documented to
    be (a `const`, or an `enum` of one, in the response's schema), or None. `in_path` are the parameters of the path. `response` is
    the schema of a success, `responses` are all documented responses by status (`200`, `4XX`, `default`).
    """

    id: str
    method: str
    path: str
    summary: str
    query: tuple[Parameter, ...]
    body: Body | None
    tiers: Mapping[str, frozenset[str]]
    successes: tuple[int, ...]
    response: Schema | None
    responses: Mapping[str, DocumentedResponse]
    final_status: str | None
    in_path: tuple[Parameter, ...]

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
    webhooks: Mapping[str, Webhook]

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations.values())

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id. Raises AccordError if the document has none."""
        if operation_id not in self.operations:
            raise AccordError(f"{self.source} has no operation {operation_id}.", "The mock needs all six operations.")
        return self.operations[operation_id]

    @cached_property
    def statuses(self) -> tuple[str, ...] | None:
        """The statuses that a conversation may have; None if the document does not list them."""
        status = self.conversation.facts["properties"].get("status", {})
        found = self.components.get(str(status.get("$ref", "")).rpartition("/")[2], status).get("enum")
        return None if found is None else tuple(found)

    @cached_property
    def conversation(self) -> Schema:
        """The schema of a conversation in a response."""
        return self._component("Conversation")

    @cached_property
    def message(self) -> Schema:
        """The schema of a message in a response."""
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
    version = version_of(path)
    return _read(path) if version is None else _read_before(path, version)


@lru_cache(maxsize=8)
def _read_before(path: Path, _version: object) -> Contract:
    """Read the document once for all applications of a process, as tests make many."""
    return _read(path)


def _read(path: Path) -> Contract:
    document = read_yaml(path, "contract document")
    if not isinstance(document, dict):
        raise AccordError(f"The contract document {path} is not an object.", "It should be OpenAPI 3.1.")
    return _Reader(document, str(path)).contract()


class _Reader(Walker):
    """Reads the operations of one document. Lives only while it is read."""

    def contract(self) -> Contract:
        check_keywords(self.document, "document", self.source)
        check_keywords(self.document.get("components", {}), "components", self.place("components"))
        if not str(self.document.get("openapi", "")).startswith("3.1."):
            raise self.error("openapi", "is not 3.1.x")
        operations: dict[str, Operation] = {}
        for operation in self.operations():
            if operation.id in operations:
                raise self.error(f"{operation.method} {operation.path}", f"has the operationId {operation.id} of another operation")
            operations[operation.id] = operation
        webhooks = read_webhooks(self, self.document.get("webhooks", {}))
        return Contract(self.source, MappingProxyType(operations), self.schemes(), self.components, webhooks)

    def operations(self) -> Iterator[Operation]:
        for path, item in self.document.get("paths", {}).items():
            check_keywords(item, "path", self.place(path))
            if not all(_NAME.fullmatch(name) for name in _IN_PATH.findall(path)):
                raise self.error(path, "has a parameter whose name is not made of letters, digits and _")
            for method in _METHODS:
                if method in item:
                    yield self.operation(path, method, item)

    def operation(self, path: str, method: str, item: Mapping[str, Any]) -> Operation:
        place = f"{method.upper()} {path}"
        node = item[method]
        check_keywords(node, "operation", self.place(place))
        if "operationId" not in node:
            raise self.error(place, "has no operationId")
        responses = read_responses(self, node.get("responses", {}), place)
        successes = {int(status): found.schema for status, found in responses.items() if _SUCCESS.fullmatch(status)}
        if not successes:
            raise self.error(place, "documents no success")
        parameters = tuple(self.parameters([*item.get("parameters", ()), *node.get("parameters", ())], place))
        response = next((schema for schema in successes.values() if schema is not None), None)
        return Operation(
            id=node["operationId"],
            method=method.upper(),
            path=path,
            summary=node.get("summary", ""),
            query=tuple(parameter for where, parameter in parameters if where == "query"),
            body=self.body(node["requestBody"], f"{place} requestBody") if "requestBody" in node else None,
            tiers=self.tiers(node.get("security", self.document.get("security", [])), place),
            successes=tuple(sorted(successes)),
            response=response,
            responses=responses,
            final_status=self.constant(response.facts, "status", place) if response else None,
            in_path=tuple(parameter for where, parameter in parameters if where == "path"),
        )

    def parameters(self, nodes: list[Any], place: str) -> Iterator[tuple[str, Parameter]]:
        """Yield where each parameter is, `query` or `path`, and the parameter."""
        for node in nodes:
            parameter = self.resolve(node, place)
            where = f"{place} parameter {parameter.get('name', '?')}"
            check_keywords(parameter, "parameter", self.place(where))
            if parameter.get("in") not in ("query", "path"):
                raise self.error(where, f"is in {parameter.get('in')!r}, and the mock knows path and query only")
            if not isinstance(parameter.get("name"), str):
                raise self.error(where, "has no name")
            schema = self.schema(parameter.get("schema", {}), where)
            yield parameter["in"], Parameter(parameter["name"], bool(parameter.get("required", False)), schema)

    def body(self, node: Any, place: str) -> Body:
        body = self.resolve(node, place)
        check_keywords(body, "body", self.place(place))
        schema = self.media_schema(body.get("content", {}), place)
        if schema is None:
            raise self.error(place, "has no schema for application/json")
        members = {name: self.member(one, f"{place} {name}") for name, one in schema.facts.get("properties", {}).items()}
        return Body(
            required=bool(body.get("required", False)),
            schema=schema,
            members=MappingProxyType(members),
            required_members=frozenset(schema.facts.get("required", ())),
        )

    def member(self, schema: Any, place: str) -> Mapping[str, Any]:
        """Return the facts of a member: none for a boolean schema, which allows anything or nothing."""
        return {} if isinstance(schema, bool) else self.resolve(schema, place)

    def constant(self, facts: Mapping[str, Any], member: str, place: str) -> str | None:
        """The only value of a member, by its `const` or an `enum` of one, in the schema itself or in one of its `allOf`."""
        properties = facts.get("properties", {})
        if member in properties:
            found = self.resolve(properties[member], place)
            values = [found["const"]] if "const" in found else found.get("enum", ())
            if len(values) == 1:
                return str(values[0])
        for part in facts.get("allOf", ()):
            value = self.constant(self.resolve(part, place), member, place)
            if value is not None:
                return value
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
