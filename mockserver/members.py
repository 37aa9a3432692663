"""Reading JSON objects, and files of them, strictly: whatever is wrong is told in one sentence that names the member."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from accord.base.errors import AccordError
from mockserver.yaml_files import line_of, read_yaml

T = TypeVar("T")

Steps = tuple[str | int, ...]

_LONGEST_SHOWN = 60
_LONGEST_NAME = 200


class MemberError(AccordError):
    """A member of a JSON value that cannot be used. `steps` lead to it: names and list indexes, outermost first."""

    def __init__(self, steps: Steps, problem: str, hint: str = "") -> None:
        place = ".".join(map(str, steps))
        super().__init__(f"{f'The member {place}' if place else 'What is given'} {problem}.", hint)
        self.steps = steps
        self.problem = problem


class Members:
    """The members of a JSON object, of which only some are `known`. `steps` lead to the object.

    Raises MemberError, here and in each method, for what is not as it should be.
    """

    def __init__(self, value: Any, known: Collection[str], steps: Steps = ()) -> None:
        if not isinstance(value, Mapping):
            raise MemberError(steps, "is no object", f"Its members may be {', '.join(known)}.")
        self.steps = steps
        self._value = value
        for name in value:
            if name not in known:
                near = get_close_matches(str(name)[:_LONGEST_SHOWN], list(known), n=1)
                hint = f"Did you mean {near[0]}?" if near else f"There may be {', '.join(known)}."
                raise MemberError((*steps, str(name)[:_LONGEST_SHOWN]), "is not known", hint)

    def __contains__(self, name: str) -> bool:
        return name in self._value

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Any:
        return iter(self._value)

    def raw(self, name: str) -> Any:
        """The value of a member as it is; None if it is not there."""
        return self._value.get(name)

    def at(self, name: str) -> Steps:
        """The steps to a member."""
        return (*self.steps, name)

    def wrong(self, name: str, problem: str, hint: str = "") -> MemberError:
        """The error to raise for a member."""
        return MemberError(self.at(name), problem, hint)

    def inner(self, name: str, known: Collection[str]) -> "Members":
        """A member that is an object itself."""
        return Members(self._value[name], known, self.at(name))

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return a member as `read`, a method of this object, reads it; None if it is not there."""
        return read(name) if name in self._value else None

    def text(self, name: str) -> str:
        """A member that is a text, and not empty."""
        value = self._value.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name, "is no text" if value != "" else "is empty")
        return value

    def name(self, name: str) -> str:
        """A member that is a text of up to 200 printable characters."""
        text = self.text(name)
        if len(text) > _LONGEST_NAME or not text.isprintable():
            raise self.wrong(name, f"is no name of up to {_LONGEST_NAME} printable characters")
        return text

    def texts(self, name: str, pattern: re.Pattern[str], example: str) -> frozenset[str]:
        """A member that is a list of texts that match a pattern, such as the example; none if it is not there."""
        value = self._value.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, "is no list", f'For example ["{example}"].')
        for index, one in enumerate(value):
            if not isinstance(one, str) or not pattern.fullmatch(one):
                raise MemberError((*self.at(name), index), "cannot be used", f"For example {example}.")
        return frozenset(value)

    def flag(self, name: str) -> bool:
        """A member that is true or false."""
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "is neither true nor false")
        return value

    def whole(self, name: str, least: int, most: int) -> int:
        """A member that is a whole number in that range."""
        value = self._value.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(name, f"is no whole number from {least} to {most}")
        return value

    def number(self, name: str, above: float, most: float) -> float:
        """A member that is a number above the one and at most the other."""
        return number(self._value.get(name), self.at(name), above, most)

    def one_of(self, name: str, options: Collection[str]) -> str:
        """A member that is one of these texts."""
        value = self._value.get(name)
        if not isinstance(value, str) or value not in options:
            raise self.wrong(name, f"is not one of {', '.join(options)}")
        return value


def read_file(path: Path, what: str, read: Callable[[Any], T]) -> T:
    """Return what `read` makes of the YAML in a file, called a `what`. Raises AccordError, with the line, if it cannot be used."""
    content = read_yaml(path, what)
    try:
        return read(content)
    except MemberError as error:
        line = line_of(path, what, error.steps)
        raise MemberError(error.steps, f"{error.problem} (the {what} {path}, line {line})", error.hint) from error


def number(value: Any, steps: Steps, above: float, most: float) -> float:
    """A number above the one and at most the other. Raises MemberError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not above < value <= most or math.isnan(value):
        raise MemberError(steps, f"is no number above {above:g} and up to {most:g}")
    return float(value)
