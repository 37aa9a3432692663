"""Values of JSON by their place in a document: each is of the type that is asked for, or an error names the place."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from accord.base.errors import AccordError

E = TypeVar("E", bound=StrEnum)


class MalformedError(AccordError):
    """A document is not what it says that it is. `place` says where: `requirements.3.id`, empty for the document as a whole."""

    def __init__(self, place: str) -> None:
        super().__init__(f"It is malformed at {place or 'its top'}.")
        self.place = place


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a document. Every method but `has` raises MalformedError where it is of another type than the name says."""

    found: object
    place: str = ""

    def has(self, name: str) -> bool:
        """Return whether the value is an object that has a member."""
        return isinstance(self.found, dict) and name in self.found

    def member(self, name: str) -> "Value":
        if not isinstance(self.found, dict):
            raise MalformedError(self.place)
        if name not in self.found:
            raise MalformedError(self._below(name))
        return Value(self.found[name], self._below(name))

    def members(self) -> Iterator[tuple[str, "Value"]]:
        """Yield the members of an object, each with its name."""
        if not isinstance(self.found, dict):
            raise MalformedError(self.place)
        yield from ((name, Value(found, self._below(name))) for name, found in self.found.items())

    def items(self) -> Iterator["Value"]:
        if not isinstance(self.found, list):
            raise MalformedError(self.place)
        yield from (Value(found, self._below(str(index))) for index, found in enumerate(self.found))

    def text(self) -> str:
        if not isinstance(self.found, str):
            raise MalformedError(self.place)
        return self.found

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def whole(self) -> int:
        if not isinstance(self.found, int) or isinstance(self.found, bool):
            raise MalformedError(self.place)
        return self.found

    def count(self) -> int:
        """Return a whole number that is not negative."""
        number = self.whole()
        if number < 0:
            raise MalformedError(self.place)
        return number

    def number(self) -> float:
        """Return a number that is not negative, as it stands there: a whole one stays whole."""
        if not isinstance(self.found, int | float) or isinstance(self.found, bool):
            raise MalformedError(self.place)
        if self.found < 0 or not _is_finite(self.found):
            raise MalformedError(self.place)
        return self.found

    def truth(self) -> bool:
        if not isinstance(self.found, bool):
            raise MalformedError(self.place)
        return self.found

    def one_of(self, kind: type[E]) -> E:
        """Return the value of an enumeration that a text stands for."""
        try:
            return kind(self.text())
        except ValueError as error:
            raise MalformedError(self.place) from error

    def among(self, texts: tuple[str, ...]) -> str:
        """Return a text that is one of these."""
        if self.text() not in texts:
            raise MalformedError(self.place)
        return self.text()

    def mapping(self) -> Mapping[str, Any]:
        """Return an object whose members may be anything."""
        if not isinstance(self.found, dict):
            raise MalformedError(self.place)
        return self.found

    def texts_by_name(self) -> Mapping[str, str]:
        return {name: value.text() for name, value in self.members()}

    def _below(self, name: str) -> str:
        return f"{self.place}.{name}" if self.place else name


def _is_finite(number: float) -> bool:
    # An integer of hundreds of digits is none that a float holds.
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
