"""Conversations made from templates, for scenarios that are too large to be written by hand."""

import random
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from accord.base.errors import AccordError

_MINUTE = 60_000_000
_WEIGHTED = ("status", "priority", "channel")

Fill = Callable[[Mapping[str, str]], Any]


def generate(template: Mapping[str, Any], first: int, chance: random.Random, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Conversations from templates, each with when it was created, in microseconds since 1970: from `first` on, in order.

    Each template takes its turn, its {words} filled in. Raises AccordError, naming the file at `path`, for a template with a word
    that is not in its list.
    """
    between = template["minutes_between"]
    requesters = template.get("requesters")
    draws = [(name, _draw(template[name], chance)) for name in _WEIGHTED if name in template]
    own = {"organisation": template["organisation"]} if "organisation" in template else {}
    fills = [_fill({**own, **item}) for item in template["templates"]]
    for index in range(template["count"]):
        words = {name: chance.choice(choices) for name, choices in template["words"].items()}
        words["n"] = str(1000 + index)
        minutes = between * index + chance.randrange(between)
        try:
            item = fills[index % len(fills)](words)
        except (KeyError, IndexError, ValueError) as error:
            raise AccordError(f"The scenario {path} has a template with an unknown word {error}.", "List it in words.") from error
        if requesters:
            item.setdefault("requester", chance.choice(requesters))
        for name, draw in draws:
            item.setdefault(name, draw())
        yield first + minutes * _MINUTE, item


def _draw(weights: Mapping[str, int], chance: random.Random) -> Callable[[], str]:
    """Return a function that draws a name by its weight, as `chance.choices` does, in a fraction of its time."""
    names, ends = [*weights], [*accumulate(weights.values())]
    return lambda: names[bisect(ends, chance.random() * ends[-1], 0, len(ends) - 1)]


def _fill(value: Any) -> Fill:
    """Return a function that fills in {words}. It is called a million times, so parts without words are found beforehand."""
    if isinstance(value, dict):
        members = [(name, _fill(member)) for name, member in value.items()]
        return lambda words: {name: fill(words) for name, fill in members}
    if isinstance(value, list):
        items = [_fill(item) for item in value]
        return lambda words: [fill(words) for fill in items]
    if isinstance(value, str) and ("{" in value or "}" in value):
        return value.format_map
    return lambda words: value
