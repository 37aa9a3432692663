"""Walking over a contract document: references, places, and schemas whose words are checked."""

from collections.abc import Mapping
from typing import Any

from accord.base.errors import AccordError
from mockserver.contract.keywords import check_keywords, check_schema, references_of
from mockserver.contract.schema import Schema, unusable


class Walker:
    """Finds its way in one document. Lives only while it is read."""

    def __init__(self, document: dict[str, Any], source: str) -> None:
        self.document = document
        self.source = source
        self.components: dict[str, Any] = document.get("components", {}).get("schemas", {})
        self.checked: set[str] = set()
        self.schemas: dict[str, Schema] = {}
        self.known: dict[str, Any] = {}
        """Other parts that were read already, by reference: many operations refer to the same ones."""

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

    def media_schema(self, content: Mapping[str, Any], place: str) -> Schema | None:
        """The schema of a body in JSON, or None."""
        media = content.get("application/json")
        return None if media is None else self.media_type(media, place)

    def media_type(self, media: Mapping[str, Any], place: str) -> Schema:
        """The schema of a body in one media type."""
        check_keywords(media, "media", self.place(place))
        return self.schema(media.get("schema", {}), place)

    def schema(self, node: Mapping[str, Any], place: str) -> Schema:
        """Return the schema after checking its keywords. Nodes with the same reference share one schema."""
        reference = str(node["$ref"]) if isinstance(node, Mapping) and [*node] == ["$ref"] else ""
        known = self.schemas.get(reference)
        if known is not None:
            return known
        self.check(node, place)
        try:
            made = Schema(node, self.resolve(node, place), self.components)
        except ValueError as error:
            raise self.error(place, f"has a schema that cannot be used: {str(error).splitlines()[0]}") from error
        if reference:
            self.schemas[reference] = made
        return made

    def check(self, node: Any, place: str) -> None:
        """Check the keywords of a schema and of all schemas that it refers to, each component only once."""
        check_schema(node, self.place(place))
        if wrong := unusable(node):
            raise self.error(".".join((place, *wrong.path)), f"cannot be used: {wrong.message}")
        for reference in references_of(node):
            if reference not in self.checked:
                self.checked.add(reference)
                self.check(self.target(reference, place), str(reference))
