"""The responses that a contract document has: statuses, media types, headers and links, each read or refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mockserver.contract.keywords import check_keywords
from mockserver.contract.schema import Schema
from mockserver.contract.walker import Walker

_STATUS = re.compile(r"[1-5](\d\d|XX)|default")


@dataclass(frozen=True, slots=True)
class Header:
    """A header: whether it must be there, and the schema of its value."""

    required: bool
    schema: Schema


@dataclass(frozen=True, slots=True)
class DocumentedResponse:
    """A response as the document has it: the schema of its body by media type, and its headers by name.

    `examples` are those of a body in JSON, in the order of the document: of the body itself, then of its schema.
    """

    media: Mapping[str, Schema]
    headers: Mapping[str, Header]
    examples: tuple[Any, ...]

    @property
    def schema(self) -> Schema | None:
        """The schema of a body in JSON, or None."""
        return self.media.get("application/json")


def read_responses(walker: Walker, nodes: Mapping[Any, Any], place: str) -> Mapping[str, DocumentedResponse]:
    """Read the responses by status (`200`, `4XX`, `default`). Raises AccordError for whatever in them is not understood."""
    found = {}
    for number, node in nodes.items():
        status, where = str(number), f"{place} {number}"
        if status.startswith("x-"):
            continue
        if not _STATUS.fullmatch(status):
            raise walker.error(where, "is no status; write 200, 2XX or default")
        found[status] = _known_response(walker, node, where)
    return MappingProxyType(found)


def _known_response(walker: Walker, node: Mapping[str, Any], place: str) -> DocumentedResponse:
    """The response, read once if it is nothing but a reference: most operations share theirs."""
    reference = str(node["$ref"]) if [*node] == ["$ref"] else ""
    known: DocumentedResponse | None = walker.known.get(reference)
    if known is None:
        known = _response(walker, node, place)
        if reference:
            walker.known[reference] = known
    return known


def _response(walker: Walker, node: Mapping[str, Any], place: str) -> DocumentedResponse:
    node = walker.resolve(node, place)
    check_keywords(node, "response", walker.place(place))
    for name, link in node.get("links", {}).items():
        check_keywords(walker.resolve(link, place), "link", walker.place(f"{place} link {name}"))
    media = {
        name: walker.media_type(media, place if name == "application/json" else f"{place} {name}")
        for name, media in node.get("content", {}).items()
    }
    headers = {name: _header(walker, header, f"{place} header {name}") for name, header in node.get("headers", {}).items()}
    examples = tuple(_examples(walker, node["content"]["application/json"], place)) if "application/json" in media else ()
    return DocumentedResponse(MappingProxyType(media), MappingProxyType(headers), examples)


def _examples(walker: Walker, media: Mapping[str, Any], place: str) -> Iterator[Any]:
    if "example" in media:
        yield media["example"]
    for name, node in media.get("examples", {}).items():
        example = walker.resolve(node, f"{place} example {name}")
        if "value" in example:
            yield example["value"]
    schema = walker.resolve(media.get("schema", {}), place)
    if "example" in schema:
        yield schema["example"]
    yield from schema.get("examples", ())


def _header(walker: Walker, node: Mapping[str, Any], place: str) -> Header:
    header = walker.resolve(node, place)
    check_keywords(header, "header", walker.place(place))
    return Header(bool(header.get("required", False)), walker.schema(header.get("schema", {}), place))
