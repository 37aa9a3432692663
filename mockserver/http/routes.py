"""From method and path to a documented operation."""

import re
from collections.abc import Iterable, Mapping

from mockserver.contract.document import Operation

_PARAMETER = re.compile(r"\{(\w+)\}")
# What every id looks like. Anything else in its place may belong to a route that somebody added.
_ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Routes:
    """Matches documented paths that are complete and have a well-formed id. Flask routes all other paths."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._routes: dict[str, list[tuple[re.Pattern[str], Operation]]] = {}
        for operation in operations:
            self._routes.setdefault(operation.method, []).append((_pattern(operation.path), operation))

    def match(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The operation, and the parameters in the path; None if it is none of these."""
        for pattern, operation in self._routes.get(method, ()):
            found = pattern.fullmatch(path)
            if found:
                return operation, found.groupdict()
        return None


def _pattern(path: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(path)
    return re.compile("".join(f"(?P<{part}>{_ID})" if index % 2 else re.escape(part) for index, part in enumerate(parts)))
