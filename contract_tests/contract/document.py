"""The contract as the suite reads it: operations, tiers, limits, enumerations and answer schemas of spec/openapi.yaml."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from accord.base.assets import OPENAPI
from accord.base.errors import AccordError
from contract_tests.contract.mismatch import Mismatch, within
from contract_tests.contract.operations import CREATE_CONVERSATION, LIST_CONVERSATIONS, OPERATIONS
from contract_tests.contract.timestamps import moment

Schema = Mapping[str, Any]

_OF_VALUES = frozenset({"enum", "const", "minLength", "maxLength", "pattern", "minimum", "maximum"})
"""What a schema says of a value beyond its type."""


@dataclass(frozen=True)
class Operation:
    """One documented operation. `path` holds `{id}` where it has one; `request` is the schema of its body."""

    id: str
    method: str
    path: str
    tiers: frozenset[str]
    parameters: Mapping[str, Schema]
    request: Schema

    def path_for(self, conversation_id: str) -> str:
        return self.path.replace("{id}", conversation_id)

    @property
    def required(self) -> tuple[str, ...]:
        """The members that a request body must have."""
        return tuple(self.request.get("required", ()))


class Contract:
    """The document, with its references resolved."""

    def __init__(self, document: Mapping[str, Any], sha256: str) -> None:
        self.sha256 = sha256
        self.document = document
        self.operations = {operation.id: operation for operation in _operations(document)}
        absent = [name for name in OPERATIONS if name not in self.operations]
        if absent:
            raise AccordError(f"The contract document lacks the operation {absent[0]}.", "Use a copy of spec/openapi.yaml.")
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._components: dict[str, Schema] = {}

    def __getitem__(self, operation_id: str) -> Operation:
        return self.operations[operation_id]

    @cached_property
    def _create(self) -> Mapping[str, Schema]:
        properties: Mapping[str, Schema] = self[CREATE_CONVERSATION].request["properties"]
        return properties

    @property
    def page_maximum(self) -> int:
        return int(self[LIST_CONVERSATIONS].parameters["limit"]["maximum"])

    @property
    def page_default(self) -> int:
        return int(self[LIST_CONVERSATIONS].parameters["limit"]["default"])

    @property
    def subject_maximum(self) -> int:
        """In characters."""
        return int(self._create["subject"]["maxLength"])

    @property
    def priorities(self) -> tuple[str, ...]:
        return tuple(self._create["priority"]["enum"])

    @property
    def default_priority(self) -> str:
        return str(self._create["priority"]["default"])

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self._create["channel"]["enum"])

    @property
    def statuses(self) -> tuple[str, ...]:
        return tuple(self[LIST_CONVERSATIONS].parameters["status"]["enum"])

    @cached_property
    def conversation_members(self) -> tuple[str, ...]:
        """The documented members of a conversation."""
        return tuple(_component(self.document, "Conversation")["properties"])

    @cached_property
    def message_members(self) -> tuple[str, ...]:
        """The documented members of a message."""
        return tuple(_component(self.document, "Message")["properties"])

    def documented(self, component: str, value: Any) -> Any:
        """Return a value without the members that a component schema does not document: those may change freely."""
        if component not in self._components:
            self._components[component] = _component(self.document, component)
        return _documented(self._components[component], value)

    @property
    def inapplicable(self) -> dict[str, str]:
        """Return what requirements need but this document lacks, with the reason; empty for the documented API."""
        found = {}
        if "user_email" in self[CREATE_CONVERSATION].required:
            found["anonymous_users"] = "The contract document requires user_email."
        if all("client" in operation.tiers for operation in self.operations.values()):
            found["server_only_operations"] = "The contract document lets client keys call every operation."
        if not self.events:
            found["webhook_listen"] = "The contract document has no webhooks."
        return found

    def page_mismatch(
        self, component: str, item: str, page: Mapping[str, Any], own: Callable[[Any], bool] = lambda _: True
    ) -> Mismatch | None:
        """Return why a page, or one of its results, does not conform to the document.

        `own` says which results this run created. Others may have been created in other ways, so only their types are checked.
        """
        results = page.get("results")
        if not isinstance(results, list):
            return self.mismatch(component, page)
        wrong = (found for at, one in enumerate(results) if (found := within(self._item_mismatch(item, one, own), "results", at)))
        return self.mismatch(component, {**page, "results": []}) or next(wrong, None)

    def _item_mismatch(self, item: str, value: Any, own: Callable[[Any], bool]) -> Mismatch | None:
        mismatch = self.mismatch(item, value)
        if mismatch is None or not isinstance(value, dict) or own(value):
            return mismatch
        from contract_tests.contract.schema_errors import schema_mismatch

        return schema_mismatch(_of_any_value(_component(self.document, item)), value)

    @cached_property
    def events(self) -> tuple[str, ...]:
        """The names of the documented events."""
        return tuple(self.document.get("webhooks", {}))

    def event_mismatch(self, event: str, payload: Any) -> Mismatch | None:
        """Why a payload is not what the document says of an event."""
        from contract_tests.contract.schema_errors import schema_mismatch

        if event not in self._components:
            holder = self.document["webhooks"][event]["post"]["requestBody"]
            self._components[event] = _resolve(self.document, _json_schema(self.document, holder))
        return schema_mismatch(self._components[event], payload)

    def mismatch(self, component: str, value: Any) -> Mismatch | None:
        """Why a value is not what the document says of a component schema."""
        if component not in self._validators:
            schema, formats = dict(_component(self.document, component)), {"date-time": _is_date_time}
            self._validators[component] = jsonschema_rs.Draft202012Validator(schema, formats=formats, validate_formats=True)
        # It raises ValueError for text that has no UTF-8, such as half of a surrogate pair.
        with suppress(ValueError):
            if self._validators[component].is_valid(value):
                return None
        # The other validator decides: it is slow to import and a hundred times slower, but explains best what is wrong.
        from contract_tests.contract.schema_errors import schema_mismatch

        return schema_mismatch(_component(self.document, component), value)


@cache
def load_contract(path: Path = OPENAPI) -> Contract:
    """Read a contract document. Raises AccordError where it cannot be read or is not OpenAPI with the six operations."""
    try:
        source = path.read_bytes()
        document = yaml.load(source, Loader=yaml.CSafeLoader)
    except OSError as error:
        raise AccordError(f"The contract {path} cannot be read: {error.strerror}.", "Check --spec.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise AccordError(f"The contract {path} is not YAML: {error}.", "Check --spec.") from error
    try:
        contract = Contract(document, hashlib.sha256(source).hexdigest())
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AccordError(f"The contract {path} is not a whole OpenAPI document: {error!r}.", "Check --spec.") from error
    for operation in contract.operations.values():
        # It is appended to the base URL: for `http://host` and `@elsewhere/`, curl would take `elsewhere` for the host.
        if not operation.path.startswith("/"):
            raise AccordError(f"The contract {path} has a path that does not begin with /: {operation.path}.", "Check --spec.")
    return contract


def _operations(document: Mapping[str, Any]) -> list[Operation]:
    return [
        Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            tiers=frozenset(role for choice in operation["security"] for roles in choice.values() for role in roles),
            parameters={
                parameter["name"]: parameter["schema"]
                for parameter in _resolve(document, operation.get("parameters", []))
                if parameter["in"] == "query"
            },
            request=_json_schema(document, operation.get("requestBody", {})),
        )
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def _json_schema(document: Mapping[str, Any], holder: Mapping[str, Any]) -> Schema:
    content = _resolve(document, holder).get("content", {})
    schema: Schema = content.get("application/json", {}).get("schema", {})
    return schema


def _component(document: Mapping[str, Any], name: str) -> Schema:
    schema: Schema = _resolve(document, document["components"]["schemas"][name])
    return schema


def _documented(schema: Schema, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    known = next((one["properties"] for one in (schema, *schema.get("oneOf", ())) if "properties" in one), None)
    if known is None:
        return value
    return {name: _documented(known[name], member) for name, member in value.items() if name in known}


def _of_any_value(schema: Any) -> Any:
    """A schema that asks for the same types and leaves their values open."""
    if isinstance(schema, list):
        return [_of_any_value(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _of_any_value(member) for name, member in schema.items() if name not in _OF_VALUES}


def _is_date_time(text: str) -> bool:
    return moment(text) is not None


def _resolve(document: Mapping[str, Any], node: Any) -> Any:
    """The node with each `$ref` replaced by what it refers to; members beside a `$ref` add to it (OpenAPI 3.1)."""
    if isinstance(node, list):
        return [_resolve(document, element) for element in node]
    if not isinstance(node, dict):
        return node
    beside = {name: _resolve(document, value) for name, value in node.items() if name != "$ref"}
    if "$ref" not in node:
        return beside
    target: Any = document
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return {**_resolve(document, target), **beside}
