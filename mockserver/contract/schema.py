"""One JSON Schema with its prebuilt validator, and what is wrong with a value as a short list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jsonschema_rs


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value breaks the contract.

    `path` leads to the value: member names and list indexes, outermost first; empty for the value as a whole. `keyword` is the
    word of the schema that is broken (`maxLength`), or the choice that refuses it. `message` is a sentence for people.
    """

    path: tuple[str | int, ...]
    keyword: str
    message: str

    @property
    def field(self) -> str:
        """The outermost member at fault, or an empty string where the value as a whole is."""
        return str(self.path[0]) if self.path else ""

    @property
    def place(self) -> str:
        """Where the value is, for people."""
        return ".".join(map(str, self.path)) or "its top"


class Schema:
    """A schema of the contract: what it says at its top level, and its validator.

    `facts` is the schema with its `$ref` merged in, for reading limits and defaults; the validator sees the original.
    """

    __slots__ = ("_validator", "facts")

    def __init__(self, schema: Mapping[str, Any], facts: Mapping[str, Any], components: Mapping[str, Any]) -> None:
        self.facts = facts
        root = {"allOf": [schema], "components": {"schemas": components}}
        self._validator = jsonschema_rs.Draft202012Validator(root, validate_formats=True)

    def violations(self, value: Any) -> list[Violation]:
        """What is wrong with the value; empty if nothing is."""
        try:
            if self._validator.is_valid(value):
                return []
            return [_violation(error) for error in self._validator.iter_errors(value)]
        except ValueError:  # From a file: YAML knows more than JSON does.
            return [Violation((), "type", "This holds a value that JSON does not have.")]


def is_pattern(text: Any) -> bool:
    """Whether that is a regular expression."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text})
    except jsonschema_rs.ValidationError:
        return False
    return True


class Unusable(NamedTuple):
    """Where a schema is invalid, as names of members from the outermost one, and why."""

    path: tuple[str, ...]
    message: str


def unusable(schema: Any) -> Unusable | None:
    """Return why a schema is not valid by itself; None if it can be used. References are not followed."""
    try:
        jsonschema_rs.meta.validate(schema)
    except jsonschema_rs.ValidationError as error:
        return Unusable(tuple(map(str, error.instance_path)), str(error.message))
    return None


def _violation(error: jsonschema_rs.ValidationError) -> Violation:
    path = tuple(error.instance_path)
    keyword = str(error.schema_path[-1])
    kind: Any = error.kind
    if keyword == "required":
        return Violation((*path, kind.property), keyword, "This field is required.")
    return Violation(path, keyword, _sentence(keyword, kind, error))


def _sentence(keyword: str, kind: Any, error: jsonschema_rs.ValidationError) -> str:
    # The library's own messages quote the value, which may be a megabyte.
    if keyword == "maxLength":
        return f"This is longer than {kind.limit} characters."
    if keyword == "minLength":
        return f"This is shorter than {kind.limit} characters."
    if keyword == "maximum":
        return f"This is more than {kind.limit}."
    if keyword == "minimum":
        return f"This is less than {kind.limit}."
    if keyword == "enum":
        return f"This is not one of {', '.join(map(str, kind.options))}."
    if keyword == "type":
        return f"This is not of the type {' or '.join(kind.types)}."
    message = str(error.message)
    return message if len(message) <= 200 else f"This breaks the rule {keyword}."
