"""How deeply JSON values are nested."""

from typing import Any


def depth(value: Any) -> int:
    """How many arrays and objects are within each other."""
    found, level = 0, [value]
    while level:
        found += 1
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += [child for child in item.values() if isinstance(child, dict | list)]
            elif isinstance(item, list):
                inner += [child for child in item if isinstance(child, dict | list)]
        level = inner
    return found
