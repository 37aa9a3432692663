"""Conversations made from templates, for scenarios that are too large to be written by hand."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accord.errors import AccordError
from mockserver.clock import Times, to_microseconds

_MINUTE = 60_000_000
_WEIGHTED = ("status", "priority", "channel")


def generate(template: Mapping[str, Any], chance: random.Random, path: Path) -> Iterator[Mapping[str, Any]]:
    """Conversations from templates: each in turn, its {words} filled in, dated one after another.

    Raises AccordError, naming the file at `path`, for a template with a word that is not in its list.
    """
    first = to_microseconds(datetime.fromisoformat(template["first_at"]).astimezone(UTC))
    requesters = template.get("requesters") or [None]
    weighted = [
        (name, [*template[name]], [*template[name].values()]) for name in ("status", "priority", "channel") if name in template
    ]
    times = Times(0, "Z")
    for index in range(template["count"]):
        words = {name: chance.choice(choices) for name, choices in template["words"].items()}
        words["n"] = str(1000 + index)
        minutes = template["minutes_between"] * index + chance.randrange(template["minutes_between"])
        try:
            item = _fill(template["templates"][index % len(template["templates"])], words)
        except (KeyError, IndexError, ValueError) as error:
            raise AccordError(f"The scenario {path} has a template with an unknown word {error}.", "List it in words.") from error
        requester = requesters[chance.randrange(len(requesters))]
        if requester is not None:
            item.setdefault("requester", requester)
        if "organisation" in template:
            item.setdefault("organisation", template["organisation"])
        for name, values, weights in weighted:
            item.setdefault(name, chance.choices(values, weights)[0])
        item["created_at"] = times.text(first + minutes * _MINUTE)
        yield item


def _fill(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(words) if "{" in value or "}" in value else value
    if isinstance(value, dict):
        return {name: _fill(member, words) for name, member in value.items()}
    return [_fill(item, words) for item in value] if isinstance(value, list) else value
