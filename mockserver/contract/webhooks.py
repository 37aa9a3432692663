"""What a server sends by itself, as the contract document has it: events, their headers and bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mockserver.contract.keywords import check_keywords
from mockserver.contract.responses import DocumentedResponse, Header, read_responses
from mockserver.contract.schema import Schema
from mockserver.contract.walker import Walker

_OTHER_METHODS = frozenset({"get", "put", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that a server sends when something happened: its headers by name, its body, and the responses that it expects."""

    event: str
    headers: Mapping[str, Header]
    body: Schema
    responses: Mapping[str, DocumentedResponse]


def read_webhooks(walker: Walker, nodes: Mapping[str, Any]) -> Mapping[str, Webhook]:
    """Read the webhooks by event. Raises AccordError for whatever in them is not understood."""
    return MappingProxyType({event: _webhook(walker, event, node) for event, node in nodes.items()})


def _webhook(walker: Walker, event: str, item: Mapping[str, Any]) -> Webhook:
    place = f"webhooks {event}"
    check_keywords(item, "path", walker.place(place))
    if "post" not in item or _OTHER_METHODS & item.keys():
        raise walker.error(place, "is not sent by POST alone")
    node = item["post"]
    check_keywords(node, "operation", walker.place(place))
    parameters = [*item.get("parameters", ()), *node.get("parameters", ())]
    headers = dict(_header(walker, parameter, place) for parameter in parameters)
    body = walker.resolve(node.get("requestBody", {}), place)
    check_keywords(body, "body", walker.place(f"{place} requestBody"))
    schema = walker.media_schema(body.get("content", {}), place)
    if schema is None:
        raise walker.error(place, "has no schema for application/json")
    return Webhook(event, MappingProxyType(headers), schema, read_responses(walker, node.get("responses", {}), place))


def _header(walker: Walker, node: Mapping[str, Any], place: str) -> tuple[str, Header]:
    parameter = walker.resolve(node, place)
    where = f"{place} parameter {parameter.get('name', '?')}"
    check_keywords(parameter, "parameter", walker.place(where))
    if parameter.get("in") != "header":
        raise walker.error(where, f"is in {parameter.get('in')!r}, and webhooks have headers only")
    return parameter["name"], Header(bool(parameter.get("required", False)), walker.schema(parameter.get("schema", {}), where))
